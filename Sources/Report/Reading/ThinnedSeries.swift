/// A number over the events of a run, in bounded memory: of each stretch of events the least and the greatest value, so that
/// no peak is lost, however long the run.
///
/// There are `most` stretches at most; when there would be more, each two become one. Up to that many values are kept as they are.
package struct ThinnedSeries: Sendable {
  package struct Point: Sendable, Equatable {
    package let event: Int
    package let value: Double
  }

  private struct Stretch {
    var least: Point
    var greatest: Point
    var last: Point
    var count: Int

    mutating func add(_ other: Stretch) {
      if other.least.value < least.value { least = other.least }
      if other.greatest.value > greatest.value { greatest = other.greatest }
      last = other.last
      count += other.count
    }
  }

  private let most: Int
  private var stretches: [Stretch] = []
  /// Values of each stretch but the last.
  private var width = 1
  package private(set) var count = 0

  package init(most: Int = 2048) { self.most = most }

  /// Takes a value; events must not fall.
  package mutating func append(_ value: Double, event: Int) {
    let point = Point(event: event, value: value)
    let one = Stretch(least: point, greatest: point, last: point, count: 1)
    count += 1
    if let end = stretches.indices.last, stretches[end].count < width {
      stretches[end].add(one)
      return
    }
    if stretches.count == most { halve() }
    if let end = stretches.indices.last, stretches[end].count < width {
      stretches[end].add(one)
    } else {
      stretches.append(one)
    }
  }

  private mutating func halve() {
    var fewer: [Stretch] = []
    fewer.reserveCapacity(most)
    for start in stride(from: 0, to: stretches.count, by: 2) {
      var stretch = stretches[start]
      if start + 1 < stretches.count { stretch.add(stretches[start + 1]) }
      fewer.append(stretch)
    }
    stretches = fewer
    width *= 2
  }

  /// The least and the greatest value of each stretch, in their order, and the last value of all.
  package var points: [Point] {
    var points: [Point] = []
    for stretch in stretches {
      let isRising = stretch.least.event <= stretch.greatest.event
      points.append(isRising ? stretch.least : stretch.greatest)
      if stretch.count > 1, stretch.least != stretch.greatest {
        points.append(isRising ? stretch.greatest : stretch.least)
      }
    }
    if let last, points.last != last { points.append(last) }
    return points
  }

  package var last: Point? { stretches.last?.last }

  /// At most `columns` stretches of equal width over `events`, the least and the greatest value of each.
  package func points(columns: Int, over events: ClosedRange<Int>) -> [Point] {
    let all = points
    guard all.count > 2 * columns else { return all }
    let span = Double(max(1, events.upperBound - events.lowerBound))
    var (kept, start) = ([Point](), 0)
    func column(_ point: Point) -> Int {
      Int(Double(point.event - events.lowerBound) / span * Double(columns))
    }
    while start < all.count {
      var (least, greatest, end) = (all[start], all[start], start)
      let here = column(all[start])
      while end < all.count, column(all[end]) == here {
        if all[end].value < least.value { least = all[end] }
        if all[end].value > greatest.value { greatest = all[end] }
        end += 1
      }
      let isRising = least.event <= greatest.event
      kept.append(isRising ? least : greatest)
      if least != greatest { kept.append(isRising ? greatest : least) }
      start = end
    }
    if let last = all.last, kept.last != last { kept.append(last) }
    return kept
  }
}

/// Some of a sequence, evenly spread, in bounded memory: every so-and-so-many-th, that number doubling when there are too many.
package struct Spread<Element: Sendable>: Sendable {
  private let most: Int
  private var every = 1
  /// How many there were.
  package private(set) var count = 0
  package private(set) var kept: [Element] = []

  package init(most: Int) { self.most = most }

  /// Takes an element; it is made only if it is kept.
  package mutating func append(_ element: () -> Element?) {
    defer { count += 1 }
    guard count % every == 0 else { return }
    if kept.count == most {
      kept = stride(from: 0, to: kept.count, by: 2).map { kept[$0] }
      every *= 2
      guard count % every == 0 else { return }
    }
    if let element = element() { kept.append(element) }
  }
}
