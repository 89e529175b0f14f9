import Batches
import Snapshots

/// Keeps a rate that is too large from ruining the weights.
///
/// A row trips the guard when its linear predictor is not finite or its error is more than a hundred
/// times the largest label seen (for classes: log-odds beyond ±1e4). The weights then go back to what they
/// were at most 256 rows ago, when nothing had tripped since the time before, and the rate is halved.
///
/// Of weights that every step may move a copy is kept. Where a step moves, of the weights behind the dense ones,
/// only those of the row's own features, what these were is written down instead: there may be 2^18 of them, and to
/// copy those took three times as long as learning 256 rows of 40.
///
/// Cost: two comparisons a row, two stores a sparse feature, and one copy of the dense weights in 256 rows.
struct DivergenceGuard: Sendable {
  private static let interval = 256

  private let isClassification: Bool
  /// The weights of which a copy is kept, where that is not all of them.
  private let denseCount: Int
  private let movesAll: Bool
  private var largestLabel = 1.0
  /// The copy: of the dense weights, or of all.
  private var safe: [Double] = []
  /// Whether it is of all, until the next one is made.
  private var isWhole: Bool
  /// Which other weights have moved since, and what they were before, in that order; `moved` of them.
  private var places: [Int32] = []
  private var before: [Double] = []
  private var moved = 0
  private var rowsSinceCopy = 0
  private(set) var notices: [LearnerNotice] = []
  /// How often the guard has tripped.
  private(set) var trips = 0

  /// `movesAll`: whether a step may move weights that are neither dense nor the row's own.
  init(isClassification: Bool, layout: LinearLayout, movesAll: Bool) {
    self.isClassification = isClassification
    denseCount = layout.denseCount
    self.movesAll = movesAll
    isWhole = movesAll
  }

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

  /// Called before the weights of a row's sparse features move.
  @inline(__always)
  mutating func note(_ row: SparseRow, _ weights: UnsafeBufferPointer<Double>) {
    guard row.count > 0, !isWhole else { return }
    if moved + row.count > places.count { makeRoom(row.count, weights) }
    guard !isWhole else { return }
    let (denseCount, moved) = (denseCount, moved)
    places.withUnsafeMutableBufferPointer { places in
      before.withUnsafeMutableBufferPointer { before in
        for k in 0..<row.count {
          let place = denseCount &+ Int(row.indices[k])
          places[moved &+ k] = Int32(truncatingIfNeeded: place)
          before[moved &+ k] = weights[place]
        }
      }
    }
    self.moved = moved + row.count
  }

  /// Takes memory for what a row moves; where that would be more than a copy of all weights, makes this copy.
  private mutating func makeRoom(_ count: Int, _ weights: UnsafeBufferPointer<Double>) {
    guard moved + count <= max(weights.count, 1 << 16) else {
      let dense = safe
      safe = Array(weights)
      for j in 0..<denseCount { safe[j] = j < dense.count ? dense[j] : 0 }
      for k in (0..<moved).reversed() { safe[Int(places[k])] = before[k] }
      isWhole = true
      moved = 0
      return
    }
    let room = max(1024, 2 * places.count, moved + count)
    places.append(contentsOf: repeatElement(0, count: room - places.count))
    before.append(contentsOf: repeatElement(0, count: room - before.count))
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
    moved = 0
    isWhole = movesAll
    let kept = isWhole ? weights[...] : weights[..<denseCount]
    if safe.count != kept.count {
      safe = Array(kept)
    } else {
      for j in kept.indices { safe[j] = kept[j] }
    }
  }

  /// Puts the safe weights back; weights that are newer than the copy become 0.
  mutating func recover(
    _ weights: UnsafeMutableBufferPointer<Double>, learned: Int, from rate: Double,
    to slower: Double
  ) {
    for k in (0..<moved).reversed() { weights[Int(places[k])] = before[k] }
    for j in 0..<(isWhole ? weights.count : denseCount) {
      weights[j] = j < safe.count ? safe[j] : 0
    }
    copy(UnsafeBufferPointer(weights))
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
  mutating func trust(_ weights: [Double]) { weights.withUnsafeBufferPointer { copy($0) } }

  func write(to writer: inout SnapshotWriter) {
    writer.write(largestLabel)
    writer.write(safe)
    writer.write(isWhole)
    writer.write(places[..<moved].map { Int($0) })
    writer.write(Array(before[..<moved]))
    writer.write(rowsSinceCopy)
    writer.write(trips)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    largestLabel = try reader.readDouble()
    safe = try reader.readDoubles()
    isWhole = try reader.readBool()
    places = try reader.readInts().map { Int32(truncatingIfNeeded: $0) }
    before = try reader.readDoubles()
    moved = places.count
    guard before.count == moved, places.allSatisfy({ $0 >= denseCount }) else { throw .corrupt }
    rowsSinceCopy = try reader.readInt()
    trips = try reader.readInt()
  }
}
