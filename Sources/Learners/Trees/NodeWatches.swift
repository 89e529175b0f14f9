import Detectors
import Snapshots

/// What an adaptive tree knows of the errors below each of its nodes, and which subtree grows beside which
/// node. Nodes are known by their numbers in `TreeNodes`.
///
/// Errors that are 0 or 1 wait as bits beside the node until its ADWIN would look for a cut, and are shown to it
/// then all at once: what comes of it is the same, and the 5 KB of each node on a row's way stay out of the cache for
/// 31 rows of 32 (1.10 s to 1.00 s for 1,000,000 rows of Agrawal's stream).
///
/// Memory: 5 KB for each node's ADWIN, which begins with its first 32 errors.
struct NodeWatches: Sendable {
  enum Change {
    case rise
    case fall
  }

  /// What is looked at with every row.
  private struct Record: Sendable {
    /// Errors since the node began or since they changed.
    var errors = Moments()
    /// Root of the subtree that grows beside the node; −1: none.
    var alternate: Int32 = -1
    /// The latest errors, the oldest in the lowest bit.
    var waiting: UInt32 = 0
    var waitingCount: UInt8 = 0
    /// Whether an error was neither 0 nor 1: from then on none waits.
    var hasOthers = false
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
  mutating func setAlternate(_ node: Int, _ root: Int) {
    records[node].alternate = Int32(truncatingIfNeeded: root)
  }

  /// Takes an error of a node in; says whether errors have changed.
  @inline(__always)
  mutating func observe(_ node: Int, _ error: Double) -> Change? {
    let before = records[node].errors.mean
    records[node].errors.add(error, 1)
    if !records[node].hasOthers, error == 0 || error == 1 {
      let place = UInt32(records[node].waitingCount)
      records[node].waiting |= (error == 1 ? 1 : 0) << place
      records[node].waitingCount += 1
      guard place + 1 == UInt32(ADWIN.usualClock) else { return nil }
    }
    guard show(node, error) else { return nil }
    return records[node].errors.mean < before ? .fall : .rise
  }

  /// Shows the node's detector the errors that wait, and `error` if it is none of them; whether the last one raised an
  /// alarm.
  private mutating func show(_ node: Int, _ error: Double) -> Bool {
    if detectors[node] == nil { detectors[node] = ADWIN(delta: delta) }
    // Copied once: what is read of an array's element in between is looked up each time.
    let record = records[node]
    (records[node].waiting, records[node].waitingCount) = (0, 0)
    let isAlarm =
      detectors[node]?.observe(errors: record.waiting, count: Int(record.waitingCount)) ?? false
    guard record.hasOthers || error != 0 && error != 1 else { return isAlarm }
    records[node].hasOthers = true
    return detectors[node]?.observe(error) != nil
  }

  /// Counts a node's errors anew.
  mutating func restart(_ node: Int) { records[node].errors = Moments() }

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
    writer.write(records.flatMap(\.errors.numbers))
    writer.write(records.map { Int($0.waiting) })
    writer.write(records.map { $0.hasOthers ? -1 : Int($0.waitingCount) })
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
    let count = alternates.count
    guard sums.count == 3 * count, waiting.count == count, counts.count == count, count <= nodes,
      alternates.allSatisfy({ (-1..<nodes).contains($0) }),
      waiting.allSatisfy({ UInt32(exactly: $0) != nil }),
      counts.allSatisfy({ (-1..<ADWIN.usualClock).contains($0) })
    else { throw .corrupt }
    records.removeAll()
    for node in 0..<count {
      var record = Record()
      let first = 3 * node
      record.errors = Moments(
        weight: sums[first], mean: sums[first + 1], squares: sums[first + 2])
      record.alternate = Int32(alternates[node])
      record.waiting = UInt32(waiting[node])
      record.waitingCount = UInt8(max(counts[node], 0))
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
