package import Batches

/// How labels that come later than their rows, in any order, are joined to them by id.
package struct LateLabelOptions: Sendable, Equatable {
  /// Rows that may wait at the same time; one more, and the oldest expires. As many ids of rows that were
  /// learned or have expired are remembered.
  package var waitRows = 100_000
  /// How long a row waits, in events or in event time; nil: until there is no room for it.
  package var timeToLive: StreamInterval?
  /// The column of a second stream of labels that says before which event a label arrives; nil: none does.
  package var arrival: String?

  package init() {}
}

/// What became of rows and labels that are joined by id. Rows = atOnce + joined + expired + waiting.
package struct JoinCounts: Sendable, Equatable {
  /// Events: rows that were predicted.
  package var rows = 0
  /// Rows that had their label with them.
  package var atOnce = 0
  /// Rows whose label came later and in time.
  package var joined = 0
  /// Rows that were given up before any label came.
  package var expired = 0
  /// Rows whose label may still come.
  package var waiting = 0
  /// Labels for an id that no row has had, as far as that is remembered.
  package var unmatched = 0
  /// Labels for a row that had expired.
  package var afterExpiry = 0
  /// Labels for a row that had been learned.
  package var duplicates = 0
  /// Rows without a label whose id an earlier row has had.
  package var repeatedRows = 0
  /// Events between a row and its label, summed over the rows whose label came later.
  package var delaySum = 0
  /// The longest of them.
  package var longestDelay = 0

  package init() {}

  /// Events between a row and its label in the mean; nil when none came later.
  package var meanDelay: Double? { joined > 0 ? Double(delaySum) / Double(joined) : nil }

  /// Every count, in one order.
  var numbers: [Int] {
    [
      rows, atOnce, joined, expired, waiting, unmatched, afterExpiry, duplicates, repeatedRows,
      delaySum, longestDelay,
    ]
  }

  /// The counts that `numbers` were; nil for any other numbers.
  init?(_ n: [Int]) {
    guard n.count == 11, n.allSatisfy({ $0 >= 0 }) else { return nil }
    (rows, atOnce, joined, expired, waiting) = (n[0], n[1], n[2], n[3], n[4])
    (unmatched, afterExpiry, duplicates, repeatedRows) = (n[5], n[6], n[7], n[8])
    (delaySum, longestDelay) = (n[9], n[10])
  }
}
