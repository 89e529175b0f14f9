package import Batches
import Kernels
package import Snapshots

/// Rows of a stream, for looking back at: the latest ones, and a sample of those before, each as likely to be in it
/// as any other (Vitter, Random sampling with a reservoir, ACM TOMS 11 (1985), algorithm R).
///
/// Of each row: its event number, its dense features and which of them were missing, one level of each family of
/// plain categories, and what it cost. Memory is taken once: some 8 MB at most, so that wide rows are fewer, but 64 of
/// each kind however wide they are.
package struct RowMemory: Snapshotted {
  /// Latest rows that are kept, and as many of those before; fewer when they are wide.
  private static let mostRows = 1024
  private static let mostNumbers = 1 << 19

  package let denseWidth: Int
  /// Families of which each row has a level, by their number.
  package let families: [Int]
  private let capacity: Int
  private var ring: Shelf
  private var sample: Shelf
  /// Rows seen so far.
  private var seen = 0
  private var random = RandomBits(seed: 0x10CA_115E)
  /// Dense features that no longer tell anything.
  package private(set) var ignored: Set<Int> = []

  /// `families` are those of the rows; only those that are levels of categories are looked at.
  package init(denseWidth: Int, families: [FeatureFamily]) {
    self.denseWidth = denseWidth
    self.families = families.indices.filter { families[$0].dense.isEmpty && families[$0].isOn }
    let width = denseWidth + self.families.count + 2
    capacity = max(64, min(RowMemory.mostRows, RowMemory.mostNumbers / width))
    ring = Shelf(rows: capacity, denseWidth: denseWidth, families: self.families)
    sample = Shelf(rows: capacity, denseWidth: denseWidth, families: self.families)
  }

  package var memoryBytes: Int { ring.memoryBytes + sample.memoryBytes }

  /// Takes a row; `loss` is NaN where no label came.
  package mutating func append(
    _ batch: borrowing MicroBatch, row: Int, event: Int, loss: Double
  ) {
    let place = seen % capacity
    if seen >= capacity {
      // The row that has to leave is number `seen − capacity` of those that left.
      let left = seen - capacity
      let spot = left < capacity ? left : random.below(left + 1)
      if spot < capacity { sample.copy(spot, from: ring, place) }
    }
    ring.set(place, batch, row: row, event: event, loss: loss)
    seen += 1
  }

  package func write(to writer: inout SnapshotWriter) {
    ring.write(to: &writer)
    sample.write(to: &writer)
    writer.write(seen)
    writer.write(random.state)
    writer.write(ignored.sorted())
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try ring.restore(from: &reader)
    try sample.restore(from: &reader)
    seen = try reader.readInt()
    guard seen >= 0 else { throw .corrupt }
    random.state = try reader.readWord()
    ignored = Set(try reader.readInts())
  }

  /// From now on nothing is to be made of a dense feature: its values were taken away.
  package mutating func ignore(_ feature: Int) { ignored.insert(feature) }

  /// The rows of these events, oldest first.
  package func rows(_ events: Range<Int>) -> [Place] {
    var found: [Place] = []
    for place in 0..<min(max(seen - capacity, 0), capacity)
    where events.contains(sample.events[place]) {
      found.append(Place(isRecent: false, number: place, event: sample.events[place]))
    }
    for place in 0..<min(seen, capacity) where events.contains(ring.events[place]) {
      found.append(Place(isRecent: true, number: place, event: ring.events[place]))
    }
    return found.sorted { $0.event < $1.event }
  }

  /// Where a row is kept.
  package struct Place: Sendable {
    fileprivate let isRecent: Bool
    fileprivate let number: Int
    package let event: Int
  }

  private func shelf(_ place: Place) -> Shelf { place.isRecent ? ring : sample }

  /// A dense feature; NaN where it was missing.
  package func value(_ place: Place, _ feature: Int) -> Double {
    shelf(place).dense[place.number * denseWidth + feature]
  }

  /// The level of the family at `position` in `families`; −1 where the row has none.
  package func level(_ place: Place, _ position: Int) -> Int {
    Int(shelf(place).levels[place.number * families.count + position])
  }

  package func loss(_ place: Place) -> Double { shelf(place).losses[place.number] }
}

/// Rows side by side.
private struct Shelf: Snapshotted {
  let denseWidth: Int
  let families: [Int]
  private(set) var dense: [Double]
  private(set) var levels: [Int32]
  private(set) var events: [Int]
  private(set) var losses: [Double]

  init(rows: Int, denseWidth: Int, families: [Int]) {
    self.denseWidth = denseWidth
    self.families = families
    dense = Array(repeating: .nan, count: rows * denseWidth)
    levels = Array(repeating: -1, count: rows * families.count)
    events = Array(repeating: -1, count: rows)
    losses = Array(repeating: .nan, count: rows)
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(dense)
    writer.write(levels)
    writer.write(events)
    writer.write(losses)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let rows = events.count
    dense = try reader.readDoubles(count: dense.count)
    levels = try reader.readInt32s()
    events = try reader.readInts()
    losses = try reader.readDoubles(count: rows)
    guard levels.count == rows * families.count, events.count == rows else { throw .corrupt }
  }

  var memoryBytes: Int { 8 * (dense.count + events.count + losses.count) + 4 * levels.count }

  mutating func set(
    _ place: Int, _ batch: borrowing MicroBatch, row: Int, event: Int, loss: Double
  ) {
    events[place] = event
    losses[place] = loss
    let source = batch.dense(row)
    let base = place * denseWidth
    dense.withUnsafeMutableBufferPointer { dense in
      for j in 0..<denseWidth { dense[base + j] = source[j] }
    }
    if batch.hasAbsent {
      for j in 0..<denseWidth where batch.isAbsent(row, j) { dense[base + j] = .nan }
    }
    guard !families.isEmpty else { return }
    let features = batch.sparse(row)
    let start = place * families.count
    for position in 0..<families.count { levels[start + position] = -1 }
    // Both are in ascending order.
    var position = 0
    for k in 0..<features.count {
      let family = Int(features.families[k])
      while position < families.count, families[position] < family { position += 1 }
      guard position < families.count else { return }
      if families[position] == family { levels[start + position] = features.indices[k] }
    }
  }

  mutating func copy(_ place: Int, from other: Shelf, _ source: Int) {
    events[place] = other.events[source]
    losses[place] = other.losses[source]
    for j in 0..<denseWidth {
      dense[place * denseWidth + j] = other.dense[source * denseWidth + j]
    }
    for k in 0..<families.count {
      levels[place * families.count + k] = other.levels[source * families.count + k]
    }
  }
}
