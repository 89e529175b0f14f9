import Batches
import Catalogues
import Scores
package import Telemetry

extension EngineOptions {
  /// The roles of those that are not served at first, challengers before shadows.
  var rivals: [Contestant.Role] {
    challengers.map { _ in .challenger } + shadows.map { _ in .shadow }
  }
}

extension Engine {
  /// Has every model take rows, and the served one's go into the record.
  mutating func take(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    guard contest != nil else {
      for index in runners.indices { runners[index].take(batch, rows, firstEvent: events) }
      return
    }
    let before = ServedRecord.Before(runners[served])
    for index in runners.indices { runners[index].take(batch, rows, firstEvent: events) }
    score(firstEvent: events, served, before)
  }

  /// Keeps what the served model said of rows of the batch.
  mutating func keepAnswers(_ rows: Range<Int>) {
    guard var contest = contest.take() else { return }
    contest.record.take(runners[contest.served], rows)
    self.contest = contest
  }

  /// Has `body` learn the row of an event whose label is here, and what was served of it go into the record.
  mutating func scored(_ event: Int, _ body: (inout Engine) -> Void) {
    guard let server = contest?.server(of: event) else { return body(&self) }
    let before = ServedRecord.Before(runners[server])
    body(&self)
    score(firstEvent: event, server, before)
  }

  private mutating func score(firstEvent: Int, _ server: Int, _ before: ServedRecord.Before) {
    // Taken out, so that neither is copied while the other is read.
    guard var contest = contest.take() else { return }
    contest.record.score(runners[server], firstEvent: firstEvent, before: before)
    contest.compare(runners, first: firstEvent)
    self.contest = contest
  }

  /// Lends the numbers of versions, which are those of the run, to a model while it may make some.
  mutating func lendVersions(to index: Int) { runners[index].nextVersion = nextVersion }
  mutating func takeVersions(from index: Int) { nextVersion = runners[index].nextVersion }

  // MARK: - At fixed positions

  /// Promotes, takes back, ends what has come to its end, and has drifts answered by fresh challengers.
  mutating func settleContest() {
    while let decision = contest?.decision(event: events) {
      switch decision {
      case .promote(let place): promote(place)
      case .retire(let place): retire(place)
      case .tell(let place):
        contest?.markTold(place: place)
        tell(place, "shadow-better")
      }
    }
    let reason = runners[served].challenge
    for index in runners.indices { runners[index].challenge = nil }
    if let reason { startChallenger(reason) }
  }

  private mutating func promote(_ place: Int) {
    guard var contest = contest.take() else { return }
    let contestant = contest.contestants[place]
    let evidence = contest.evidence(contestant)
    let (old, new) = (contest.served, contestant.runner)
    runners[new].screen = runners[old].screen.take()
    contest.record.change(from: runners[old], to: runners[new])
    let isRollback = contest.promote(place: place, event: events)
    frozen?.removeCopies()
    // Whoever begins to be served is a version of its own: a prediction's version tells of its reign too.
    lendVersions(to: new)
    runners[new].makeVersion()
    takeVersions(from: new)
    let entry = JournalEntry(
      event: events, kind: isRollback ? "rollback" : "promotion",
      [
        ("from", .string(runners[old].name)), ("to", .string(runners[new].name)),
        ("fromVersion", .int(runners[old].version)), ("toVersion", .int(runners[new].version)),
      ] + evidence)
    add(entry)
    contest.record.add(entry)
    self.contest = contest
  }

  private mutating func retire(_ place: Int) {
    tell(place, "challenger-ended")
    guard let gone = contest?.retire(place: place) else { return }
    takeEntries(of: gone)
    runners.remove(at: gone)
  }

  /// A fresh start of the served model begins beside it, unless one is under way. It is compared once it has had as many
  /// rows as a retraining waits for.
  private mutating func startChallenger(_ reason: String) {
    guard contest?.hasTemporary == false else { return }
    let model = runners[served].specification
    guard (try? addRunner(model, born: events)) != nil else { return }
    // At a position at which every batch is cut.
    let every = options.reactEvery
    let grace = options.leastRows + options.labelDelay + every
    let since = events + (grace + every - 1) / every * every
    contest?.add(
      .challenger, runner: runners.count - 1, since: since,
      until: since + max(options.contestEvents, options.labelDelay))
    let entry = JournalEntry(
      event: events, kind: "challenger-started",
      [
        ("model", .string(runners[runners.count - 1].name)), ("reason", .string(reason)),
        ("version", .int(runners[runners.count - 1].version)), ("since", .int(since)),
      ])
    add(entry)
    contest?.record.add(entry)
  }

  /// At the end: what every comparison that is still under way has come to.
  mutating func tellContest() {
    guard let count = contest?.contestants.count else { return }
    for place in 0..<count { tell(place, "comparison") }
  }

  private mutating func tell(_ place: Int, _ kind: String) {
    guard let contest else { return }
    let contestant = contest.contestants[place]
    add(
      JournalEntry(
        event: events, kind: kind,
        [
          ("model", .string(runners[contestant.runner].name)),
          ("role", .string(contestant.role.name)),
          ("served", .string(runners[served].name)),
        ] + contest.evidence(contestant)))
  }

  /// What every comparison has come to so far, for the summary.
  package var comparisons: [JSONValue] {
    guard let contest else { return [] }
    return contest.contestants.map { contestant in
      .members(
        [
          ("model", .string(runners[contestant.runner].name)),
          ("role", .string(contestant.role.name)),
        ] + contest.evidence(contestant))
    }
  }

  /// The name of the model that is served, where there is a contest.
  package var servedName: String? { contest.map { runners[$0.served].name } }
}
