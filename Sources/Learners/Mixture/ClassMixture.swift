import Batches
import Catalogues
import Glibc
import Kernels
import Snapshots

/// The mixture for more than two classes: for each class a `FirstOrderExperts`, so that expert k of all
/// of them together is a multinomial logistic regression at the k-th rate, and "what usually follows the
/// last class"; mixed by `MLpoly` in log loss.
///
/// Expert k's probabilities are pₖ = softmax(zₖ), zₖ of one predictor a class; class c then learns the target
/// [c = y] from pₖ(c), which is the gradient of log loss, with the curvature's diagonal in the implicit
/// steps. Of each expert only the probability of the class that came enters the mixing:
/// loss = −log P(y), ∂loss/∂P(y) = −1/P(y).
///
/// A class takes part from the row after the one that showed it first; until then its probability is 0.
///
/// `mixture` beside other `--model`s mixes those instead of its own.
///
/// Memory: 128 bytes a feature and class.
struct ClassMixture: Learner {
  private let layout: LinearLayout
  private var scaler: FeatureScaler
  private var row: ActiveRow
  /// One for each class; empty where the user named the models to be mixed.
  private var blocks: [FirstOrderExperts] = []
  private var classes = 0
  private var companions: Companions
  private let blankCompanions: Companions
  private var persistence = ClassPersistence()
  private var pool: MLpoly
  private var tally: LossTally
  private var learned = 0
  /// What is said of the row at hand: experts' values side by side for each class.
  private var said = Said()

  init(_ context: LearnerContext, _ companions: Companions) {
    layout = LinearLayout(denseWidth: context.denseWidth)
    scaler = FeatureScaler(.standard, limit: 0, width: context.denseWidth)
    row = ActiveRow(layout: layout)
    self.companions = companions
    blankCompanions = companions
    let experts =
      companions.areGiven ? companions.count : FirstOrderExperts.count + 1 + companions.count
    pool = MLpoly(experts: experts)
    tally = LossTally(experts: experts, isBinary: true)
  }

  /// The experts' probabilities and the mixture's, class after class.
  private struct Said: Sendable {
    var experts: [Double] = []
    var mixture: [Double] = []

    mutating func makeRoom(experts count: Int, classes: Int) {
      let more = classes - mixture.count
      guard more > 0 else { return }
      experts.append(contentsOf: repeatElement(0, count: more * count))
      mixture.append(contentsOf: repeatElement(0, count: more))
    }
  }

  var outputs: Int { max(1, classes) }
  var memoryBytes: Int {
    blocks.reduce(0) { $0 + $1.memoryBytes } + scaler.memoryBytes + companions.memoryBytes
  }
  private var count: Int { pool.weights.count }

