package import Batches
import Kernels
package import Snapshots

/// Usual rows, against which a prediction is explained: a sample of all rows that were shown, each as likely to be in it
/// as any other.
///
/// Reference: J. Vitter, Random sampling with a reservoir, ACM Transactions on Mathematical Software 11 (1985),
/// algorithm R. Cost: a random number a row, and a copy of the few that are taken. Memory: twice `capacity` rows.
package final class Background: Snapshotted {
  package let capacity: Int
  private let denseWidth: Int
  private let seed: UInt64
  private var random: RandomBits
  /// Rows seen.
  package private(set) var seen = 0
  package private(set) var rows: MicroBatch
  /// Where in `rows` each of the sample is; the others there have been replaced.
  package private(set) var places: [Int] = []
  /// Families that are known of, and whether any row had a feature of none.
  package private(set) var families = 0
  package private(set) var hasLoose = false

  package init(capacity: Int, denseWidth: Int, seed: UInt64 = 1) {
    precondition(capacity > 0, "a background of \(capacity) rows")
    (self.capacity, self.denseWidth, self.seed) = (capacity, denseWidth, seed)
    random = RandomBits(seed: seed)
    rows = MicroBatch(capacity: 2 * capacity, denseWidth: denseWidth)
  }

  package var count: Int { places.count }

  /// There are so many families, whatever rows have by now.
  package func know(families: Int) { self.families = max(self.families, families) }

  /// Shows it a row.
  package func observe(_ batch: borrowing MicroBatch, _ row: Int) {
    seen += 1
    var slot = places.count
    if slot == capacity {
      slot = random.below(seen)
      guard slot < capacity else { return }
    } else {
      places.append(0)
    }
    if rows.isFull { moveTogether(but: slot) }
    places[slot] = rows.count
    rows.append(row: row, of: batch)
    note(rows.count - 1)
  }

  /// Begins again; what it draws goes on by chance.
  package func removeAll() {
    rows.removeAll()
    places.removeAll()
    seen = 0
  }

  private func note(_ row: Int) {
    let sparse = rows.sparse(row)
    for k in 0..<sparse.count {
      if sparse.families[k] == FeatureFamily.none {
        hasLoose = true
      } else {
        families = max(families, Int(sparse.families[k]) + 1)
      }
    }
  }

  private func moveTogether(but slot: Int?) {
    var fresh = MicroBatch(capacity: 2 * capacity, denseWidth: denseWidth)
    for k in places.indices where k != slot {
      fresh.append(row: places[k], of: rows)
      places[k] = fresh.count - 1
    }
    rows = fresh
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write([seen, capacity])
    writer.write(random.state)
    moveTogether(but: nil)
    rows.write(to: &writer)
  }

  package func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    guard counts.count == 2, counts[1] == capacity, counts[0] >= 0 else { throw .corrupt }
    seen = counts[0]
    random.state = try reader.readWord()
    rows = try MicroBatch.read(denseWidth: denseWidth, capacity: 2 * capacity, from: &reader)
    guard rows.count == min(seen, capacity) else { throw .corrupt }
    places = Array(0..<rows.count)
    for row in places { note(row) }
  }
}
