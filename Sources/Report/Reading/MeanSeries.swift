/// The mean of a number over stretches of a run, in bounded memory: for curves that are to be smooth.
///
/// There are `most` stretches at most, each of as many values; when there would be more, each two become one.
package struct MeanSeries: Sendable {
  private struct Stretch {
    var first: Int
    var last: Int
    var sum: Double
    var count: Int
  }

  private let most: Int
  private var width: Int
  private var stretches: [Stretch] = []

  /// - Parameters:
  ///   - most: stretches at most.
  ///   - width: values of a stretch at first.
  package init(most: Int = 160, width: Int = 32) { (self.most, self.width) = (most, width) }

  package mutating func append(_ value: Double, event: Int) {
    if let end = stretches.indices.last, stretches[end].count < width {
      stretches[end].sum += value
      stretches[end].count += 1
      stretches[end].last = event
      return
    }
    if stretches.count == most {
      stretches = stride(from: 0, to: most - 1, by: 2).map { place in
        let (a, b) = (stretches[place], stretches[place + 1])
        return Stretch(
          first: a.first, last: b.last, sum: a.sum + b.sum, count: a.count + b.count)
      }
      width *= 2
    }
    stretches.append(Stretch(first: event, last: event, sum: value, count: 1))
  }

  /// The means, each at the middle of its stretch; a last stretch that is hardly begun is left out.
  package var series: ThinnedSeries {
    var series = ThinnedSeries(most: most)
    for stretch in stretches where stretch.count * 2 >= width || stretches.count == 1 {
      series.append(
        stretch.sum / Double(stretch.count), event: (stretch.first + stretch.last) / 2)
    }
    return series
  }
}
