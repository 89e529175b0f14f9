import Catalogues
import Glibc
package import Snapshots

/// SEED: a window of blocks, cut where its two sides differ too much; blocks alike are made one.
///
/// Values are gathered in blocks of b = `block`, as (sum, squared deviations, count). Whenever a block is full,
/// each boundary between blocks is tried as a cut, newest first. With n₀ older and n₁ newer values of means μ₀
/// and μ₁, W = n₀ + n₁ and σ² the window's variance,
///
///     d = ln(2·ln(W)/δ)    m = 1/n₀ + 1/n₁    ε = √(2·m·σ²·d) + ⅔·d·m    cut if |μ₀ − μ₁| > ε
///
/// which is ADWIN's bound. At the first cut all that is older is dropped, and the next search is one block later.
/// So that boundaries stay few, after every `term` + 1 blocks neighbours are compared, newest first: the i-th pair,
/// i = 1, 2 …, becomes one block if its means are closer than i·ε′·α, with ε′ = `closeness` and α = `growth`.
/// What is old is thus kept coarsely, what is new finely.
///
/// Reference: D. T. J. Huang, Y. S. Koh, G. Dobbie and R. Pears, Detecting volatility shift in data streams, ICDM
/// 2014. It is computed as MOA's SEEDChangeDetector does it, which fires at the same values. Of MOA, not the paper:
///
/// - σ² is no variance. Each deviation is taken from the window's sum, the new value already in it, over one value
///   fewer: a constant c has Σ = c² in all. What a drop takes away are the dropped blocks' own shares, so that
///   between their mean and what remains nothing is subtracted. It depends on where zero lies.
/// - Of the two growths of the allowance, linear and exponential, only the linear one can be had; ε′ and α count
///   through their product alone.
/// - A drift ends the search, though what remains might be cut again.
///
/// MOA's window has no end while its blocks differ. Here the two oldest become one when there are `blocks` of them;
/// until then, 32,000 values at least with the defaults, the two agree.
///
/// Parameters: `delta`, in (0, 1): smaller is calmer; `block`, values; `closeness`, in the values' unit, and `growth`
/// (MOA's ranges: 32 … 256, 0.0025 … 0.01, 0.2 … 0.8); `term`, blocks; `blocks`. Cost: O(1) a value and O(blocks)
/// each `block` values, 16 ns a value (`make bench-micro`); 24 bytes a block, taken at the start.
///
///     for i in 0..<5000 { detector.observe(i < 2000 ? 0 : 1) }    drift at 2015: 32 values since, 0 → 0.5
package struct SEED: DriftDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "seed", "blocks, cut where their sides differ, alike ones made one (Huang et al. 2014)",
    parameters: [
      Parameter(
        "delta", .real(default: 0.05, in: 1e-300...1), "smaller is calmer", strictness: .falling),
      Parameter("block", .integer(default: 32, in: 1...1_000_000), "values in a block"),
      Parameter(
        "closeness", .real(default: 0.01, in: 0...1e300), "of means, that makes blocks alike"),
      Parameter("growth", .real(default: 0.8, in: 0...1e6), "of that from block to older block"),
      Parameter(
        "term", .integer(default: 75, in: 1...1_000_000), "blocks after which alike ones join"),
      Parameter("blocks", .integer(default: 1000, in: 3...1_000_000), "most blocks in the window"),
    ],
    make: { settings, _ in
      SEED(
        delta: settings.real("delta"), block: settings.integer("block"),
        closeness: settings.real("closeness"), growth: settings.real("growth"),
        term: settings.integer("term"), blocks: settings.integer("blocks"))
    })

  private struct Block {
    var total = 0.0
    var deviation = 0.0
    var count = 0
    var mean: Double { total / Double(count) }

    mutating func join(_ newer: Block) {
      total += newer.total
      deviation += newer.deviation
      count += newer.count
    }
  }

  private let delta: Double
  private let block: Int
  private let allowance: Double
  private let term: Int
  private let limit: Int

  /// Oldest first; the last one is being filled.
  private var blocks: [Block] = []
  /// Blocks begun since alike ones were last joined.
  private var begun = 0
  private var window = Block()

  package init(
    delta: Double = 0.05, block: Int = 32, closeness: Double = 0.01, growth: Double = 0.8,
    term: Int = 75, blocks: Int = 1000
  ) {
    (self.delta, self.block, self.term, limit) = (delta, block, term, blocks)
    allowance = closeness * growth
    self.blocks.reserveCapacity(limit)
    self.blocks.append(Block())
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if blocks[blocks.count - 1].count == block { beginBlock() }
    window.total += value
    window.count += 1
    if window.count > 1 {
      let others = Double(window.count - 1)
      let distance = value - window.total / others
      let share = others * distance * distance / Double(window.count)
      window.deviation += share
      blocks[blocks.count - 1].deviation += share
    }
    blocks[blocks.count - 1].total += value
    blocks[blocks.count - 1].count += 1
    guard blocks[blocks.count - 1].count == block, blocks.count > 1 else { return nil }
    return search()
  }

  private mutating func beginBlock() {
    if blocks.count > 1, begun > term {
      begun = 0
      joinAlike()
    }
    if blocks.count == limit {
      blocks[0].join(blocks[1])
      blocks.remove(at: 1)
    }
    blocks.append(Block())
    begun += 1
  }

  /// Goes from the newest pair to the oldest; what was joined is compared with what is older still.
  private mutating func joinAlike() {
    var allowed = 0.0
    // Kept blocks gather at the end, so that each is moved once.
    var kept = blocks.count - 1
    for older in stride(from: blocks.count - 2, through: 0, by: -1) {
      allowed += allowance
      if abs(blocks[older].mean - blocks[kept].mean) < allowed {
        let newer = blocks[kept]
        blocks[kept] = blocks[older]
        blocks[kept].join(newer)
      } else {
        kept -= 1
        blocks[kept] = blocks[older]
      }
    }
    blocks.removeFirst(kept)
  }

  private mutating func search() -> DetectorAlarm? {
    let logTerm = log(2 * log(Double(window.count)) / delta)
    let variance = window.deviation / Double(window.count)
    var (older, newer) = (Double(window.count), 0.0)
    var (olderTotal, newerTotal) = (window.total, 0.0)
    for index in stride(from: blocks.count - 1, to: 0, by: -1) {
      older -= Double(blocks[index].count)
      newer += Double(blocks[index].count)
      olderTotal -= blocks[index].total
      newerTotal += blocks[index].total
      let weight = 1 / older + 1 / newer
      let bound = (2 * weight * variance * logTerm).squareRoot() + 2.0 / 3 * logTerm * weight
      guard abs(newerTotal / newer - olderTotal / older) > bound else { continue }
      drop(index)
      return DetectorAlarm(
        level: .drift, valuesSinceChange: window.count, before: olderTotal / older,
        after: newerTotal / newer)
    }
    return nil
  }

  /// Takes the oldest blocks out of the window.
  private mutating func drop(_ count: Int) {
    for index in stride(from: count - 1, through: 0, by: -1) {
      window.total -= blocks[index].total
      window.deviation -= blocks[index].deviation
      window.count -= blocks[index].count
    }
    blocks.removeFirst(count)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write([window.total, window.deviation])
    writer.write(begun)
    writer.write(blocks.map(\.total))
    writer.write(blocks.map(\.deviation))
    writer.write(blocks.map(\.count))
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let sums = try reader.readDoubles()
    begun = try reader.readInt()
    let totals = try reader.readDoubles()
    let deviations = try reader.readDoubles()
    let counts = try reader.readInts()
    guard sums.count == 2, (1...limit).contains(totals.count), deviations.count == totals.count,
      counts.count == totals.count, counts.allSatisfy({ (0...Int.max / limit).contains($0) })
    else { throw .corrupt }
    // In place, so that the room for `limit` blocks stays.
    blocks.removeAll(keepingCapacity: true)
    for index in totals.indices {
      blocks.append(
        Block(total: totals[index], deviation: deviations[index], count: counts[index]))
    }
    window = Block(total: sums[0], deviation: sums[1], count: counts.reduce(0, +))
  }
}
