/// Sees to it that answers come in time: raises an alarm where they do not, and has fewer events learned while that lasts.
///
/// Every `windowEvents` events the budget's quantile of how long they took in all is looked at.
///
///     beyond the budget                 alarm, once; with thinning one of 2, 4, 8, … 1024 events is learned from now on
///     beyond it by as much as ever      learning is not what takes the time: all are learned again, until the alarm is over
///     below half of it, when thinned    one of half as many; at one of one all are learned again, and the alarm is over
///     within it                         the alarm is over, unless events are skipped
///
/// Between half the budget and the whole nothing changes, so that it does not swing to and fro. Events that are not
/// learned are predicted, scored and watched as ever. Which ones they are depends on the clock: two runs need not be alike.
package struct LatencyWatch {
  package static let windowEvents = 1000
  private static let mostSkipped = 1024

  package var meter: LatencyMeter
  package let budget: LatencyBudget?
  private let thins: Bool
  /// How long the batches since the last look took, and how many events they had. A histogram of thirty thousand buckets
  /// would have to be read and emptied every 1000 events: more than half as much work again as learning them.
  private var window: [(duration: Int, events: Int)] = []
  private var windowCount = 0
  /// How long the events of a window took, some hundred times in a run: where it is told next, and what waits to be written.
  private var nextTold = 0
  private var told: JournalEntry?
  /// Since when answers come too late; nil: they do not.
  package private(set) var lateSince: Int?
  /// Of how many events one is to be learned.
  package private(set) var learnsEvery = 1
  /// Where skipping began, and how many had been skipped before.
  private var thinning: (since: Int, skipped: Int)?
  /// What was found before the first event was skipped; whether skipping turned out to change nothing.
  private var foundUnthinned = 0
  private var thinsInVain = false
  /// From one of how many on it is asked whether that has changed anything, and by which share it must have.
  private static let judgedAt = 4
  private static let leastGain = 0.1
  /// Stretches of events that were thinned, with how many of them were not learned.
  package private(set) var stretches: [(from: Int, to: Int, skipped: Int)] = []

  package init(_ budget: LatencyBudget?, thins: Bool, meter: LatencyMeter) {
    (self.budget, self.thins, self.meter) = (budget, thins, meter)
  }

  /// What came of a look.
  package struct Verdict {
    package let entry: JournalEntry
    /// What was found, in nanoseconds.
    package let found: Int
    package let isOver: Bool
  }

  /// Takes the times of a batch of `events` events, the last of which is event `event` − 1; `skipped` is how many were
  /// not learned so far.
  package mutating func record(
    _ stamps: LatencyMeter.Stamps, events: Int, event: Int, skipped: Int
  ) -> Verdict? {
    meter.record(stamps, events: events)
    window.append((stamps.written - stamps.arrived, events))
    windowCount += events
    guard windowCount >= LatencyWatch.windowEvents else { return nil }
    defer {
      window.removeAll(keepingCapacity: true)
      windowCount = 0
    }
    window.sort { $0.duration < $1.duration }
    if event >= nextTold { tellWindow(event) }
    guard let budget else { return nil }
    let found = quantile(budget.quantile)
    if found > budget.limit { return exceed(found, event, skipped) }
    if learnsEvery > 1 {
      guard found < budget.limit / 2 else { return nil }
      learnsEvery /= 2
      if learnsEvery > 1 { return tell("learning-more", found, event, skipped) }
      endThinning(event, skipped)
      defer { lateSince = nil }
      return tell("over", found, event, skipped)
    }
    guard lateSince != nil else { return nil }
    thinsInVain = false
    defer { lateSince = nil }
    return tell("over", found, event, skipped)
  }

  /// The duration that a share of the sorted window's events does not exceed.
  private func quantile(_ quantile: Double) -> Int {
    let enough = quantile * Double(windowCount)
    var (below, found) = (0.0, 0)
    for batch in window where below < enough {
      below += Double(batch.events)
      found = batch.duration
    }
    return found
  }

  private mutating func exceed(_ found: Int, _ event: Int, _ skipped: Int) -> Verdict? {
    let isNew = lateSince == nil
    if isNew { lateSince = event }
    guard thins, !thinsInVain, learnsEvery < LatencyWatch.mostSkipped else {
      return isNew ? tell("exceeded", found, event, skipped) : nil
    }
    let most = (1 - LatencyWatch.leastGain) * Double(foundUnthinned)
    if learnsEvery == LatencyWatch.judgedAt, Double(found) > most {
      (thinsInVain, learnsEvery) = (true, 1)
      endThinning(event, skipped)
      return tell("thinned-in-vain", found, event, skipped)
    }
    learnsEvery *= 2
    if thinning == nil { (thinning, foundUnthinned) = ((event, skipped), found) }
    return tell(isNew ? "exceeded" : "thinned-more", found, event, skipped)
  }

  private mutating func endThinning(_ event: Int, _ skipped: Int) {
    guard let began = thinning else { return }
    stretches.append((began.since, event, skipped - began.skipped))
    thinning = nil
  }

  private mutating func tellWindow(_ event: Int) {
    nextTold = max(event + LatencyWatch.windowEvents, event + event / 50)
    let quantiles = LatencyMeter.quantiles.map { name, share in
      (name, JSONValue.double(Double(quantile(share)) / 1e6))
    }
    told = JournalEntry(
      event: event, kind: "latency",
      [("state", .string("window")), ("events", .int(windowCount)), ("unit", .string("ms"))]
        + quantiles)
  }

  /// What is to be told of a window, once.
  package mutating func takeTold() -> JournalEntry? { told.take() }

  /// How long events took in the whole run, stage by stage.
  package func whole(event: Int) -> JournalEntry {
    guard case .object(let members) = meter.json else {
      return JournalEntry(event: event, kind: "latency", [])
    }
    return JournalEntry(
      event: event, kind: "latency",
      [("state", .string("whole"))] + members.map { ($0.key, $0.value) })
  }

  /// The stream is over: what is still to be told of it.
  package mutating func finish(event: Int, skipped: Int) -> JournalEntry? {
    guard thinning != nil else { return nil }
    endThinning(event, skipped)
    return entry("ended", nil, event)
  }

  private func tell(_ state: String, _ found: Int, _ event: Int, _ skipped: Int) -> Verdict {
    Verdict(entry: entry(state, found, event), found: found, isOver: state == "over")
  }

  private func entry(_ state: String, _ found: Int?, _ event: Int) -> JournalEntry {
    var members: [(String, JSONValue)] = [("state", .string(state))]
    if let budget { members.append(("budget", .string(budget.text))) }
    if let found { members.append(("found", .double(Double(found) / 1e6))) }
    if let lateSince { members.append(("since", .int(lateSince))) }
    members.append(("learnsEvery", .int(learnsEvery)))
    if ["over", "ended", "thinned-in-vain"].contains(state), let last = stretches.last,
      last.to == event
    {
      members += [
        ("thinnedFrom", .int(last.from)), ("thinnedTo", .int(last.to)),
        ("skipped", .int(last.skipped)),
      ]
    }
    return JournalEntry(event: event, kind: "latency", members)
  }

  package var json: JSONValue {
    guard case .object(let members) = meter.json else { return .null }
    var all = members.map { ($0.key, $0.value) }
    if let budget {
      all.append(("budget", .string(budget.text)))
      all.append(("exceeded", .bool(lateSince != nil)))
    }
    if thins {
      all.append(
        (
          "thinned",
          .array(
            stretches.map {
              .members([
                ("from", .int($0.from)), ("to", .int($0.to)), ("skipped", .int($0.skipped)),
              ])
            })
        ))
    }
    return .members(all)
  }
}