  // MARK: - Predicting

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    predictions.widen(to: outputs)
    var (row, said, others) = (row, said, companions)
    others.predict(batch, rows)
    for i in rows {
      ask(others, batch, i, &row, &said)
      write(said, i, &predictions)
    }
  }

  private func write(_ said: Said, _ i: Int, _ predictions: inout Predictions) {
    for c in 0..<predictions.width { predictions[i, c] = c < classes ? said.mixture[c] : 0 }
  }

  /// What each expert says of a row, and their mixture.
  private func ask(
    _ others: borrowing Companions, _ batch: borrowing MicroBatch, _ i: Int,
    _ row: inout ActiveRow, _ said: inout Said
  ) {
    let count = count
    if companions.areGiven {
      for c in 0..<classes {
        for k in 0..<count { said.experts[c * count + k] = others.said(k, i, c) }
      }
    } else {
      askOwn(others, batch, i, &row, &said)
    }
    for c in 0..<classes {
      said.mixture[c] = said.experts.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map { pool.mix($0 + c * count) } ?? 0
      }
    }
  }

  private func askOwn(
    _ others: borrowing Companions, _ batch: borrowing MicroBatch, _ i: Int,
    _ row: inout ActiveRow, _ said: inout Said
  ) {
    let (count, classes, own) = (count, classes, FirstOrderExperts.count)
    row.fill(batch, i, scaler)
    said.experts.withUnsafeMutableBufferPointer { buffer in
      guard let p = buffer.baseAddress else { return }
      row.lend { row in for c in 0..<classes { blocks[c].predict(row, into: p + c * count) } }
      for k in 0..<own {
        var top = -Double.infinity
        for c in 0..<classes { top = max(top, p[c * count + k]) }
        var sum = 0.0
        for c in 0..<classes {
          p[c * count + k] = exp(p[c * count + k] - top)
          sum += p[c * count + k]
        }
        for c in 0..<classes { p[c * count + k] /= sum }
      }
      for c in 0..<classes {
        p[c * count + own] = persistence.probability(c)
        for k in 0..<others.count { p[c * count + own + 1 + k] = others.said(k, i, c) }
      }
    }
  }

  /// The last class that had arrived, the number of classes, and what each expert said of each.
  var memoWidth: Int { 2 + count * classes }

  mutating func predict(
    _ batch: borrowing MicroBatch, row i: Int, memo: UnsafeMutablePointer<Double>,
    into predictions: inout Predictions
  ) {
    predictions.widen(to: outputs)
    companions.predict(batch, i..<i + 1)
    ask(companions, batch, i, &row, &said)
    write(said, i, &predictions)
    memo[0] = Double(persistence.last)
    memo[1] = Double(classes)
    for k in 0..<(count * classes) { memo[2 + k] = said.experts[k] }
  }

  // MARK: - Learning

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    learn(batch, rows, memo: nil, into: &predictions)
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, row: Int, memo: UnsafePointer<Double>,
    into scratch: inout Predictions
  ) {
    learn(batch, row..<row + 1, memo: memo[0].isNaN ? nil : memo, into: &scratch)
  }

  private mutating func learn(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, memo: UnsafePointer<Double>?,
    into predictions: inout Predictions
  ) {
    companions.learn(batch, rows)
    for i in rows {
      predictions.widen(to: outputs)
      ask(companions, batch, i, &row, &said)
      write(said, i, &predictions)
      guard !batch.targets[i].isNaN else { continue }
      let y = Int(batch.targets[i])
      while classes <= y { addClass() }
      learnRow(y, importance: batch.weights[i])
      follow(y, memo)
      scaler.observe(batch.dense(i))
      persistence.observe(y, after: memo.map { Int($0[0]) } ?? persistence.last)
      learned += 1
    }
    predictions.widen(to: outputs)
  }

  private mutating func addClass() {
    classes += 1
    said.makeRoom(experts: count, classes: classes)
    guard !companions.areGiven else { return }
    blocks.append(FirstOrderExperts(link: .logistic, width: layout.denseCount))
  }

  private mutating func learnRow(_ y: Int, importance: Double) {
    guard !companions.areGiven else { return }
    let (count, classes) = (count, classes)
    said.experts.withUnsafeBufferPointer { buffer in
      guard let p = buffer.baseAddress else { return }
      row.lend { row in
        for c in 0..<classes {
          blocks[c].grow(to: row.width)
          blocks[c].learn(
            row, said: p + c * count, target: c == y ? 1 : 0, importance: importance, scale: 1)
        }
      }
    }
  }

  /// The weights of the mixture move by what was said of the class that came.
  private mutating func follow(_ y: Int, _ memo: UnsafePointer<Double>?) {
    let count = count
    said.experts.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let p = base + y * count
      if let memo {
        for k in 0..<count { p[k] = y < Int(memo[1]) ? memo[2 + y * count + k] : 0 }
      }
      for k in 0..<count { p[k] = LogOdds.clamp(p[k]) }
      let mixed = pool.mix(p)
      pool.update(gradient: -1 / mixed, mixed: mixed, p)
      tally.observe(1, p)
    }
  }

  // MARK: - Reactions

  /// Everything is forgotten, and the window learned row by row.
  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    for c in blocks.indices {
      blocks[c] = FirstOrderExperts(link: .logistic, width: layout.denseCount)
    }
    companions = blankCompanions
    persistence = ClassPersistence()
    scaler.reset()
    pool.reset()
    let (before, counted) = (learned, tally)
    var scratch = Predictions(rows: window.count, width: outputs)
    learn(window, rows: 0..<window.count, into: &scratch)
    tally = counted
    let rows = learned - before
    return RefitReport(
      rows: rows, method: "replay of the window",
      failure: rows > 0 ? nil : "the window holds no labels")
  }

  mutating func refresh() {
    for c in blocks.indices { blocks[c].refresh() }
    scaler.forget(to: 256)
    pool.reset()
  }

  // MARK: - Accounts

  var experts: [ExpertAccount] {
    let names =
      companions.areGiven
      ? companions.names : FirstOrderExperts.names + ["persistence"] + companions.names
    let seconds = Array(repeating: nil, count: names.count - companions.count) + companions.seconds
    return names.indices.map {
      ExpertAccount(
        name: names[$0], weight: pool.weights[$0], share: pool.shares[$0],
        regret: pool.regrets[$0], loss: tally.mean($0), seconds: seconds[$0])
    }
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([learned, classes])
    scaler.write(to: &writer)
    for block in blocks { block.write(to: &writer) }
    companions.write(to: &writer)
    persistence.write(to: &writer)
    pool.write(to: &writer)
    tally.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    guard numbers.count == 2, (0...100_000).contains(numbers[1]) else { throw .corrupt }
    learned = numbers[0]
    try scaler.restore(from: &reader)
    (blocks, classes, said) = ([], 0, Said())
    while classes < numbers[1] { addClass() }
    for c in blocks.indices { try blocks[c].restore(from: &reader) }
    try companions.restore(from: &reader)
    try persistence.restore(from: &reader)
    try pool.restore(from: &reader)
    try tally.restore(from: &reader)
  }
}

/// What usually follows the last class: transitions counted with a memory of a thousand rows, and one
/// more for every class.
struct ClassPersistence: Sendable {
  private static let forgetting = 0.999

  /// The last class that has arrived; -1 before the first.
  private(set) var last = -1
  private var classes = 0
  /// Weighted counts, at last·classes + class.
  private var counts: [Double] = []

  func probability(_ c: Int) -> Double {
    guard last >= 0, c < classes else { return classes > 0 ? 0 : 1 }
    var total = 0.0
    for d in 0..<classes { total += counts[last * classes + d] }
    return (counts[last * classes + c] + 1) / (total + Double(classes))
  }

  /// Takes a class; `known` is the last one that had arrived when its row was predicted.
  mutating func observe(_ label: Int, after known: Int) {
    if label >= classes { grow(to: label + 1) }
    if known >= 0 {
      for d in 0..<classes { counts[known * classes + d] *= ClassPersistence.forgetting }
      counts[known * classes + label] += 1
    }
    last = label
  }

  private mutating func grow(to wider: Int) {
    var fresh = Array(repeating: 0.0, count: wider * wider)
    for a in 0..<classes {
      for b in 0..<classes { fresh[a * wider + b] = counts[a * classes + b] }
    }
    (counts, classes) = (fresh, wider)
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([last, classes])
    writer.write(counts)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    counts = try reader.readDoubles()
    guard numbers.count == 2, (0...100_000).contains(numbers[1]),
      counts.count == numbers[1] * numbers[1], (-1..<max(numbers[1], 1)).contains(numbers[0])
    else { throw .corrupt }
    (last, classes) = (numbers[0], numbers[1])
  }
}
