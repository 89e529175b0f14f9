import Detectors
import Snapshots

/// What an adaptive tree knows of the errors below each of its nodes, and which subtree grows beside which
/// node. Nodes are known by their numbers in `TreeNodes`.
///
/// Errors that are 0 or 1 wait as bits beside the node until its ADWIN would look for a cut, and are shown to it
/// then all at once: what comes of it is the same, and the 5 KB of each node on a row's way stay out of the cache for
/// 31 rows of 32 (1.10 s to .96 s for 1,000,000 rows of Agrawal's stream).
///
/// Memory: 5 KB for each node's ADWIN, which begins with its first 32 errors.
struct NodeWatches: Sendable {
  enum Change {
    case rise
    case fall
  }

  /// What is looked at with every row.
  private struct Record: Sendable {
    /// Errors since the node began or since they changed, but for those that wait.
    var shown = Moments()
    /// Root of the subtree that grows beside the node; −1: none.
    var alternate: Int32 = -1
    /// The latest errors, the oldest in the lowest bit.
    var waiting: UInt32 = 0
    var waitingCount: UInt8 = 0
    /// How many of them are older than `restart`, and count no more.
    var waitingOld: UInt8 = 0
    /// Whether an error was neither 0 nor 1: from then on none waits.
    var hasOthers = false

    /// All errors since the node began or since they changed.
    var errors: Moments { errors(without: 0) }

    /// The same without the latest ones.
    func errors(without latest: Int) -> Moments {
      let count = Int(waitingCount) - Int(waitingOld) - latest
      guard count > 0 else { return shown }
      let bits = waiting >> UInt32(waitingOld) & (~0 >> UInt32(32 - count))
      let (n, wrong) = (Double(count), Double(bits.nonzeroBitCount))
      return shown.plus(
        Moments(weight: n, mean: wrong / n, squares: wrong - wrong * wrong / n))
    }
  }

  private var records: [Record] = []
  private var detectors: [ADWIN?] = []
  private let delta: Double

  /// `delta`: ADWIN's.
  init(delta: Double) { self.delta = delta }

  /// Bytes for each node.
  static let bytes =
    ADWIN.memoryBytes + MemoryLayout<ADWIN?>.stride + MemoryLayout<Record>.stride

  var memoryBytes: Int {
    records.capacity * MemoryLayout<Record>.stride
      + detectors.capacity * MemoryLayout<ADWIN?>.stride
      + detectors.reduce(0) { $0 + ($1 == nil ? 0 : ADWIN.memoryBytes) }
  }

  /// Makes room for so many nodes.
  @inline(__always)
  mutating func makeRoom(_ nodes: Int) {
    while records.count < nodes {
      records.append(Record())
      detectors.append(nil)
    }
  }

  @inline(__always)
  func errors(_ node: Int) -> Moments { records[node].errors }
  @inline(__always)
  func alternate(_ node: Int) -> Int { Int(records[node].alternate) }
  /// Whether a subtree grows beside any node.
  var hasAlternates: Bool { records.contains { $0.alternate >= 0 } }
  mutating func setAlternate(_ node: Int, _ root: Int) {
    records[node].alternate = Int32(truncatingIfNeeded: root)
  }

  /// Takes an error of a node in; says whether errors have changed.
  @inline(__always)
  mutating func observe(_ node: Int, _ error: Double) -> Change? {
    guard !records[node].hasOthers, error == 0 || error == 1 else {
      return observeOther(node, error)
    }
    let place = records[node].waitingCount
    records[node].waiting |= (error == 1 ? 1 : 0) << UInt32(place)
    records[node].waitingCount = place + 1
    return Int(place) + 1 == ADWIN.usualClock ? showAll(node) : nil
  }

