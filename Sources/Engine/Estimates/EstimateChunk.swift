import Batches
import Scores
import Snapshots
package import Telemetry

/// How performance is estimated before labels are here.
package struct EstimateOptions: Sendable, Equatable {
  /// Events that an estimate is made of.
  package var chunk = 1000
  /// The model of the errors, where the target is a number.
  package var model = "rls:forgetting=0.999"

  package init() {}
}

/// So many events in a row: what was expected of them, and what came.
struct EstimateChunk: Sendable {
  let index: Int
  /// Of classes.
  var sums = ConfidenceEstimator.Sums()
  /// Of numbers: the expected errors, and of how many events there are any.
  var (errors, estimated) = (0.0, 0)
  /// Events so far.
  var events = 0
  // What came.
  var (labels, loss, hits) = (0, 0.0, 0.0)
  private var (tp, wrong) = (0.0, 0.0)
  private var (served, came): ([Double], [Double]) = ([], [])
  /// Once its last event was predicted.
  var estimate: [(name: String, value: Double)] = []
  var standardError: Double?
  /// The score over as many labelled events, as it was known then.
  var lastKnown: [(name: String, value: Double)] = []

  init(index: Int) { self.index = index }

  mutating func realise(_ outcome: Outcome, _ task: Task) {
    labels += 1
    loss += outcome.loss
    guard task != .regression else { return }
    if outcome.guess == outcome.label { hits += 1 }
    guard task == .binary else { return }
    if outcome.guess != outcome.label { wrong += 1 } else if outcome.label > 0.5 { tp += 1 }
    served.append(outcome.prediction)
    came.append(outcome.label)
  }

  /// The scores of the labels that came.
  func realised(_ task: Task) -> [(name: String, value: Double)] {
    guard labels > 0 else { return [] }
    let n = Double(labels)
    guard task != .regression else { return [("mae", loss / n)] }
    var scores = [("accuracy", hits / n), ("log-loss", loss / n)]
    if task == .binary {
      if tp + wrong > 0 { scores.append(("f1", 2 * tp / (2 * tp + wrong))) }
      if let area = WeightedRanking.area(served, came) { scores.append(("roc-auc", area)) }
    }
    return scores
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([index, estimated, events, labels])
    writer.write([errors, loss, hits, tp, wrong])
    sums.write(to: &writer)
    writer.write(served)
    writer.write(came)
    for scores in [estimate, lastKnown] {
      writer.write(scores.map(\.name))
      writer.write(scores.map(\.value))
    }
    writer.write(standardError)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    guard counts.count == 4, counts.allSatisfy({ $0 >= 0 }) else { throw .corrupt }
    index = counts[0]
    (estimated, events, labels) = (counts[1], counts[2], counts[3])
    let n = try reader.readDoubles(count: 5)
    (errors, loss, hits) = (n[0], n[1], n[2])
    (tp, wrong) = (n[3], n[4])
    try sums.restore(from: &reader)
    served = try reader.readDoubles()
    came = try reader.readDoubles(count: served.count)
    let first = try reader.readStrings()
    estimate = Array(zip(first, try reader.readDoubles(count: first.count)))
    let second = try reader.readStrings()
    lastKnown = Array(zip(second, try reader.readDoubles(count: second.count)))
    standardError = try reader.readOptionalDouble()
  }
}

/// What an estimate came to.
package struct EstimateReport: Sendable {
  /// Events from `from` to `to` − 1, of which `labels` have their labels.
  package let from: Int
  package let to: Int
  package let labels: Int
  package let estimated: [(name: String, value: Double)]
  package let standardError: Double?
  package let realised: [(name: String, value: Double)]
  /// What one would have known without an estimate: the score of the labels that had come last when the last event was
  /// predicted.
  package let lastKnown: [(name: String, value: Double)]

  package var members: [(String, JSONValue)] {
    func scores(_ list: [(name: String, value: Double)]) -> JSONValue {
      list.isEmpty ? .null : .members(list.map { ($0.name, .number($0.value)) })
    }
    return [
      ("from", .int(from)), ("to", .int(to)), ("labels", .int(labels)),
      ("estimated", scores(estimated)), ("standardError", .number(standardError)),
      ("realised", scores(realised)), ("lastKnown", scores(lastKnown)),
    ]
  }
}
