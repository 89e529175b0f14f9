import Snapshots

/// Where the labels of waiting rows belong in the target's histories, by slot.
struct SlottedLabels: Snapshotted {
  /// How many means a row has a group in.
  private let width: Int
  private var keys: [Int] = []
  private var times: [Double] = []
  private var groups: [Int] = []

  init(width: Int) { self.width = width }

  /// Keeps where the label of the row in `slot` will belong.
  mutating func put(_ slot: Int, key: Int, time: Double, groups rowGroups: [Int]) {
    while keys.count <= slot {
      keys.append(0)
      times.append(.nan)
      for _ in 0..<width { groups.append(0) }
    }
    keys[slot] = key
    times[slot] = time
    for k in 0..<width { groups[slot * width + k] = rowGroups[k] }
  }

  /// The label of the row in `slot`, which has come; its groups are written to `arrived`.
  func label(_ slot: Int, _ value: Double, groups arrived: inout [Int]) -> PendingLabel {
    for k in 0..<width { arrived[k] = groups[slot * width + k] }
    return PendingLabel(value: value, key: keys[slot], time: times[slot])
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(keys)
    writer.write(times)
    writer.write(groups)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    keys = try reader.readInts()
    times = try reader.readDoubles()
    groups = try reader.readInts()
    guard times.count == keys.count, groups.count == width * keys.count,
      keys.allSatisfy({ $0 >= 0 }), groups.allSatisfy({ $0 >= 0 })
    else { throw .corrupt }
  }
}
