import Kernels
import Snapshots

/// What has been seen of the target: its range, and its deviation as each link has it.
struct TargetStatistics: Sendable {
  private let links: [Link]
  private let isOfClasses: Bool
  private(set) var count = 0.0
  private var low = 0.0
  private var high = 0.0
  private var means: [Double]
  private var squares: [Double]
  /// Whether links that need a target of at least 0 still learn.
  private(set) var areLinksOpen = true

  init(links: [Link]) {
    self.links = links
    isOfClasses = links.first == .logistic
    means = Array(repeating: 0, count: links.count)
    squares = means
  }

  mutating func observe(_ y: Double) {
    count += 1
    (low, high) = count == 1 ? (y, y) : (min(low, y), max(high, y))
    if y < 0 { areLinksOpen = false }
    for l in links.indices {
      let t = links[l].forward(y)
      let deviation = t - means[l]
      means[l] += deviation / count
      squares[l] += deviation * (t - means[l])
    }
  }

  /// Standard deviation of the target of link `l`; its size, or 1, while it has none.
  func deviation(_ l: Int) -> Double {
    if squares[l] > 0 { return (squares[l] / count).squareRoot() }
    return means[l] != 0 ? abs(means[l]) : 1
  }

  /// Where predictions stay.
  @inline(__always)
  var range: TargetRange { TargetRange(isOfClasses: isOfClasses, low: low, high: high) }

  func write(to writer: inout SnapshotWriter) {
    writer.write([count, low, high])
    writer.write(means)
    writer.write(squares)
    writer.write(areLinksOpen)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    means = try reader.readDoubles()
    squares = try reader.readDoubles()
    areLinksOpen = try reader.readBool()
    guard numbers.count == 3, means.count == links.count, squares.count == links.count else {
      throw .corrupt
    }
    (count, low, high) = (numbers[0], numbers[1], numbers[2])
  }
}

/// Where predictions stay: those of numbers in the labels' range and half of it on both sides, but not below 0 while
/// no label was.
///
/// A value of its own, got once a row: statistics that are asked are copied, with a reference counted for
/// each of their arrays.
struct TargetRange {
  private let isOfClasses: Bool
  private let least: Double
  private let most: Double
  private let middle: Double

  init(isOfClasses: Bool, low: Double, high: Double) {
    self.isOfClasses = isOfClasses
    let margin = (high - low) / 2
    least = low >= 0 ? max(0, low - margin) : low - margin
    most = high + margin
    middle = (low + high) / 2
  }

  /// The predictions of `count` predictors, a multiple of 4.
  @inline(__always)
  func predict(
    _ z: UnsafePointer<Double>, _ count: Int, _ link: Link, into p: UnsafeMutablePointer<Double>
  ) {
    guard let shape = link.shape else { return LogOdds.probabilities(z, count, into: p) }
    Experts.predictions(z, count, shape, least: least, most: most, middle: middle, into: p)
  }

  @inline(__always)
  func clamp(_ value: Double) -> Double {
    if isOfClasses { return value }
    // A comparison that a NaN fails ends at the middle.
    return value >= least ? min(value, most) : (value < least ? least : middle)
  }
}
