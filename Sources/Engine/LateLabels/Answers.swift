import Batches
import Learners
import Snapshots

/// What one model said of rows whose labels are still under way, by slot.
struct Answers: Snapshotted, Sendable {
  /// As served.
  private(set) var predictions: Predictions
  /// Before calibration: the first value of each.
  private(set) var raw: [Double]
  private(set) var intervals: [(low: Double, high: Double)]
  private var memoWidth: Int
  private var memos: [Double]
  private var unused: [Double] = []

  init(slots: Int, memoWidth: Int) {
    predictions = Predictions(rows: slots, width: 1)
    raw = Array(repeating: 0, count: slots)
    intervals = Array(repeating: (0, 0), count: slots)
    // One at least, so that a memo has an address.
    self.memoWidth = max(memoWidth, 1)
    memos = Array(repeating: .nan, count: slots * self.memoWidth)
  }

  /// Has `learner` predict a row and leave its memo in the slot.
  mutating func ask(
    _ learner: inout any Learner, _ batch: borrowing MicroBatch, _ row: Int, slot: Int,
    into said: inout Predictions
  ) {
    if learner.memoWidth > memoWidth { widen(to: learner.memoWidth) }
    memos.withUnsafeMutableBufferPointer { memos in
      guard let base = memos.baseAddress else { return }
      learner.predict(batch, row: row, memo: base + slot * memoWidth, into: &said)
    }
    raw[slot] = said[row]
  }

  /// Has `learner` predict a row again and leaves nothing behind: what would be left serves to allocate nothing.
  mutating func askAgain(
    _ learner: inout any Learner, _ batch: borrowing MicroBatch, _ row: Int,
    into said: inout Predictions
  ) {
    while unused.count < max(learner.memoWidth, 1) { unused.append(.nan) }
    unused.withUnsafeMutableBufferPointer { memo in
      guard let base = memo.baseAddress else { return }
      learner.predict(batch, row: row, memo: base, into: &said)
    }
  }

  /// Memos grow with the classes.
  private mutating func widen(to width: Int) {
    var wider = Array(repeating: Double.nan, count: raw.count * width)
    for slot in raw.indices {
      for k in 0..<memoWidth { wider[slot * width + k] = memos[slot * memoWidth + k] }
    }
    (memos, memoWidth) = (wider, width)
  }

  /// Keeps what is served of row `row` of `said`.
  mutating func keep(_ said: borrowing Predictions, _ row: Int, slot: Int) {
    predictions.widen(to: said.width)
    for output in 0..<said.width { predictions[slot, output] = said[row, output] }
  }

  mutating func keep(_ interval: (low: Double, high: Double), slot: Int) {
    intervals[slot] = interval
  }

  /// Lends the memo of a slot.
  func withMemo(_ slot: Int, _ body: (UnsafePointer<Double>) -> Void) {
    memos.withUnsafeBufferPointer { memos in
      if let base = memos.baseAddress { body(base + slot * memoWidth) }
    }
  }

  /// The model that `other` belongs to is back.
  mutating func takeMemos(of other: Answers) {
    (memos, memoWidth) = (other.memos, other.memoWidth)
  }

  /// Another model is to learn the rows: what this one left behind is not for it.
  mutating func forgetMemos() {
    for k in memos.indices { memos[k] = .nan }
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(raw.count)
    predictions.write(to: &writer)
    writer.write(raw)
    writer.write(intervals.flatMap { [$0.low, $0.high] })
    writer.write(memoWidth)
    writer.write(memos)
  }

  /// Takes over as many slots as there were.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let slots = try reader.readCount(ofSize: 8)
    predictions = Predictions(rows: slots, width: 1)
    try predictions.restore(from: &reader)
    raw = try reader.readDoubles(count: slots)
    let ends = try reader.readDoubles(count: 2 * slots)
    intervals = (0..<slots).map { (ends[2 * $0], ends[2 * $0 + 1]) }
    memoWidth = try reader.readInt()
    guard (1...1 << 24).contains(memoWidth) else { throw .corrupt }
    memos = try reader.readDoubles(count: slots * memoWidth)
  }

  /// How many rows may wait.
  var slots: Int { raw.count }

  /// The rows that were in the slots `kept` are in those from 0 on, of `slots` in all.
  mutating func move(_ kept: [Int], slots: Int) {
    for (slot, old) in kept.enumerated() where slot != old {
      raw[slot] = raw[old]
      intervals[slot] = intervals[old]
      for output in 0..<predictions.width { predictions[slot, output] = predictions[old, output] }
    }
    memos.withUnsafeMutableBufferPointer { memos in
      guard let base = memos.baseAddress else { return }
      for (slot, old) in kept.enumerated() where slot != old {
        (base + slot * memoWidth).update(from: base + old * memoWidth, count: memoWidth)
      }
    }
    let more = slots - raw.count
    guard more > 0 else { return }
    raw.append(contentsOf: repeatElement(0, count: more))
    for _ in 0..<more { intervals.append((0, 0)) }
    memos.append(contentsOf: repeatElement(.nan, count: more * memoWidth))
    predictions.lengthen(to: slots)
  }
}
