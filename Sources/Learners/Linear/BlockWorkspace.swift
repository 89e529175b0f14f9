/// What `RateGrid` needs for a block of rows; sizes are fixed by the block and the number of rates.
struct BlockWorkspace: Sendable {
  /// B×dense: rows as scaled before, and with, each.
  var before: [Double]
  var after: [Double]
  /// B×B.
  var crossBefore: [Double]
  var crossAfter: [Double]
  /// B×K.
  var zBefore: [Double]
  var zAfter: [Double]
  var steps: [Double]
  /// (B+1)×K: products of the shrinking factors.
  var shrink: [Double]
  /// |x̂|² of each row.
  var norms: [Double]
  /// A row's sparse features by index, while G is made.
  var scatter: [Double] = []

  init(block: Int, dense: Int, rates: Int) {
    before = Array(repeating: 0, count: block * dense)
    after = before
    crossBefore = Array(repeating: 0, count: block * block)
    crossAfter = crossBefore
    zBefore = Array(repeating: 0, count: block * rates)
    zAfter = zBefore
    steps = zBefore
    shrink = Array(repeating: 1, count: (block + 1) * rates)
    norms = Array(repeating: 0, count: block)
  }
}
