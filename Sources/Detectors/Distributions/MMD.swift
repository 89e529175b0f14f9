import Catalogues
import Kernels
package import Snapshots

/// MMD: the maximum mean discrepancy of rows of several numbers, the latest window against a reference.
///
/// The distance of two distributions P and Q is that of their mean features, here random Fourier features φ of
/// which D cosines and D sines stand for a Gaussian kernel (`FourierFeatures`):
///
///     MMD = |E_P φ(x) − E_Q φ(y)|/√D,  0 … √2
///
/// It is 0 for equal distributions, and but for what D frequencies miss for no others: unlike a test of each column
/// it also sees a change of how columns hang together. The first `scale` rows tell each column's mean and
/// deviation, and are compared with nothing; the next `reference` rows are the reference. After each further
/// `window` rows the two are compared by shuffling blocks of `block` rows (`BlockShuffle`), and a chance of at most
/// `alpha` is a drift. All then begins anew. With `against=previous` the rows just before are the reference.
///
/// The chance is exact, for any D, distribution and dependence between columns, if rows are independent of each
/// other: then P(chance ≤ α) ≤ α in each comparison: with the defaults, at most one false alarm in 250,000 rows
/// on average. Of rows that depend on earlier ones over less than `block` rows it nearly is; beyond, as of a season,
/// it is too small (`Benchmarks/ALARMS.md` has figures). Blocks also are what makes it cheap: shuffled are sums,
/// and rows are not kept.
///
/// A drift is placed before the block from which on the window differs most. `before` and `after` are the MMD
/// that shuffled rows show, root of the mean square, and the one found; of rows of one number its two means.
///
/// What changes in a few of many columns drowns: when two columns' correlation went from .8 to −.8, margins as
/// before, with `alpha=0.01` it saw so in 20 of 20 windows among 10 columns, but in 7 among 30 (`MMDTests`).
///
/// Chosen before the classifier two-sample test (D. Lopez-Paz and M. Oquab, ICLR 2017), which needs a learner that
/// is able to see the change and half of the rows to train it, and before the MMD's linear-time estimator, which
/// for the same power needs about the square of as many rows (Gretton et al., section 6).
///
/// Reference: A. Gretton, K. Borgwardt, M. Rasch, B. Schölkopf and A. Smola, A kernel two-sample test, Journal of
/// Machine Learning Research 13 (2012), equation 5 (the biased estimate).
///
/// Parameters: `alpha`; `reference` and `window` rows, multiples of `block`; `frequencies` D; `bandwidth`, the
/// kernel's width in deviations, times √columns; `scale` rows; `seed` of frequencies and shuffles. Cost: D·(2·d + 40)
/// operations a row of d columns, .46 µs for one (`make bench-micro`); 16·D bytes a block and 8·D·d, 130 KB with the
/// defaults, taken at the start.
///
///     weir detect --column a,b --detect mmd     rows whose correlation turns at 20000:
///     20099,mmd,drift,20000,0.05829572814599922,0.18190284619854027
package struct MMD: RowDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "mmd", "rows of several numbers, a window against a reference by kernel means (Gretton 2012)",
    parameters: [
      Parameter(
        "alpha", .real(default: 0.001, in: 1e-5...1), "chance of a false alarm, per comparison",
        strictness: .falling),
      Parameter("reference", .integer(default: 1000, in: 1...1_000_000), "rows compared with"),
      Parameter("window", .integer(default: 250, in: 1...1_000_000), "rows compared"),
      Parameter("block", .integer(default: 10, in: 1...10_000), "rows that are shuffled as one"),
      Parameter(
        "against", .choice(default: "reference", of: ["reference", "previous"]),
        "the first rows since an alarm, or those just before"),
      Parameter("frequencies", .integer(default: 64, in: 1...4096), "of the random features"),
      Parameter(
        "bandwidth", .real(default: 0.7, in: 1e-3...1e3),
        "width of the kernel, in deviations, times the root of the columns"),
      Parameter(
        "scale", .integer(default: 100, in: 2...1_000_000), "first rows, which tell the scales"),
      Parameter("seed", .integer(default: 42, in: 0...Int.max), "of frequencies and shuffles"),
    ],
    make: { settings, _ throws(SpecificationError) in
      let (reference, window) = (settings.integer("reference"), settings.integer("window"))
      let block = settings.integer("block")
      for (name, rows) in [("reference", reference), ("window", window)] where rows % block != 0 {
        throw .unfit(
          entry: "mmd", reason: "a \(name) of \(rows) rows is no multiple of blocks of \(block)")
      }
      return MMD(
        alpha: settings.real("alpha"), reference: reference, window: window, block: block,
        isSliding: settings.word("against") == "previous",
        frequencies: settings.integer("frequencies"), bandwidth: settings.real("bandwidth"),
        scale: settings.integer("scale"), seed: UInt64(settings.integer("seed")))
    })

  private let alpha: Double
  /// Blocks.
  private let (reference, window): (Int, Int)
  /// Rows.
  private let (block, scale): (Int, Int)
  private let isSliding: Bool
  private let (frequencies, bandwidth): (Int, Double)
  private let seed: UInt64

  package private(set) var width = 1
  private var random: RandomBits
  private var features: FourierFeatures
  private var shuffle: BlockShuffle
  /// Of each block a row of 2D + 1 numbers: sums of its rows' features, and of their first number.
  private var sums: [Double]
  private var stride: Int { 2 * frequencies + 1 }
  /// Rows since the scales were known; what is beyond the reference is the window.
  private var rows = 0

  /// The latest comparison: the MMD found, the one that shuffled rows show, and the chance.
  package private(set) var latest: (distance: Double, usual: Double, chance: Double)?

  init(
    alpha: Double = 0.001, reference: Int = 1000, window: Int = 250, block: Int = 10,
    isSliding: Bool = false, frequencies: Int = 64, bandwidth: Double = 0.7, scale: Int = 100,
    seed: UInt64 = 42, enough: Int = BlockShuffle.enough
  ) {
    precondition(
      reference % block == 0 && window % block == 0,
      "\(reference) and \(window) rows in blocks of \(block)")
    (self.alpha, self.block, self.scale) = (alpha, block, scale)
    (self.reference, self.window) = (reference / block, window / block)
    (self.isSliding, self.seed) = (isSliding, seed)
    (self.frequencies, self.bandwidth) = (frequencies, bandwidth)
    random = RandomBits(seed: seed)
    features = FourierFeatures(
      frequencies: frequencies, width: 1, bandwidth: bandwidth, &random)
    let blocks = (reference + window) / block
    shuffle = BlockShuffle(blocks: blocks, length: 2 * frequencies, enough: enough)
    sums = Array(repeating: 0, count: blocks * (2 * frequencies + 1))
  }

  package mutating func watch(width: Int) {
    precondition(width > 0, "rows of \(width) numbers")
    self.width = width
    random = RandomBits(seed: seed)
    features = FourierFeatures(
      frequencies: frequencies, width: width, bandwidth: bandwidth, &random)
    (rows, latest) = (0, nil)
  }

  package mutating func observe(row: UnsafeBufferPointer<Double>) -> DetectorAlarm? {
    precondition(row.count == width, "a row of \(row.count) numbers, not \(width)")
    guard features.gauged == scale else {
      features.gauge(row, of: scale)
      return nil
    }
    let stride = self.stride
    let start = rows / block * stride
    if rows % block == 0 { for k in start..<(start + stride) { sums[k] = 0 } }
    sums.withUnsafeMutableBufferPointer { sums in
      guard let sum = sums.baseAddress.map({ $0 + start }) else { return }
      features.add(row, to: sum)
      sum[stride - 1] += row[0]
    }
    rows += 1
    return rows == (reference + window) * block ? compare() : nil
  }

  private mutating func compare() -> DetectorAlarm? {
    let (stride, recent) = (self.stride, window)
    let outcome = sums.withUnsafeBufferPointer { sums -> BlockShuffle.Outcome? in
      sums.baseAddress.map {
        shuffle.test($0, stride: stride, recent: recent, alpha: alpha, &random)
      }
    }
    guard let outcome else { return nil }
    // From the sums' distance from what was expected to that of the two means.
    let unit =
      (1 / Double(window * block) + 1 / Double(reference * block))
      / Double(frequencies).squareRoot()
    let (distance, usual) = (
      unit * outcome.distance.squareRoot(), unit * outcome.usual.squareRoot()
    )
    latest = (distance, usual, outcome.chance)
    guard outcome.chance <= alpha else {
      if isSliding {
        sums.withUnsafeMutableBufferPointer { sums in
          let kept = reference * stride
          for k in 0..<kept { sums[k] = sums[k + recent * stride] }
        }
      }
      rows = reference * block
      return nil
    }
    let first = firstChangedBlock()
    let means = (
      mean(ofBlocks: 0..<first), mean(ofBlocks: first..<(reference + window))
    )
    features.forget()
    rows = 0
    return DetectorAlarm(
      level: .drift, valuesSinceChange: (reference + window - first) * block,
      before: width == 1 ? means.0 : usual, after: width == 1 ? means.1 : distance)
  }

  /// The block of the window at which what comes before and what comes from it on are farthest apart: with n and m
  /// blocks and means a and b, where n·m·|a − b|² is greatest.
  private func firstChangedBlock() -> Int {
    let (blocks, length) = (reference + window, 2 * frequencies)
    var farness = [Double](repeating: 0, count: window)
    for k in 0..<length {
      var (older, newer) = (0.0, 0.0)
      for block in 0..<reference { older += sums[block * stride + k] }
      for block in reference..<blocks { newer += sums[block * stride + k] }
      for block in reference..<blocks {
        let (n, m) = (Double(block), Double(blocks - block))
        let distance = older / n - newer / m
        farness[block - reference] += n * m * distance * distance
        older += sums[block * stride + k]
        newer -= sums[block * stride + k]
      }
    }
    let farthest = farness.indices.max { farness[$0] < farness[$1] }
    return reference + (farthest ?? 0)
  }

  private func mean(ofBlocks blocks: Range<Int>) -> Double {
    let sum = blocks.reduce(0.0) { $0 + sums[$1 * stride + stride - 1] }
    return sum / Double(blocks.count * block)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(width)
    writer.write(random.state)
    let gauge = features.gauge
    writer.write(gauge.count)
    writer.write(gauge.means)
    writer.write(gauge.scales)
    writer.write(rows)
    writer.write(Array(sums[..<((rows + block - 1) / block * stride)]))
    writer.write(latest.map { [$0.distance, $0.usual, $0.chance] } ?? [])
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard try reader.readInt() == width else { throw .corrupt }
    random.state = try reader.readWord()
    let count = try reader.readInt()
    let (means, scales) = (try reader.readDoubles(), try reader.readDoubles())
    rows = try reader.readInt()
    let stored = try reader.readDoubles()
    let compared = try reader.readDoubles()
    guard count <= scale, features.restore(count: count, means: means, scales: scales),
      (0..<((reference + window) * block)).contains(rows),
      stored.count == (rows + block - 1) / block * stride, [0, 3].contains(compared.count)
    else { throw .corrupt }
    for k in stored.indices { sums[k] = stored[k] }
    latest = compared.isEmpty ? nil : (compared[0], compared[1], compared[2])
  }
}
