import Snapshots

/// Earlier values of one series, kept apart by key: the last `longest` of each.
struct LagHistory: Snapshotted {
  private let longest: Int
  private var values: [Double] = []
  private var counts: [Int] = []

  init(longest: Int) { self.longest = longest }

  /// The value `distance` rows back in the rows of `key`; NaN when there is none yet.
  func value(_ distance: Int, key: Int) -> Double {
    guard key < counts.count, counts[key] >= distance else { return .nan }
    return values[key * longest + (counts[key] - distance) % longest]
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(values)
    writer.write(counts)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    values = try reader.readDoubles()
    counts = try reader.readInts()
    guard values.count == counts.count * longest else { throw .corrupt }
  }

  mutating func add(_ value: Double, key: Int) {
    while counts.count <= key {
      counts.append(0)
      values.append(contentsOf: repeatElement(.nan, count: longest))
    }
    values[key * longest + counts[key] % longest] = value
    counts[key] += 1
  }
}

/// Earlier values of one series by time: what was known at a moment, kept apart by key.
///
/// The value at a moment is that of the latest row not after it, so that a gap in the stream does not
/// shift what "24 hours ago" means. Rows older than `longest` seconds leave, all but the last of them.
/// Times that go back are taken as equal to the latest. Cost: a binary search a value.
struct TimedHistory: Snapshotted {
  private struct Line {
    var times: [Double] = []
    var values: [Double] = []
    var first = 0
  }

  private let longest: Double
  private var lines: [Line] = []

  init(longest: Double) { self.longest = longest }

  /// The value known at `moment` in the rows of `key`; NaN when there is none.
  func value(at moment: Double, key: Int) -> Double {
    guard key < lines.count, !moment.isNaN else { return .nan }
    let times = lines[key].times
    var (low, high) = (lines[key].first, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle] <= moment { low = middle + 1 } else { high = middle }
    }
    return low > lines[key].first ? lines[key].values[low - 1] : .nan
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(lines) { writer, line in
      writer.write(line.times)
      writer.write(line.values)
      writer.write(line.first)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    lines = try reader.readList { reader throws(SnapshotError) in
      let times = try reader.readDoubles()
      let line = Line(
        times: times, values: try reader.readDoubles(count: times.count),
        first: try reader.readInt())
      guard (0...times.count).contains(line.first) else { throw SnapshotError.corrupt }
      return line
    }
  }

  mutating func add(_ value: Double, time: Double, key: Int) {
    guard !time.isNaN else { return }
    while lines.count <= key { lines.append(Line()) }
    let latest = max(time, lines[key].times.last ?? time)
    lines[key].times.append(latest)
    lines[key].values.append(value)
    var first = lines[key].first
    while first + 1 < lines[key].times.count, lines[key].times[first + 1] <= latest - longest {
      first += 1
    }
    lines[key].first = first
    moveUp(key)
  }

  /// The same of a value that may come after later ones: it goes where its time belongs, behind its equals. One from
  /// before everything that is still remembered is of no use.
  mutating func insert(_ value: Double, time: Double, key: Int) {
    guard key < lines.count, let last = lines[key].times.last, time < last else {
      return add(value, time: time, key: key)
    }
    let first = lines[key].first
    var place = lines[key].times.count
    while place > first, lines[key].times[place - 1] > time { place -= 1 }
    guard place > first || last - time < longest else { return }
    lines[key].times.insert(time, at: place)
    lines[key].values.insert(value, at: place)
  }

  /// Takes the room of what has left.
  private mutating func moveUp(_ key: Int) {
    let first = lines[key].first
    guard first > 1024, first * 2 > lines[key].times.count else { return }
    lines[key].times.removeFirst(first)
    lines[key].values.removeFirst(first)
    lines[key].first = 0
  }
}

/// Running means of the target by group: m ← m + max(1/n, rate)·(y − m).
struct MeanHistory: Snapshotted {
  private let rate: Double
  private var means: [Double] = []
  private var counts: [Int] = []

  init(rate: Double) { self.rate = rate }

  /// The mean of `group`; NaN when nothing of it was seen yet.
  func value(_ group: Int) -> Double {
    group < counts.count && counts[group] > 0 ? means[group] : .nan
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(means)
    writer.write(counts)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    means = try reader.readDoubles()
    counts = try reader.readInts()
    guard means.count == counts.count else { throw .corrupt }
  }

  mutating func add(_ value: Double, group: Int) {
    guard value.isFinite else { return }
    while counts.count <= group {
      counts.append(0)
      means.append(0)
    }
    counts[group] += 1
    means[group] += max(1 / Double(counts[group]), rate) * (value - means[group])
  }
}

/// Mean and spread of a number so far, for putting crossed numbers on one scale.
struct RunningScale: Snapshotted {
  private var count = 0.0
  private var mean = 0.0
  private var squares = 0.0

  func standardised(_ value: Double) -> Double {
    guard squares > 0 else { return 0 }
    return (value - mean) * (count / squares).squareRoot()
  }

  func write(to writer: inout SnapshotWriter) { writer.write([count, mean, squares]) }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let n = try reader.readDoubles(count: 3)
    (count, mean, squares) = (n[0], n[1], n[2])
  }

  mutating func add(_ value: Double) {
    count += 1
    let distance = value - mean
    mean += distance / count
    squares += distance * (value - mean)
  }
}

/// A label on its way to the histories, with where it belongs.
struct PendingLabel {
  let value: Double
  let key: Int
  let time: Double
}

/// Labels that come some rows after their rows, in the order of the rows.
struct PendingLabels: Snapshotted {
  let delay: Int
  private let width: Int
  private var labels: [PendingLabel] = []
  /// The groups of each label's means, `width` of them.
  private var groups: [Int] = []
  private var first = 0

  /// - Parameters:
  ///   - delay: rows between a row and its label; 0: nothing waits.
  ///   - width: how many means a row has a group in.
  init(delay: Int, width: Int) {
    self.delay = delay
    self.width = width
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(labels.flatMap { [$0.value, $0.time] })
    writer.write(labels.map(\.key))
    writer.write(groups)
    writer.write(first)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    let keys = try reader.readInts()
    groups = try reader.readInts()
    first = try reader.readInt()
    guard numbers.count == 2 * keys.count, groups.count == keys.count * width,
      (0...keys.count).contains(first)
    else { throw .corrupt }
    labels = keys.indices.map {
      PendingLabel(value: numbers[2 * $0], key: keys[$0], time: numbers[2 * $0 + 1])
    }
  }

  mutating func add(_ label: PendingLabel, _ rowGroups: [Int]) {
    if first > delay {
      labels.removeFirst(first)
      groups.removeFirst(first * width)
      first = 0
    }
    labels.append(label)
    groups.append(contentsOf: rowGroups)
  }

  /// The label that arrives now, its groups being written to `arrived`; nil while none does.
  mutating func next(groups arrived: inout [Int]) -> PendingLabel? {
    guard labels.count - first > delay else { return nil }
    for k in 0..<width { arrived[k] = groups[first * width + k] }
    first += 1
    return labels[first - 1]
  }
}
