import Kernels

/// Values between 0 and 1 around a level that jumps 50 times, for detectors: nothing but a target.
struct Levels: RowStream {
  let columns: [Column] = []
  let target = Column(name: "value")

  private var random = RandomBits(seed: 404)
  private var level = 0.0

  mutating func next(_ index: Int, of count: Int, into row: inout TextRow) {
    if index % max(count / 50, 1) == 0 { level = 0.2 + 0.6 * random.unit() }
    let value = min(max(level + 0.1 * random.normal(), 0), 1)
    row.target = (value * 1e6).rounded() / 1e6
  }
}
