/// What a leaf knows of one number, class by class, without a guess at its distribution: bins that do not
/// overlap, each with its least and greatest value and the weight of every class.
///
/// A value that lies in no bin begins one; when there are more than `most`, the two neighbours that weigh least
/// together become one. So bins stay about equally heavy, and whatever the merging, the classes' weights on
/// both sides of the gap between two bins are exact.
///
/// In memory, C classes: the number of bins, then for each bin in order
///
///     least, greatest, weight, then C weights
///
/// Reference: as the histograms of Y. Ben-Haim and E. Tom-Tov, A streaming parallel decision tree algorithm,
/// JMLR 11 (2010), with the least weight merged instead of the least gap, and bounds kept instead of centres.
struct ClassHistogram {
  private let base: UnsafeMutablePointer<Double>
  private let classes: Int
  private let most: Int

  /// A histogram in the `size(classes:most:)` elements at `base`; zeros are an empty one.
  init(_ base: UnsafeMutablePointer<Double>, classes: Int, most: Int) {
    (self.base, self.classes, self.most) = (base, classes, most)
  }

  /// One bin more than `most`: the new one has a place until two have been merged.
  static func size(classes: Int, most: Int) -> Int { most > 0 ? 1 + (most + 1) * (3 + classes) : 0 }

  var count: Int { Int(base[0]) }
  private var stride: Int { 3 + classes }
  private func bin(_ k: Int) -> UnsafeMutablePointer<Double> { base + 1 + k * stride }

  /// Takes a value of class `c`.
  func add(_ value: Double, class c: Int, weight: Double) {
    guard value.isFinite else { return }
    // The first bin that does not end before the value.
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if bin(middle)[1] < value { low = middle + 1 } else { high = middle }
    }
    if low == count || value < bin(low)[0] { open(at: low, value) }
    let own = bin(low)
    own[2] += weight
    own[3 + c] += weight
    if count > most { mergeLightest() }
  }

  private func open(at position: Int, _ value: Double) {
    let own = bin(position)
    (own + stride).update(from: own, count: (count - position) * stride)
    base[0] += 1
    (own[0], own[1]) = (value, value)
    for k in 2..<stride { own[k] = 0 }
  }

  private func mergeLightest() {
    var (lightest, least) = (0, Double.infinity)
    for k in 0..<(count - 1) {
      let weight = bin(k)[2] + bin(k + 1)[2]
      if weight < least { (lightest, least) = (k, weight) }
    }
    let (own, next) = (bin(lightest), bin(lightest + 1))
    own[1] = next[1]
    for k in 2..<stride { own[k] += next[k] }
    next.update(from: next + stride, count: (count - lightest - 2) * stride)
    base[0] -= 1
  }

  /// Calls `body` with a threshold in every gap between two bins, in order, and the classes' weights at and
  /// below it.
  func forEachGap(_ sums: inout [Double], _ body: (Double, [Double]) -> Void) {
    for c in 0..<classes { sums[c] = 0 }
    for k in 0..<max(0, count - 1) {
      for c in 0..<classes { sums[c] += bin(k)[3 + c] }
      body(ClassHistogram.middle(bin(k)[1], bin(k + 1)[0]), sums)
    }
  }

  /// A number that separates two: never the greater, whatever the rounding.
  private static func middle(_ a: Double, _ b: Double) -> Double {
    let middle = a + (b - a) / 2
    return middle < b ? middle : a
  }

  /// Adds the classes' weights of the bins that end at or below `threshold` to `sums`.
  func addWeights(upTo threshold: Double, to sums: inout [Double]) {
    for k in 0..<count where bin(k)[1] <= threshold {
      for c in 0..<classes { sums[c] += bin(k)[3 + c] }
    }
  }

  /// Takes what another of fewer classes knows.
  func take(_ other: ClassHistogram) {
    base[0] = other.base[0]
    for k in 0..<other.count {
      bin(k).update(from: other.bin(k), count: other.stride)
      for c in other.classes..<classes { bin(k)[3 + c] = 0 }
    }
  }
}
