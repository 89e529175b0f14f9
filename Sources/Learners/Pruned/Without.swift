import Batches
import Catalogues
import Snapshots

/// Another learner that is shown less: named features are left out of every row.
///
/// A smaller set of features is a form of model of its own, and so it competes like any other
/// (`--challenger 'without:features=temp+hum,model=linear'`): where the others do as well without them, it wins in time.
/// A number that is left out is 0 in every row, which every learner takes for a constant; a category is not there, and
/// neither is any product that it was part of when the model was made (products that are added while the run goes on
/// are not known here and stay).
///
/// Rows are copied for it, some 100 ns each, and memory for them is taken for each batch, or where labels come late for each
/// row.
///
/// Parameters: `features`, names joined by `+`, as the journal's first entry has them; `model`, a learner, with `;` where
/// its own parameters have a comma; nothing: the usual one for the task.
struct Without: Learner {
  static let entry = Entry<LearnerContext, any Learner>(
    "without", "another learner that is not shown some of the features",
    parameters: [
      Parameter("features", .text, "those that are left out, joined by +"),
      Parameter("model", .text, "the learner, ; for the commas of its parameters"),
    ],
    make: { settings, context throws(SpecificationError) in try Without(settings, context) })

  private var learner: any Learner
  /// Dense features, and families of sparse ones, that are left out.
  private let numbers: [Int]
  private let families: Set<Int16>
  private let denseWidth: Int
  private var said = Predictions(rows: 1, width: 1)

  init(_ settings: Settings, _ context: LearnerContext) throws(SpecificationError) {
    let usual =
      switch context.task {
      case .regression: "linear"
      case .binary: "logistic"
      case .multiclass: "softmax"
      }
    let given = String(settings.word("model").map { $0 == ";" ? "," : $0 })
    var own = context
    own.companions = []
    learner = try Catalogue.learners.make(given.isEmpty ? usual : given, own)
    denseWidth = context.denseWidth
    let parts = context.families.map { $0.name.split(separator: "*").map(String.init) }
    var (numbers, families): ([Int], Set<Int16>) = ([], [])
    for feature in settings.word("features").split(separator: "+").map(String.init) {
      let number = context.denseNames.firstIndex(of: feature)
      let members = parts.indices.filter { parts[$0].contains(feature) }
      guard number != nil || !members.isEmpty else {
        var known = context.denseNames
        for name in parts.joined() where !known.contains(name) { known.append(name) }
        throw .unknownName(noun: "feature", name: feature, known: known)
      }
      if let number { numbers.append(number) }
      families.formUnion(members.map { Int16(truncatingIfNeeded: $0) })
    }
    (self.numbers, self.families) = (numbers, families)
  }

  /// The rows as the learner is to see them, the first of them as row 0.
  fileprivate func shown(_ batch: borrowing MicroBatch, _ rows: Range<Int>) -> MicroBatch {
    var shown = MicroBatch(capacity: max(rows.count, 1), denseWidth: denseWidth)
    for row in rows {
      let next = shown.nextDense
      next.update(from: batch.dense(row), count: denseWidth)
      for feature in numbers { next[feature] = 0 }
      for feature in 0..<denseWidth where batch.isAbsent(row, feature) {
        if !numbers.contains(feature) { shown.markAbsent(feature) }
      }
      let sparse = batch.sparse(row)
      for k in 0..<sparse.count where !families.contains(sparse.families[k]) {
        shown.addSparse(
          Int(sparse.indices[k]), sparse.values[k], family: Int(sparse.families[k]))
      }
      shown.endRow(
        target: batch.targets[row], weight: batch.weights[row], time: batch.times[row],
        line: batch.lines[row])
    }
    return shown
  }

  /// Puts what was said of the shown rows where it belongs.
  private func place(
    _ said: borrowing Predictions, _ rows: Range<Int>, into predictions: inout Predictions
  ) {
    predictions.widen(to: said.width)
    for (place, row) in rows.enumerated() {
      for output in 0..<predictions.width {
        predictions[row, output] = output < said.width ? said[place, output] : 0
      }
    }
  }

  var outputs: Int { learner.outputs }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    var said = Predictions(rows: rows.count, width: outputs)
    learner.predict(shown(batch, rows), rows: 0..<rows.count, into: &said)
    place(said, rows, into: &predictions)
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    if said.rows < rows.count { said = Predictions(rows: rows.count, width: said.width) }
    learner.learn(shown(batch, rows), rows: 0..<rows.count, into: &said)
    place(said, rows, into: &predictions)
  }

  var memoWidth: Int { learner.memoWidth }

  mutating func predict(
    _ batch: borrowing MicroBatch, row: Int, memo: UnsafeMutablePointer<Double>,
    into predictions: inout Predictions
  ) {
    learner.predict(shown(batch, row..<row + 1), row: 0, memo: memo, into: &said)
    place(said, row..<row + 1, into: &predictions)
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, row: Int, memo: UnsafePointer<Double>,
    into scratch: inout Predictions
  ) {
    learner.learn(shown(batch, row..<row + 1), row: 0, memo: memo, into: &said)
    place(said, row..<row + 1, into: &scratch)
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    learner.refit(on: shown(window, 0..<window.count))
  }

  mutating func refresh() { learner.refresh() }
  mutating func takeNotices() -> [LearnerNotice] { learner.takeNotices() }
  var memoryBytes: Int { learner.memoryBytes + 8 * said.values.count }
  var linearWeights: LinearWeights? { learner.linearWeights }
  var drawing: TreeDrawing? { learner.drawing }
  var shape: TreeShape? { learner.shape }
  /// The features that trees know are not numbered as the rows' are.
  var form: PredictorForm? {
    if case .linear(let link) = learner.form { .linear(link) } else { nil }
  }
  var experts: [ExpertAccount] { learner.experts }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    switch learner.explainable(shown(batch, row..<row + 1), 0, output: output) {
    case .constant: .constant
    case .additive(let form): .additive(ShownForm(form, self))
    case .opaque(let space, let counts): .opaque(space, counts: counts)
    // A tree's form would see the features that are left out.
    case .trees: .opaque()
    }
  }

  func write(to writer: inout SnapshotWriter) { learner.write(to: &writer) }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try learner.restore(from: &reader)
  }
}

/// The form of the learner, of rows as they are shown to it.
private struct ShownForm: AdditiveForm {
  private let form: any AdditiveForm
  private let owner: Without

  init(_ form: any AdditiveForm, _ owner: Without) { (self.form, self.owner) = (form, owner) }

  var predictors: Int { form.predictors }
  var space: PredictionSpace { form.space }
  var isLinear: Bool { form.isLinear }
  var constants: [Double] { form.constants }
  func add(
    _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups,
    to parts: UnsafeMutablePointer<Double>
  ) {
    form.add(owner.shown(batch, row..<row + 1), 0, groups, to: parts)
  }
  func value(_ z: UnsafePointer<Double>) -> Double { form.value(z) }
}
