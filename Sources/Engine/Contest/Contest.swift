import Batches
import Catalogues
import Comparisons
import Glibc
import Telemetry

/// Who is served, and who would rather be: champion, challengers and shadows on the same events.
///
/// Each contestant is compared with the served model by a `PairedTest` of its own, from labelled events alone. At the
/// multiples of `reactEvery` events the challenger with the most evidence is promoted, if it has enough: an e-value
/// of at least k/risk, k challengers sharing the risk, on `leastRows` events at least, so that a few that are unlike the rest
/// decide nothing. From there on it is served, what it replaced is a challenger, and all
/// tests begin anew; if the one that was replaced proves better on what follows, it is served again.
///
/// The risk is that of a wrong promotion between one promotion and the next, and for one challenger that a drift started:
/// of so many starts each has its own.
struct Contest {
  private let options: EngineOptions
  private let testName: String
  /// The place among the runners of the one that is served.
  var served = 0
  var contestants: [Contestant] = []
  /// The one that the last promotion replaced.
  var replaced: Int?
  /// Who was served from which event on, as far as labels may still come.
  var reigns: [(from: Int, runner: Int)] = [(0, 0)]
  var record: ServedRecord
  private var scratch: [Double] = []

  /// What came of a look at the tests.
  enum Decision {
    case promote(place: Int)
    case retire(place: Int)
    case tell(place: Int)
  }

  init(_ options: EngineOptions, _ task: Task) throws(SpecificationError) {
    self.options = options
    record = ServedRecord(options, task)
    testName = options.promoteTest ?? Contest.usualTest(task)
    _ = try Catalogue.pairedTests.make(testName, ())
  }

  /// The log loss of a rare class is small nearly always and large now and then: a clip that numbers are well served by would
  /// take what is large for less than it is (on the fraud sample a naive Bayes model nine times worse was promoted).
  static func usualTest(_ task: Task) -> String {
    task == .regression ? "betting" : "betting:clip=20"
  }

  /// Challengers that share the risk.
  private var sharers: Int {
    max(1, options.challengers.count + (options.reaction == .challenger ? 1 : 0))
  }
  /// The risk of one challenger.
  private var share: Double { options.promoteRisk / Double(sharers) }

  func test() -> any PairedTest {
    guard let test = try? Catalogue.pairedTests.make(testName, ()) else {
      preconditionFailure("\(testName) was made once")
    }
    return test
  }

  /// A contestant joins; its events count from `since` on.
  mutating func add(_ role: Contestant.Role, runner: Int, since: Int, until: Int? = nil) {
    contestants.append(
      Contestant(role, runner: runner, since: since, until: until, test: test()))
  }

  /// Whether a challenger that a drift started is under way.
  var hasTemporary: Bool { contestants.contains { $0.until != nil } }

  /// What is to be told of the model at a place among the runners.
  func role(of runner: Int) -> String {
    if runner == served { return "served" }
    return contestants.first { $0.runner == runner }?.role.name ?? "beside"
  }

  /// The place of the one that was served at an event.
  func server(of event: Int) -> Int { reigns.last { $0.from <= event }?.runner ?? served }

  // MARK: - Comparing

  /// Takes what rows from event `first` on cost whose labels are here; of each runner its outcomes of them.
  mutating func compare(_ runners: borrowing [ModelRunner], first: Int) {
    let outcomes = runners[served].outcomes.outcomes
    for index in contestants.indices where first >= contestants[index].since {
      contestants[index].observe(
        served: outcomes, own: runners[contestants[index].runner].outcomes.outcomes,
        scratch: &scratch)
    }
  }

  // MARK: - Deciding

  /// What is to be done at event `event`, the most convincing challenger first; nil: nothing more.
  func decision(event: Int) -> Decision? {
    let enough = -log(share)
    var best: (place: Int, evidence: Double)?
    for (place, contestant) in contestants.enumerated() {
      let evidence = contestant.test.logEvidenceForBetter
      guard evidence >= enough, contestant.count >= options.leastRows else { continue }
      if contestant.role == .shadow {
        if !contestant.isTold { return .tell(place: place) }
      } else if best.map({ evidence > $0.evidence }) ?? true {
        best = (place, evidence)
      }
    }
    if let best { return .promote(place: best.place) }
    return contestants.firstIndex { $0.until.map { event >= $0 } ?? false }
      .map { .retire(place: $0) }
  }

  /// Serves a contestant from event `event` on; whether that takes the last promotion back.
  mutating func promote(place: Int, event: Int) -> Bool {
    let winner = contestants.remove(at: place)
    let isRollback = winner.runner == replaced
    replaced = isRollback ? nil : served
    let old = served
    served = winner.runner
    reigns.append((event, served))
    // Rows that wait for their labels were served by others.
    let oldest = event - (options.hasLateLabels ? options.mostWaiting : 0)
    while reigns.count > 1, reigns[1].from <= oldest { reigns.removeFirst() }
    contestants = contestants.map {
      Contestant(
        $0.role, runner: $0.runner, since: max(event, $0.since), until: $0.until, test: test())
    }
    // What a drift started is between two; the loser gives up in the end.
    let until = winner.until.map { _ in event + max(options.contestEvents, options.labelDelay) }
    add(.challenger, runner: old, since: event, until: until)
    return isRollback
  }

  /// A contestant leaves, and with it its runner: those behind it move up.
  mutating func retire(place: Int) -> Int {
    let gone = contestants.remove(at: place).runner
    if replaced == gone { replaced = nil }
    func moved(_ runner: Int) -> Int { runner > gone ? runner - 1 : runner }
    served = moved(served)
    replaced = replaced.map(moved)
    for index in contestants.indices {
      contestants[index].runner = moved(contestants[index].runner)
    }
    reigns = reigns.filter { $0.runner != gone }.map { ($0.from, moved($0.runner)) }
    return gone
  }

  mutating func markTold(place: Int) { contestants[place].isTold = true }

  /// What a comparison came to, as the journal has it.
  func evidence(_ contestant: Contestant) -> [(String, JSONValue)] {
    let (test, events) = (contestant.test, Double(contestant.count))
    let bounds = test.bounds(risk: share)
    return [
      ("since", .int(contestant.since)), ("events", .int(contestant.count)),
      ("lossServed", .number(contestant.servedLoss / events)),
      ("lossChallenger", .number(contestant.ownLoss / events)),
      ("meanDifference", .number(test.mean)),
      (
        "interval",
        bounds.map { .array([.number($0.lowerBound), .number($0.upperBound)]) } ?? .null
      ),
      ("eValue", .number(min(exp(test.logEvidenceForBetter), 1e300))),
      ("eValueAgainst", .number(min(exp(test.logEvidenceForWorse), 1e300))),
      ("risk", .number(share)), ("test", .string(testName)),
    ]
  }
}