  /// Shows the node's detector the errors that wait.
  private mutating func showAll(_ node: Int) -> Change? {
    if detectors[node] == nil { detectors[node] = ADWIN(delta: delta) }
    let record = records[node]
    records[node].shown = record.errors
    (records[node].waiting, records[node].waitingCount, records[node].waitingOld) = (0, 0, 0)
    let isAlarm =
      detectors[node]?.observe(errors: record.waiting, count: Int(record.waitingCount)) ?? false
    guard isAlarm else { return nil }
    return record.errors.mean < record.errors(without: 1).mean ? .fall : .rise
  }

  /// Takes an error that is neither 0 nor 1, or comes after such a one.
  private mutating func observeOther(_ node: Int, _ error: Double) -> Change? {
    if !records[node].hasOthers { _ = showAll(node) }
    records[node].hasOthers = true
    let before = records[node].shown.mean
    records[node].shown.add(error, 1)
    guard detectors[node]?.observe(error) != nil else { return nil }
    return records[node].shown.mean < before ? .fall : .rise
  }

  /// Counts a node's errors anew.
  mutating func restart(_ node: Int) {
    records[node].shown = Moments()
    records[node].waitingOld = records[node].waitingCount
  }

  /// Forgets all of a node but for the subtree beside it.
  mutating func forget(_ node: Int) {
    guard node < records.count else { return }
    let alternate = records[node].alternate
    records[node] = Record()
    records[node].alternate = alternate
    detectors[node] = nil
  }

  /// Moves what is known of node `other` to `node`.
  mutating func move(_ other: Int, to node: Int) {
    (records[node], detectors[node]) = (records[other], detectors[other])
    records[other].alternate = -1
    forget(other)
  }

  /// Forgets a node and all below it; returns the roots of the subtrees beside them, which are to be removed.
  mutating func forgetAll(below node: Int, _ nodes: TreeNodes) -> [Int] {
    var (roots, left): ([Int], [Int]) = ([], [node])
    while let next = left.popLast() {
      left += nodes.children(of: next)
      if next < records.count, alternate(next) >= 0 {
        roots.append(alternate(next))
        left.append(alternate(next))
        setAlternate(next, -1)
      }
      forget(next)
    }
    return roots
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(records.map { Int($0.alternate) })
    writer.write(records.flatMap(\.shown.numbers))
    writer.write(records.map { Int($0.waiting) })
    writer.write(records.map { $0.hasOthers ? -1 : Int($0.waitingCount) })
    writer.write(records.map { Int($0.waitingOld) })
    for detector in detectors {
      writer.write(detector != nil)
      detector?.write(to: &writer)
    }
  }

  /// Reads what is known of at most `nodes` nodes.
  mutating func restore(from reader: inout SnapshotReader, nodes: Int) throws(SnapshotError) {
    let alternates = try reader.readInts()
    let sums = try reader.readDoubles()
    let waiting = try reader.readInts()
    let counts = try reader.readInts()
    let old = try reader.readInts()
    let count = alternates.count
    guard sums.count == 3 * count, waiting.count == count, counts.count == count, count <= nodes,
      alternates.allSatisfy({ (-1..<nodes).contains($0) }),
      waiting.allSatisfy({ UInt32(exactly: $0) != nil }),
      counts.allSatisfy({ (-1..<ADWIN.usualClock).contains($0) }), old.count == count,
      zip(old, counts).allSatisfy({ (0...max($1, 0)).contains($0) })
    else { throw .corrupt }
    records.removeAll()
    for node in 0..<count {
      var record = Record()
      let first = 3 * node
      record.shown = Moments(
        weight: sums[first], mean: sums[first + 1], squares: sums[first + 2])
      record.alternate = Int32(alternates[node])
      record.waiting = UInt32(waiting[node])
      record.waitingCount = UInt8(max(counts[node], 0))
      record.waitingOld = UInt8(old[node])
      record.hasOthers = counts[node] < 0
      records.append(record)
    }
    detectors = []
    for _ in 0..<count {
      guard try reader.readBool() else {
        detectors.append(nil)
        continue
      }
      var detector = ADWIN(delta: delta)
      try detector.restore(from: &reader)
      detectors.append(detector)
    }
  }
}
