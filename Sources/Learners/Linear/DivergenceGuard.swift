import Snapshots

/// Keeps a rate that is too large from ruining the weights.
///
/// A row trips the guard when its linear predictor is not finite or its error is more than a hundred
/// times the largest label seen (for classes: log-odds beyond ±1e4). The weights then go back to a
/// copy at most 256 rows old, taken when nothing had tripped since the copy before, and the rate is
/// halved. Cost: two comparisons a row and one copy in 256.
struct DivergenceGuard: Sendable {
  private static let interval = 256

  private let isClassification: Bool
  private var largestLabel = 1.0
  private var safe: [Double] = []
  private var rowsSinceCopy = 0
  private(set) var notices: [LearnerNotice] = []
  /// How often the guard has tripped.
  private(set) var trips = 0

  init(isClassification: Bool) { self.isClassification = isClassification }

  /// Whether a row whose predictor is z and whose label is y shows that the weights are running off.
  @inline(__always)
  mutating func trips(_ z: Double, _ y: Double) -> Bool {
    let bound = bound(y)
    return !(abs(isClassification ? z : z - y) < bound)
  }

  /// How far a predictor may be from 0, or for numbers from the label y.
  @inline(__always)
  mutating func bound(_ y: Double) -> Double {
    if isClassification { return 1e4 }
    if y == y { largestLabel = max(largestLabel, abs(y)) }
    return 100 * largestLabel
  }

  /// Called after each row that did not trip.
  @inline(__always)
  mutating func keep(_ weights: UnsafeBufferPointer<Double>) {
    rowsSinceCopy += 1
    if rowsSinceCopy == DivergenceGuard.interval { copy(weights) }
  }

  /// The same for a block of rows. Copies are made only where `isAligned`, so that they do not depend on
  /// how a stream was cut into blocks.
  mutating func keep(_ weights: UnsafeBufferPointer<Double>, rows: Int, isAligned: Bool) {
    rowsSinceCopy += rows
    if rowsSinceCopy >= DivergenceGuard.interval, isAligned { copy(weights) }
  }

  private mutating func copy(_ weights: UnsafeBufferPointer<Double>) {
    rowsSinceCopy = 0
    if safe.count != weights.count {
      safe = Array(weights)
    } else {
      for j in weights.indices { safe[j] = weights[j] }
    }
  }

  /// Puts the safe weights back; weights that are newer than the copy become 0.
  mutating func recover(
    _ weights: UnsafeMutableBufferPointer<Double>, learned: Int, from rate: Double,
    to slower: Double
  ) {
    for j in weights.indices { weights[j] = j < safe.count ? safe[j] : 0 }
    rowsSinceCopy = 0
    trips += 1
    notices.append(
      LearnerNotice(
        kind: "rate-lowered",
        text: "the weights were running off: back to the last safe ones, rate \(rate) → \(slower)",
        learned: learned))
  }

  mutating func takeNotices() -> [LearnerNotice] {
    defer { notices.removeAll() }
    return notices
  }

  /// Takes weights that come from elsewhere (a refit) as safe.
  mutating func trust(_ weights: [Double]) {
    safe = weights
    rowsSinceCopy = 0
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(largestLabel)
    writer.write(safe)
    writer.write(rowsSinceCopy)
    writer.write(trips)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    largestLabel = try reader.readDouble()
    safe = try reader.readDoubles()
    rowsSinceCopy = try reader.readInt()
    trips = try reader.readInt()
  }
}
