import Batches
import Glibc
import Learners
import Snapshots

/// Which products of features are worth a weight of their own, found out while the stream goes on.
///
/// **Adding.** For every pair of categories, and every family with every dense feature, a `ResidualTable`
/// of the served model's errors tells what weights for that product would have taken away. At
/// multiples of `period` events the product that promises most is added if its score is more than
/// `significance` deviations above chance and it would have saved `leastSaving` of the squared errors
/// after the price of its cells. Then the tables of products that share a part with it begin again:
/// their errors are no longer the same.
///
/// **Dropping.** The model takes each row apart (`Dissections`): what its loss would have been without
/// the part of one family or number, as it deviates from its mean, is tallied (`PartTally`). What has
/// not lessened the loss after `patience` events goes: what only carries noise is
/// on its way to a loss of its own. Numbers that are part of a family stay, and so do categories while a
/// product of theirs is near to being added.
///
/// Errors of numbers that are never negative are those of their square roots; errors of classes y − p.
/// Both happen at fixed positions of the stream, from labels that have come.
///
/// Cost of a row: one addition for each candidate, at most `mostCandidates`.
struct FeatureScreen: Snapshotted, Sendable {
  static let period = 512
  private static let significance = 4.0
  private static let leastSaving = 0.004
  private static let patience = 2048
  /// Rows that count in full; then they are halved.
  private static let memory = 8192
  private static let mostCandidates = 400
  /// Levels of a family that may be multiplied with others, and cells of a product.
  private static let mostLevels = 32
  private static let mostCells = 512

  /// A product that is not yet a family.
  private struct Candidate: Sendable {
    let product: Product
    var table = ResidualTable()
  }

  private enum Product: Sendable, Equatable {
    case families(Int, Int)
    case scaled(family: Int, dense: Int)
  }

  private struct Scale: Sendable {
    var (count, mean, squares) = (0.0, 0.0, 0.0)

    /// The value in deviations from the mean, between −5 and 5; then the value is taken in.
    mutating func standardise(_ value: Double) -> Double {
      let z = squares > 0 ? (value - mean) * (count / squares).squareRoot() : 0
      count += 1
      let distance = value - mean
      mean += distance / count
      squares += distance * (value - mean)
      return max(-5, min(5, z))
    }
  }

  private let task: Task
  private let denseNames: [String]
  private var families: [FeatureFamily]
  /// Event of the last change: rows from before it have other families.
  private(set) var changed = 0
  /// Sparse indices of each family, in the order in which they were met.
  private var indices: [[Int]]
  /// For each sparse index its number among its family's.
  private var numbers: [Int32] = []
  private var candidates: [Candidate] = []
  private var scales: [Scale]
  private var standardised: [Double]
  private var slots: [Int] = []
  private var cells: [Int]
  /// What each family has been worth since it came, and each dense feature.
  private var familyTallies: [PartTally]
  private var numberTallies: [PartTally]
  private var muted: Set<Int> = []
  private var hasNegative = false
  private var (rows, squares) = (0.0, 0.0)

  init(_ schema: Schema, _ families: [FeatureFamily]) {
    task = schema.task
    denseNames = schema.denseNames
    self.families = families
    indices = families.map { _ in [] }
    cells = families.map { _ in 0 }
    familyTallies = families.map { _ in PartTally() }
    numberTallies = Array(repeating: PartTally(), count: schema.denseWidth)
    scales = Array(repeating: Scale(), count: schema.denseWidth)
    standardised = Array(repeating: 0, count: schema.denseWidth)
    findCandidates()
  }

