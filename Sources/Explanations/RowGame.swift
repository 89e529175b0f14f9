import Batches
import Learners

/// The game of a model that is known by its answers alone: rows are put together of the row in question and a usual one,
/// and the model is asked. Times, weights and the like stay those of the row in question.
///
/// Cost of a coalition: putting a row together, and one prediction.
final class RowGame: CoalitionGame {
  /// Rows that the model is asked for at a time at most.
  private static let blockRows = 256

  private let groups: FeatureGroups
  private let background: Background
  private let ask: (borrowing MicroBatch, inout [Double]) -> Void
  /// The row in question alone.
  private var own: MicroBatch
  private var asked: MicroBatch
  private var rival = 0
  private(set) var players: [Int] = []
  private var isIn: [Bool]

  /// `ask` writes a value for each row of a batch.
  init(
    _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups, _ background: Background,
    ask: @escaping (borrowing MicroBatch, inout [Double]) -> Void
  ) {
    (self.groups, self.background, self.ask) = (groups, background, ask)
    own = MicroBatch(capacity: 1, denseWidth: batch.denseWidth)
    own.append(row: row, of: batch)
    asked = MicroBatch(capacity: RowGame.blockRows, denseWidth: batch.denseWidth)
    isIn = Array(repeating: false, count: groups.count)
  }

  var rivals: Int { background.count }

  func face(_ rival: Int) {
    self.rival = background.places[rival]
    players.removeAll(keepingCapacity: true)
    let (x, y) = (own.dense(0), background.rows.dense(self.rival))
    for j in 0..<groups.denseWidth
    where x[j] != y[j] || own.isAbsent(0, j) != background.rows.isAbsent(self.rival, j) {
      players.append(j)
    }
    // What the groups have in the one row beyond the other: two that have the same differ in nothing.
    var tallies: [Int: [Int32: Double]] = [:]
    for (sparse, sign) in [(own.sparse(0), 1.0), (background.rows.sparse(self.rival), -1)] {
      for k in 0..<sparse.count {
        let group = groups.group(family: sparse.families[k], index: sparse.indices[k])
        tallies[group, default: [:]][sparse.indices[k], default: 0] += sign * sparse.values[k]
      }
    }
    let differing = tallies.filter { $0.value.values.contains { $0 != 0 } }
    players += differing.keys.sorted()
  }

  /// Puts the row together whose groups in `isIn` are those of the row in question.
  private func addRow() {
    let (x, y) = (own.dense(0), background.rows.dense(rival))
    let out = asked.nextDense
    for j in 0..<groups.denseWidth { out[j] = isIn[j] ? x[j] : y[j] }
    if own.hasAbsent || background.rows.hasAbsent {
      for j in 0..<groups.denseWidth
      where isIn[j] ? own.isAbsent(0, j) : background.rows.isAbsent(rival, j) {
        asked.markAbsent(j)
      }
    }
    // Both have their families in ascending order, and so has what comes of it.
    let (a, b) = (own.sparse(0), background.rows.sparse(rival))
    var (i, k) = (0, 0)
    while i < a.count || k < b.count {
      let takesOwn = k == b.count || (i < a.count && a.families[i] <= b.families[k])
      let (from, at) = takesOwn ? (a, i) : (b, k)
      let group = groups.group(family: from.families[at], index: from.indices[at])
      if isIn[group] == takesOwn {
        asked.addSparse(
          Int(from.indices[at]), from.values[at], family: Int(from.families[at]))
      }
      if takesOwn { i += 1 } else { k += 1 }
    }
    asked.endRow(
      target: .nan, weight: own.weights[0], time: own.times[0], line: own.lines[0])
  }

  /// Asks for the rows that wait, and appends what comes of it.
  private func flush(into values: inout [Double]) {
    guard asked.count > 0 else { return }
    ask(asked, &values)
    asked.removeAll()
  }

  private func begin(_ values: inout [Double]) {
    values.removeAll(keepingCapacity: true)
    // Groups that are no players have the same in both rows.
    for g in isIn.indices { isIn[g] = false }
  }

  private func add(_ values: inout [Double]) {
    addRow()
    if asked.isFull { flush(into: &values) }
  }

  func walk(_ order: [Int], into values: inout [Double]) {
    begin(&values)
    add(&values)
    for player in order {
      isIn[players[player]] = true
      add(&values)
    }
    flush(into: &values)
  }

  func all(into values: inout [Double]) {
    begin(&values)
    for set in 0..<(1 << players.count) {
      for (p, group) in players.enumerated() { isIn[group] = set >> p & 1 == 1 }
      add(&values)
    }
    flush(into: &values)
  }
}
