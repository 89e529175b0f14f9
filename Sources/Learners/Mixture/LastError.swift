import Snapshots

/// The last error that has arrived, in means of absolute errors: what is left of a disturbance that lasts longer
/// than one row.
///
///     s ← s + 0.01·(min(|e|, 5·s) − s),   value = e/s
struct LastError: Sendable {
  private static let rate = 0.01

  /// 0 before the first.
  private(set) var value = 0.0
  private var scale = 0.0

  mutating func observe(_ error: Double) {
    guard error.isFinite else { return }
    if scale == 0 { scale = abs(error) }
    value = scale > 0 ? error / scale : 0
    scale += LastError.rate * (min(abs(error), 5 * scale) - scale)
  }

  func write(to writer: inout SnapshotWriter) { writer.write([value, scale]) }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    guard numbers.count == 2 else { throw .corrupt }
    (value, scale) = (numbers[0], numbers[1])
  }
}
