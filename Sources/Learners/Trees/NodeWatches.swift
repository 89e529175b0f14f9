import Detectors
import Snapshots

/// What an adaptive tree knows of the errors below each of its nodes, and which subtree grows beside which
/// node. Nodes are known by their numbers in `TreeNodes`.
///
/// Memory: 5 KB for each node's ADWIN, which begins with its first error.
struct NodeWatches: Sendable {
  enum Change {
    case rise
    case fall
  }

  /// Errors of a node since it began or since they changed.
  private var errors: [Moments] = []
  /// The subtree that grows beside each node; −1: none.
  private var alternates: [Int] = []
  private var detectors: [ADWIN?] = []
  private let delta: Double

  /// `delta`: ADWIN's.
  init(delta: Double) { self.delta = delta }

  /// Bytes for each node.
  static let bytes =
    ADWIN.memoryBytes + MemoryLayout<ADWIN?>.stride + MemoryLayout<Moments>.stride
    + MemoryLayout<Int>.stride

  var memoryBytes: Int {
    errors.capacity * MemoryLayout<Moments>.stride + 8 * alternates.capacity
      + detectors.capacity * MemoryLayout<ADWIN?>.stride
      + detectors.reduce(0) { $0 + ($1 == nil ? 0 : ADWIN.memoryBytes) }
  }

  /// Makes room for so many nodes.
  @inline(__always)
  mutating func makeRoom(_ nodes: Int) {
    while errors.count < nodes {
      errors.append(Moments())
      alternates.append(-1)
      detectors.append(nil)
    }
  }

  @inline(__always)
  func errors(_ node: Int) -> Moments { errors[node] }
  @inline(__always)
  func alternate(_ node: Int) -> Int { alternates[node] }
  mutating func setAlternate(_ node: Int, _ root: Int) { alternates[node] = root }

  /// Takes an error of a node in; says whether errors have changed.
  mutating func observe(_ node: Int, _ error: Double) -> Change? {
    let before = errors[node].mean
    errors[node].add(error, 1)
    if detectors[node] == nil { detectors[node] = ADWIN(delta: delta) }
    guard detectors[node]?.observe(error) != nil else { return nil }
    return errors[node].mean < before ? .fall : .rise
  }

  /// Counts a node's errors anew.
  mutating func restart(_ node: Int) { errors[node] = Moments() }

  /// Forgets all of a node but for the subtree beside it.
  mutating func forget(_ node: Int) {
    guard node < errors.count else { return }
    errors[node] = Moments()
    detectors[node] = nil
  }

  /// Moves what is known of node `other` to `node`.
  mutating func move(_ other: Int, to node: Int) {
    (errors[node], detectors[node]) = (errors[other], detectors[other])
    alternates[node] = alternates[other]
    alternates[other] = -1
    forget(other)
  }

  /// Forgets a node and all below it; returns the roots of the subtrees beside them, which are to be removed.
  mutating func forgetAll(below node: Int, _ nodes: TreeNodes) -> [Int] {
    var (roots, left): ([Int], [Int]) = ([], [node])
    while let next = left.popLast() {
      left += nodes.children(of: next)
      if next < alternates.count, alternates[next] >= 0 {
        roots.append(alternates[next])
        left.append(alternates[next])
        alternates[next] = -1
      }
      forget(next)
    }
    return roots
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(alternates)
    writer.write(errors.flatMap(\.numbers))
    for detector in detectors {
      writer.write(detector != nil)
      detector?.write(to: &writer)
    }
  }

  /// Reads what is known of at most `nodes` nodes.
  mutating func restore(from reader: inout SnapshotReader, nodes: Int) throws(SnapshotError) {
    alternates = try reader.readInts()
    let sums = try reader.readDoubles()
    let count = alternates.count
    guard sums.count == 3 * count, count <= nodes,
      alternates.allSatisfy({ (-1..<nodes).contains($0) })
    else { throw .corrupt }
    errors = (0..<count).map {
      Moments(weight: sums[3 * $0], mean: sums[3 * $0 + 1], squares: sums[3 * $0 + 2])
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