  /// All products of two that are no family yet, as many as there is room for.
  private mutating func findCandidates() {
    let before = candidates
    candidates = []
    slots = families.indices.filter { families[$0].isOn }
    let isKnown = Set(families.filter(\.isOn).map { FeatureScreen.key($0.levels, $0.dense) })
    let narrow = slots.filter { indices[$0].count <= FeatureScreen.mostLevels }
    for a in narrow where families[a].levels.count == 1 && families[a].dense.isEmpty {
      for b in narrow where b > a && families[b].levels.count == 1 && families[b].dense.isEmpty {
        let levels = families[a].levels + families[b].levels
        guard Set(levels).count == 2, !isKnown.contains(FeatureScreen.key(levels, [])) else {
          continue
        }
        candidates.append(Candidate(product: .families(a, b)))
      }
    }
    for a in narrow where families[a].dense.isEmpty {
      for j in scales.indices
      where !muted.contains(j) && !isKnown.contains(FeatureScreen.key(families[a].levels, [j])) {
        candidates.append(Candidate(product: .scaled(family: a, dense: j)))
      }
    }
    if candidates.count > FeatureScreen.mostCandidates {
      candidates.removeLast(candidates.count - FeatureScreen.mostCandidates)
    }
    for k in candidates.indices {
      let own = candidates[k]
      if let known = before.first(where: { $0.product == own.product }) {
        candidates[k].table = known.table
      }
    }
  }

  private static func key(_ levels: [Int], _ dense: [Int]) -> [Int] {
    levels.sorted() + [-1] + dense.sorted()
  }

  // MARK: - Watching

  /// Takes rows whose labels have come, with what had been predicted of them.
  mutating func observe(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ predictions: borrowing Predictions,
    _ dissections: Dissections
  ) {
    for row in 0..<dissections.count { tally(dissections, row) }
    for row in rows where !batch.targets[row].isNaN {
      let label = batch.targets[row]
      if task == .regression, label < 0, !hasNegative {
        hasNegative = true
        (self.rows, squares) = (0, 0)
        for k in candidates.indices { candidates[k].table.clear() }
      }
      let (error, curvature) = error(label, predictions[row])
      guard error.isFinite else { continue }
      observe(batch.sparse(row), batch.dense(row), error: error, curvature: curvature)
    }
  }

  private mutating func tally(_ dissections: Dissections, _ row: Int) {
    let parts = dissections.range(row)
    let (z, target) = (dissections.predictors[row], dissections.targets[row])
    let isNumber = task == .regression
    let width = numberTallies.count
    for j in 0..<width {
      numberTallies[j].observe(
        dissections.part(parts.lowerBound + j), of: z, target: target, isNumber: isNumber)
    }
    for s in 0..<min(slots.count, parts.count - width) {
      familyTallies[slots[s]].observe(
        dissections.part(parts.lowerBound + width + s), of: z, target: target,
        isNumber: isNumber)
    }
  }

  private func error(_ label: Double, _ said: Double) -> (error: Double, curvature: Double) {
    guard task == .regression else { return (label - said, max(said * (1 - said), 1e-4)) }
    return hasNegative ? (label - said, 1) : (label.squareRoot() - max(said, 0).squareRoot(), 1)
  }

  private mutating func observe(
    _ sparse: SparseRow, _ dense: UnsafePointer<Double>, error: Double, curvature: Double
  ) {
    rows += 1
    // No error counts for more than five deviations: one accident would choose the features.
    let most = 5 * (rows > 20 ? (squares / rows).squareRoot() : .infinity)
    let error = max(-most, min(most, error))
    squares += error * error / curvature
    for s in 0..<min(slots.count, sparse.count) {
      let index = Int(sparse.indices[s])
      while numbers.count <= index { numbers.append(-1) }
      if numbers[index] < 0 {
        numbers[index] = Int32(indices[slots[s]].count)
        indices[slots[s]].append(index)
      }
      cells[slots[s]] = Int(numbers[index])
    }
    for j in scales.indices { standardised[j] = scales[j].standardise(dense[j]) }
    for k in candidates.indices {
      var (cell, x) = (0, 1.0)
      switch candidates[k].product {
      case .families(let a, let b):
        guard max(cells[a], cells[b]) < FeatureScreen.mostLevels else { continue }
        // Cells of a pair are numbered as if one side had room for all levels.
        cell = cells[a] * FeatureScreen.mostLevels + cells[b]
      case .scaled(let family, let dense):
        guard cells[family] < FeatureScreen.mostCells else { continue }
        (cell, x) = (cells[family], standardised[dense])
      }
      candidates[k].table.observe(cell: cell, x: x, error: error, curvature: curvature)
    }
  }

