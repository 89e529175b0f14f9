import Comparisons
import Telemetry

/// What there is between groups, looked at while the stream goes on.
extension GroupAccounts {
  /// The risk of one interval of the group at a place in the order of appearance.
  func share(_ place: Int) -> Double {
    let k = Double(place)
    return options.risk / Double(options.columns.count * quantities.count) / ((k + 1) * (k + 2))
  }

  /// The groups of a column that are told of by themselves.
  func large(_ column: Int) -> [Int] {
    tallies[column].indices.filter { tallies[column][$0].rates.rows >= options.leastRows }
  }

  /// The interval of a quantity of a group.
  func interval(_ column: Int, _ quantity: Int, _ group: Int) -> ClosedRange<Double> {
    tallies[column][group].means[quantity].interval(risk: share(group))
  }

  /// The difference of two groups' means; nil where one has none.
  func gap(_ column: Int, _ quantity: Int, _ high: Int, _ low: Int) -> Double? {
    guard let above = tallies[column][high].means[quantity].mean,
      let below = tallies[column][low].means[quantity].mean
    else { return nil }
    return above - below
  }

  /// Looks at the gaps, if it is time: a sixteenth more rows change an interval little, so that looks become rarer. Of
  /// the pairs whose interval leaves out 0 for the first time the journal is told of the one that leaves it out by most.
  mutating func look(event: Int, reactEvery: Int) -> [JournalEntry] {
    guard event >= nextLook else { return [] }
    nextLook = event + max(reactEvery, event / 16)
    var entries: [JournalEntry] = []
    for column in tallies.indices {
      let groups = large(column)
      guard groups.count > 1 else { continue }
      for quantity in quantities.indices {
        let intervals = groups.map { interval(column, quantity, $0) }
        var (fresh, widest) = (0, (distance: 0.0, high: 0, low: 0))
        for (i, high) in groups.enumerated() {
          for (j, low) in groups.enumerated() {
            let distance = intervals[i].lowerBound - intervals[j].upperBound
            let pair = Found(column: column, quantity: quantity, high: high, low: low)
            guard distance > 0, found[pair] == nil else { continue }
            found[pair] = event
            fresh += 1
            if distance > widest.distance { widest = (distance, i, j) }
          }
        }
        guard fresh > 0 else { continue }
        let (i, j) = (widest.high, widest.low)
        entries.append(
          entry(
            event, column, quantity, groups[i], groups[j], intervals[i], intervals[j],
            others: fresh - 1))
      }
    }
    return entries
  }

  private func entry(
    _ event: Int, _ column: Int, _ quantity: Int, _ high: Int, _ low: Int,
    _ above: ClosedRange<Double>, _ below: ClosedRange<Double>, others: Int
  ) -> JournalEntry {
    JournalEntry(
      event: event, kind: "group-gap",
      [
        ("column", .string(options.columns[column])),
        ("quantity", .string(quantities[quantity].rawValue)),
        ("high", .string(names[column][high])), ("low", .string(names[column][low])),
        ("gap", .number(gap(column, quantity, high, low))),
        (
          "interval",
          .array([
            .double(above.lowerBound - below.upperBound),
            .double(above.upperBound - below.lowerBound),
          ])
        ),
        ("rows", .array([high, low].map { .int(tallies[column][$0].means[quantity].count) })),
        ("otherPairs", .int(others)), ("risk", .double(options.risk)),
      ])
  }

  /// Whether the journal is to be told of all groups at `event`.
  mutating func isToTell(event: Int) -> Bool {
    guard let every = options.every, event >= nextTelling else { return false }
    nextTelling += every * ((event - nextTelling) / every + 1)
    return true
  }
}
