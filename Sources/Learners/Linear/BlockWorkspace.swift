/// What `RateGrid` needs for a block of rows; sizes are fixed by the block and the number of rates.
///
/// One piece of memory, lent by pointers for as long as a block takes. Rates stand side by side in `lanes`, their number
/// rounded up to a multiple of 4; a lane without a rate stays 0.
struct BlockWorkspace: Sendable {
  let block: Int
  let dense: Int
  let lanes: Int
  private var storage: [Double]
  /// A row's sparse features by index, while G is made.
  private var scatter: [Double] = []

  init(block: Int, dense: Int, rates: Int) {
    (self.block, self.dense) = (block, dense)
    let lanes = (rates + 3) & ~3
    self.lanes = lanes
    storage = []
    let sizes = BlockWorkspace.sizes(block, dense, lanes)
    storage = Array(repeating: 0, count: sizes.reduce(0, +))
  }

  var memoryBytes: Int { 8 * (storage.count + scatter.count) }

  private static func sizes(_ block: Int, _ dense: Int, _ lanes: Int) -> [Int] {
    [block * dense, block * dense, block * block, block * block]
      + Array(repeating: block * lanes, count: 3) + [(block + 1) * lanes]
      + Array(repeating: lanes, count: 4) + [block]
  }

  /// Lends the memory; `sparse` is how many sparse features there are.
  mutating func lend(sparse: Int, _ body: (Block) -> Void) {
    if sparse > scatter.count {
      scatter.append(contentsOf: repeatElement(0, count: sparse - scatter.count))
    }
    let (block, dense, lanes) = (block, dense, lanes)
    storage.withUnsafeMutableBufferPointer { storage in
      scatter.withUnsafeMutableBufferPointer { scatter in
        guard var next = storage.baseAddress else { return }
        func take(_ count: Int) -> UnsafeMutablePointer<Double> {
          defer { next += count }
          return next
        }
        body(
          Block(
            size: block, dense: dense, lanes: lanes, before: take(block * dense),
            after: take(block * dense), crossBefore: take(block * block),
            crossAfter: take(block * block), zBefore: take(block * lanes),
            zAfter: take(block * lanes), steps: take(block * lanes),
            shrink: take((block + 1) * lanes), rates: take(lanes), factors: take(lanes),
            intercepts: take(lanes), losses: take(lanes), norms: take(block),
            scatter: scatter.baseAddress ?? next))
      }
    }
  }

  /// The memory while it is lent: B rows, L lanes.
  struct Block {
    let size: Int
    let dense: Int
    let lanes: Int
    /// B×dense: rows as scaled before, and with, each.
    let before: UnsafeMutablePointer<Double>
    let after: UnsafeMutablePointer<Double>
    /// B×B.
    let crossBefore: UnsafeMutablePointer<Double>
    let crossAfter: UnsafeMutablePointer<Double>
    /// B×L: predictors under the weights before the block, then those one by one.
    let zBefore: UnsafeMutablePointer<Double>
    let zAfter: UnsafeMutablePointer<Double>
    let steps: UnsafeMutablePointer<Double>
    /// (B+1)×L: products of the shrinking factors.
    let shrink: UnsafeMutablePointer<Double>
    /// L: the rates at the row at hand, their shrinking factors, intercepts and discounted losses.
    let rates: UnsafeMutablePointer<Double>
    let factors: UnsafeMutablePointer<Double>
    let intercepts: UnsafeMutablePointer<Double>
    let losses: UnsafeMutablePointer<Double>
    /// |x̂|² of each row.
    let norms: UnsafeMutablePointer<Double>
    /// Zeros, one for each sparse feature.
    let scatter: UnsafeMutablePointer<Double>
  }
}