  // MARK: - Snapshots

  func write(to writer: inout SnapshotWriter) {
    writer.write(families) { writer, family in
      writer.write(family.name)
      writer.write(family.levels)
      writer.write(family.dense)
      writer.write(family.isOn)
    }
    writer.write(changed)
    writer.write(indices) { $0.write($1) }
    writer.write(numbers)
    writer.write(candidates) { writer, candidate in
      switch candidate.product {
      case .families(let a, let b): writer.write([0, a, b])
      case .scaled(let family, let dense): writer.write([1, family, dense])
      }
      candidate.table.write(to: &writer)
    }
    writer.write(scales) { $0.write([$1.count, $1.mean, $1.squares]) }
    writer.write(slots)
    writer.write(cells)
    writer.write(familyTallies) { $1.write(to: &$0) }
    writer.write(numberTallies) { $1.write(to: &$0) }
    writer.write(muted.sorted())
    writer.write(hasNegative)
    writer.write([rows, squares])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    families = try reader.readList { reader throws(SnapshotError) in
      FeatureFamily(
        name: try reader.readString(), levels: try reader.readInts(), dense: try reader.readInts(),
        isOn: try reader.readBool())
    }
    changed = try reader.readInt()
    indices = try reader.readList { reader throws(SnapshotError) in try reader.readInts() }
    numbers = try reader.readInt32s()
    candidates = try reader.readList { reader throws(SnapshotError) in
      let product = try reader.readInts()
      guard product.count == 3 else { throw SnapshotError.corrupt }
      var candidate = Candidate(
        product: product[0] == 0
          ? .families(product[1], product[2]) : .scaled(family: product[1], dense: product[2]))
      try candidate.table.restore(from: &reader)
      return candidate
    }
    scales = try reader.readList { reader throws(SnapshotError) in
      let n = try reader.readDoubles(count: 3)
      return Scale(count: n[0], mean: n[1], squares: n[2])
    }
    slots = try reader.readInts()
    cells = try reader.readInts()
    familyTallies = try FeatureScreen.tallies(from: &reader)
    numberTallies = try FeatureScreen.tallies(from: &reader)
    muted = Set(try reader.readInts())
    hasNegative = try reader.readBool()
    let n = try reader.readDoubles(count: 2)
    (rows, squares) = (n[0], n[1])
    guard indices.count == families.count, cells.count == families.count,
      familyTallies.count == families.count, numberTallies.count == denseNames.count,
      scales.count == denseNames.count, slots.allSatisfy(families.indices.contains)
    else { throw .corrupt }
  }

  private static func tallies(
    from reader: inout SnapshotReader
  ) throws(SnapshotError) -> [PartTally] {
    try reader.readList { reader throws(SnapshotError) in
      var tally = PartTally()
      try tally.restore(from: &reader)
      return tally
    }
  }

  // MARK: - Deciding

  /// What is to change from here on, and why.
  mutating func decide() -> [(FeatureChange, Verdict)] {
    var changes: [(FeatureChange, Verdict)] = []
    let promising = promising()
    for family in families.indices
    where families[family].isOn && !promising.contains(family) {
      let tally = familyTallies[family]
      guard tally.rows >= FeatureScreen.patience, tally.deviations < 0 else { continue }
      families[family].isOn = false
      changes.append((.drop(family: family), tally.verdict(families[family].name)))
    }
    let used = Set(families.filter(\.isOn).flatMap(\.dense))
    for j in numberTallies.indices where !used.contains(j) && !muted.contains(j) {
      let tally = numberTallies[j]
      guard tally.rows >= FeatureScreen.patience, tally.deviations < 0 else { continue }
      muted.insert(j)
      changes.append((.mute(dense: j), tally.verdict(denseNames[j])))
    }
    if let (candidate, verdict) = most() {
      let (levels, dense) = product(candidate)
      // What is like it may have told of the same errors.
      for k in candidates.indices where isAlike(candidates[k].product, candidate) {
        candidates[k].table.clear()
      }
      changes.append((.add(levels: levels, dense: dense), verdict))
    }
    for k in candidates.indices
    where candidates[k].table.rows > Double(FeatureScreen.memory) {
      candidates[k].table.halve()
    }
    return changes
  }

