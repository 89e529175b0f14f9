import Batches
import Comparisons
import Scores
package import Telemetry

/// How each group of a column fares, and the widest gap of each quantity.
package struct GroupReport: Sendable {
  /// One group, or several small ones together.
  package struct Group: Sendable {
    package let name: String
    /// Labelled rows over the whole stream, and in the window.
    package let rows: Int
    package let windowRows: Int
    package let scores: [(name: String, all: Double?, window: Double?)]
    package let rates: [(name: String, all: Double?, window: Double?)]
    /// How many groups they are, where they are small ones.
    package let members: Int
  }

  /// Between the group that has most of a quantity and the one that has least.
  package struct Gap: Sendable {
    package let quantity: String
    package let high: String
    package let low: String
    package let difference: Double
    /// All intervals of a run hold at all times together but for the risk.
    package let interval: ClosedRange<Double>
    /// The event at which it was first seen that these two differ.
    package let seenAt: Int?
    /// The largest value that counts as it is, where that is bounded by a cap.
    package let cap: Double?
  }

  package let column: String
  package let groups: [Group]
  package let gaps: [Gap]
  package let risk: Double
  package let leastRows: Int

  package var json: JSONValue {
    func values(_ list: [(name: String, all: Double?, window: Double?)]) -> JSONValue {
      .members(
        list.map { value in
          (
            value.name,
            .members([("all", .number(value.all)), ("window", .number(value.window))])
          )
        })
    }
    return .members([
      (
        "groups",
        .array(
          groups.map { group in
            .members(
              [
                ("group", .string(group.name)), ("rows", .int(group.rows)),
                ("windowRows", .int(group.windowRows)),
              ] + (group.members > 0 ? [("members", .int(group.members))] : []) + [
                ("metrics", values(group.scores)), ("rates", values(group.rates)),
              ])
          })
      ),
      (
        "gaps",
        .array(
          gaps.map { gap in
            .members(
              [
                ("quantity", .string(gap.quantity)), ("high", .string(gap.high)),
                ("low", .string(gap.low)), ("gap", .double(gap.difference)),
                (
                  "interval",
                  .array([.double(gap.interval.lowerBound), .double(gap.interval.upperBound)])
                ),
                ("seenAt", gap.seenAt.map { .int($0) } ?? .null),
              ] + (gap.cap.map { [("cap", .double($0))] } ?? []))
          })
      ),
      ("risk", .double(risk)), ("leastRows", .int(leastRows)),
    ])
  }
}

extension GroupAccounts {
  /// What there is to say of a column now.
  func report(_ column: Int) -> GroupReport {
    let windows = windows(column)
    var groups: [GroupReport.Group] = []
    var (small, smallWindow, members) = (
      GroupTally(task, [], cap: cap), [Outcome](), 0
    )
    for (place, tally) in tallies[column].enumerated() where tally.rates.rows > 0 {
      if tally.rates.rows >= options.leastRows {
        groups.append(group(names[column][place], tally, windows[place]))
      } else {
        small.board.merge(tally.board)
        small.rates.merge(tally.rates)
        smallWindow += windows[place]
        members += 1
      }
    }
    if members > 0 { groups.append(group("(small groups)", small, smallWindow, members: members)) }
    return GroupReport(
      column: options.columns[column], groups: groups,
      gaps: quantities.indices.compactMap { gap(column, $0) }, risk: options.risk,
      leastRows: options.leastRows)
  }

  private func group(
    _ name: String, _ tally: GroupTally, _ window: [Outcome], members: Int = 0
  ) -> GroupReport.Group {
    var fresh = GroupTally(task, [], cap: cap)
    for k in window.indices {
      fresh.observe(
        window[k], one: window[k...k], [], task, threshold: options.threshold, hasCap: true)
    }
    let rates = fresh.rates.named(task)
    return GroupReport.Group(
      name: name, rows: tally.rates.rows, windowRows: window.count,
      scores: tally.board.names.map { score in
        (score, tally.board.overall(score), fresh.board.overall(score))
      },
      rates: tally.rates.named(task).enumerated().map { place, rate in
        (rate.name, rate.value, rates[place].value)
      }, members: members)
  }

  private func gap(_ column: Int, _ quantity: Int) -> GroupReport.Gap? {
    let known = large(column).compactMap { group in
      tallies[column][group].means[quantity].mean.map { (group: group, mean: $0) }
    }
    guard known.count > 1, let high = known.max(by: { $0.mean < $1.mean }),
      let low = known.min(by: { $0.mean < $1.mean }), high.group != low.group
    else { return nil }
    let (above, below) = (
      interval(column, quantity, high.group), interval(column, quantity, low.group)
    )
    let pair = Found(column: column, quantity: quantity, high: high.group, low: low.group)
    return GroupReport.Gap(
      quantity: quantities[quantity].rawValue, high: names[column][high.group],
      low: names[column][low.group], difference: high.mean - low.mean,
      interval: above.lowerBound - below.upperBound...above.upperBound - below.lowerBound,
      seenAt: found[pair], cap: quantities[quantity].isCapped ? cap : nil)
  }

  /// The window's outcomes of each group of a column.
  private func windows(_ column: Int) -> [[Outcome]] {
    var windows = [[Outcome]](repeating: [], count: tallies[column].count)
    for place in 0..<recent.count {
      let row = (next + place) % recent.count
      let level = Int(recentLevels[row * options.columns.count + column])
      if windows.indices.contains(level) { windows[level].append(recent[row]) }
    }
    return windows
  }
}
