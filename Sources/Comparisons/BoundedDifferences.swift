import Catalogues
import Snapshots

/// Makes differences of losses bounded: means of blocks, clipped at a scale that is known beforehand.
///
///     x = mean of the next `block` differences        s² = mean of min(x², (k·s)²) over the blocks before
///     r = clip(x/(k·s), −1, 1)                        k = `clip`
///
/// s is known before the block begins, so r is a variable between −1 and 1 whose bounds no event can move. What a
/// test of r's mean tells is told of *clipped* differences: no block speaks for more than k times what is usual.
/// It is the mean of plain differences where blocks beyond k·s are as frequent and as far on both sides. It is not
/// where one model is a little better nearly always and a disaster once in a long while: then the disasters count
/// for k·s each, and the clipped mean may have the other sign. Without a bound on losses no test can do better before
/// the first disaster has come; a longer `block` and a larger `clip` move where that begins, and cost power.
/// Differences of errors of classes, −1, 0 or 1, are only scaled: nothing is lost there.
///
/// Losses of neighbours are correlated. That is no matter: only the mean of r given all that came before is asked
/// for. The first blocks, four and 32 differences at least, give the scale and are not told of.
struct BoundedDifferences: Sendable {
  static func parameters(block: Int, clip: Double) -> [Parameter] {
    [
      Parameter("block", .integer(default: block, in: 1...100_000), "differences in a mean"),
      Parameter(
        "clip", .real(default: clip, in: 1...1000),
        "a block's mean counts for at most so many of its usual sizes"),
    ]
  }

  private let block: Int
  private let clip: Double
  private let blocksForScale: Int
  /// Differences taken, and their sum.
  private(set) var count = 0
  private var total = 0.0
  /// Of the block in the making.
  private var sum = 0.0
  private var filled = 0
  /// Blocks so far, and the sum of their squares as far as they count.
  private var blocks = 0
  private var squares = 0.0
  /// Values told of, and the sum of what 1 stood for in each.
  private var told = 0.0
  private var scales = 0.0

  init(block: Int, clip: Double) {
    (self.block, self.clip) = (block, clip)
    blocksForScale = max(4, (32 + block - 1) / block)
  }

  init(_ settings: Settings) {
    self.init(block: settings.integer("block"), clip: settings.real("clip"))
  }

  var mean: Double { total / Double(count) }

  /// What 1 stood for on average, in the unit of the losses.
  var meanScale: Double { told > 0 ? scales / told : 0 }

  /// What 1 stands for in the next value; 0 as long as there is no scale.
  private var scale: Double {
    blocks > 0 ? clip * (squares / Double(blocks)).squareRoot() : 0
  }

  /// Takes a difference; the next bounded value, if a block is full and there was a scale for it.
  mutating func take(_ difference: Double) -> Double? {
    let difference = difference.isNaN ? 0 : difference
    count += 1
    // A model that ran off: the block says which, the mean stays a number.
    if difference.isFinite { total += difference }
    sum += difference
    filled += 1
    guard filled == block else { return nil }
    let mean = sum.isNaN ? 0 : sum / Double(block)
    (sum, filled) = (0, 0)
    let scale = scale
    defer {
      blocks += 1
      let size = blocks > blocksForScale && scale > 0 ? min(abs(mean), scale) : abs(mean)
      if size.isFinite { squares += size * size }
    }
    guard blocks >= blocksForScale, scale > 0 else { return nil }
    told += 1
    scales += scale
    return max(-1, min(1, mean / scale))
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([count, filled, blocks])
    writer.write([total, sum, squares, told, scales])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    let sums = try reader.readDoubles()
    guard counts.count == 3, sums.count == 5, counts.allSatisfy({ $0 >= 0 }), counts[1] < block
    else { throw .corrupt }
    (count, filled, blocks) = (counts[0], counts[1], counts[2])
    (total, sum, squares) = (sums[0], sums[1], sums[2])
    (told, scales) = (sums[3], sums[4])
  }
}