  /// Takes the families as they are once the changes are made.
  mutating func adopt(_ now: [FeatureFamily], events: Int) {
    for f in now.indices where f >= families.count || (now[f].isOn && !families[f].isOn) {
      if f >= families.count {
        indices.append([])
        cells.append(0)
        familyTallies.append(PartTally())
      } else {
        familyTallies[f] = PartTally()
      }
    }
    families = now
    changed = events
    findCandidates()
  }

  /// Why a family comes or goes.
  struct Verdict {
    let name: String
    /// How many standard deviations above chance it is worth something.
    let deviations: Double
    /// Rows on which that was found.
    let rows: Int
  }

  /// Families of which a product looks as if it might pay: without them it could not be found.
  private func promising() -> Set<Int> {
    var found: Set<Int> = []
    for candidate in candidates where candidate.table.rows > 0 {
      let (_, score, cells) = candidate.table.gain
      guard FeatureScreen.deviations(score, cells) > 0.75 * FeatureScreen.significance else {
        continue
      }
      switch candidate.product {
      case .families(let a, let b): found.formUnion([a, b])
      case .scaled(let family, _): found.insert(family)
      }
    }
    return found
  }

  private func isAlike(_ a: Product, _ b: Product) -> Bool {
    let (own, other) = (product(a), product(b))
    return !Set(own.levels).isDisjoint(with: other.levels)
      || !Set(own.dense).isDisjoint(with: other.dense)
  }

  private func product(_ product: Product) -> (levels: [Int], dense: [Int]) {
    switch product {
    case .families(let a, let b): (families[a].levels + families[b].levels, [])
    case .scaled(let family, let dense): (families[family].levels, [dense])
    }
  }

  private func most() -> (Product, Verdict)? {
    var best: (Product, Verdict)?
    var bestSaving = FeatureScreen.leastSaving
    for candidate in candidates
    where candidate.table.rows >= Double(FeatureScreen.patience) && isStanding(candidate.product) {
      let table = candidate.table
      let (saved, score, cells) = table.gain
      // The part of the squared errors that is left to be saved once every cell has had its price.
      let saving = saved / table.errors - 2 * cells / table.rows
      guard saving > bestSaving,
        FeatureScreen.deviations(score, cells) > FeatureScreen.significance
      else { continue }
      bestSaving = saving
      best = (
        candidate.product,
        Verdict(
          name: name(candidate.product), deviations: FeatureScreen.deviations(score, cells),
          rows: Int(table.rows))
      )
    }
    return best
  }

  /// Whether none of its parts has just been dropped.
  private func isStanding(_ product: Product) -> Bool {
    switch product {
    case .families(let a, let b): families[a].isOn && families[b].isOn
    case .scaled(let family, let dense): families[family].isOn && !muted.contains(dense)
    }
  }

  /// How far a χ² of `cells` degrees of freedom lies above chance, on the scale of a normal variable
  /// (E. B. Wilson and M. M. Hilferty, The distribution of chi-square, 1931).
  static func deviations(_ score: Double, _ cells: Double) -> Double {
    guard cells > 0 else { return 0 }
    let spread = 2 / (9 * cells)
    return (cbrt(score / cells) - (1 - spread)) / spread.squareRoot()
  }

  private func name(_ product: Product) -> String {
    switch product {
    case .families(let a, let b): "\(families[a].name)*\(families[b].name)"
    case .scaled(let family, let dense): "\(families[family].name)*\(denseNames[dense])"
    }
  }
}
