import Batches
import Engine
import Explanations
import Ingest
import Learners

/// A model and the source of its rows, one of which is held and predicted as it would be with other values.
final class ProbedModel {
  private static let mostRows = 256

  private var source: EventSource
  private var predictor: Predictor
  private var batch: MicroBatch
  private var single: MicroBatch
  /// The row that is held.
  private(set) var row: HeldRow?
  /// Its number in the stream, and its id.
  private(set) var event = -1
  private(set) var id = ""
  /// Whether what is said of a row depends on where it stands among those asked about together.
  private var isAskedAlone = false
  /// Its sparse features.
  private(set) var present: Set<Int> = []
  /// Its dense features, as the model sees them.
  private(set) var dense: [Double] = []
  let schema: Schema
  let version: Int
  /// Where the numbers of events begin.
  private let first: Int

  /// `version` is its number, if that is not the one that it has in its run; `counts`: whether events are numbered on from
  /// those that were learned, or anew.
  init(_ source: consuming EventSource, _ engine: Engine, version: Int?, counts: Bool) {
    schema = source.schema
    first = counts ? 0 : source.accepted
    let predictor = engine.predictor(rows: ProbedModel.mostRows)
    self.version = version ?? predictor.version
    self.predictor = predictor
    batch = MicroBatch(capacity: ProbedModel.mostRows, denseWidth: schema.denseWidth)
    single = MicroBatch(capacity: 1, denseWidth: schema.denseWidth)
    self.source = source
  }

  var name: String { predictor.name }
  var form: PredictorForm? { predictor.form }
  var tree: TreeDrawing? { predictor.drawing }
  var classNames: [String] { source.classNames }

  /// Holds the next event; false at the end of the input.
  func hold() throws -> Bool {
    let event = source.accepted - first
    row = try source.hold(&single) { _ in }
    guard row != nil else { return false }
    self.event = event
    id = String(decoding: single.id(0), as: UTF8.self)
    let sparse = single.sparse(0)
    present = Set((0..<sparse.count).map { Int(sparse.indices[$0]) })
    dense = (0..<schema.denseWidth).map { single.dense(0)[$0] }
    isAskedAlone = false
    if let row { isAskedAlone = !saysTheSameTwice(of: row) }
    return true
  }

  private func saysTheSameTwice(of row: HeldRow) -> Bool {
    batch.removeAll()
    guard source.probe(row, [], into: &batch), source.probe(row, [], into: &batch) else {
      return true
    }
    predictor.predict(batch)
    let said = predictor.predictions
    return (0..<said.width).allSatisfy {
      abs(said[0, $0] - said[1, $0]) <= 1e-9 * max(1, abs(said[0, $0]))
    }
  }

  /// Goes on behind the row that is held.
  func release() throws {
    if let row { try source.release(row) }
    row = nil
  }

  /// Predicts the row with some changes, alone as a single event is; nil if a column cannot have that value.
  func predict(_ changes: [(column: Int, value: HeldRow.Value)]) -> Predictions? {
    guard let row else { return nil }
    single.removeAll()
    guard source.probe(row, changes, into: &single) else { return nil }
    predictor.predict(single)
    return predictor.predictions
  }

  /// The margins of the row with some changes after others; −∞ where a column cannot have a value.
  func margins(
    _ all: [[(column: Int, value: HeldRow.Value)]], _ goal: RecourseGoal
  ) -> [Double] {
    guard let row else { return all.map { _ in -.infinity } }
    var margins: [Double] = []
    margins.reserveCapacity(all.count)
    var first = 0
    while first < all.count {
      let part = first..<min(first + (isAskedAlone ? 1 : ProbedModel.mostRows), all.count)
      batch.removeAll()
      var isMade: [Bool] = []
      for k in part { isMade.append(source.probe(row, all[k], into: &batch)) }
      predictor.predict(batch)
      var next = 0
      for made in isMade {
        margins.append(made ? goal.margin(predictor.predictions, next) : -.infinity)
        next += made ? 1 : 0
      }
      first = part.upperBound
    }
    return margins
  }
}
