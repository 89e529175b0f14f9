import Batches
import Engine
import Learners
import Telemetry

/// Writes one line for each event: the prediction that was made before the event was learned.
///
/// Plain: the value, the positive class's probability, or the class. NDJSON, if the file's name
/// ends in .ndjson: event, id, run if a registry knows of it, version, where it is from if several answer, prediction,
/// interval if there is one, and label.
final class PredictionFile {
  let file: OutputFile
  private let isNDJSON: Bool
  /// The run whose versions the predictions name, where a registry knows of it.
  var run: String?

  init(path: String, keeping: Int = 0) throws {
    file = try OutputFile(path: path, keeping: keeping)
    isNDJSON = path.hasSuffix(".ndjson")
  }

  func append(
    _ batch: borrowing MicroBatch, _ predictions: Predictions, firstEvent: Int, versions: [Int],
    intervals: [(low: Double, high: Double)], task: Task, classes: [String]
  ) throws {
    var event = firstEvent
    for row in 0..<batch.count where batch.ticket(row).isEvent {
      try append(
        batch, row, predictions, event: event, version: versions[row],
        interval: intervals.isEmpty ? nil : intervals[row], task: task, classes: classes)
      event += 1
    }
    try file.flush()
  }

  /// One line; to be flushed by the caller.
  @inline(__always)
  func append(
    _ batch: borrowing MicroBatch, _ row: Int, _ predictions: Predictions, event: Int,
    version: Int, origin: String? = nil, interval: (low: Double, high: Double)?, task: Task,
    classes: [String]
  ) throws {
    if isNDJSON {
      try file.append(
        line(batch, row, predictions, event, version, origin, interval, task, classes))
    } else if task == .multiclass {
      try file.append(name(predictions.likeliest(row), classes) + "\n")
    } else {
      let value = predictions[row]
      try file.append(atMost: NumberWriter.mostBytes + 1) { out in
        let count = NumberWriter.write(value, to: out)
        out[count] = UInt8(ascii: "\n")
        return count + 1
      }
    }
  }

  private func name(_ index: Int, _ classes: [String]) -> String {
    index < classes.count ? classes[index] : ""
  }

  private func line(
    _ batch: borrowing MicroBatch, _ row: Int, _ predictions: Predictions, _ event: Int,
    _ version: Int, _ origin: String?, _ interval: (low: Double, high: Double)?, _ task: Task,
    _ classes: [String]
  ) -> String {
    var members: [(String, JSONValue)] = [("event", .int(event))]
    let id = batch.id(row)
    if !id.isEmpty { members.append(("id", .string(String(decoding: id, as: UTF8.self)))) }
    if let run { members.append(("run", .string(run))) }
    members.append(("version", .int(version)))
    if let origin { members.append(("origin", .string(origin))) }
    let label = batch.targets[row]
    if task == .multiclass {
      let best = predictions.likeliest(row)
      members.append(("prediction", .string(name(best, classes))))
      members.append(("probability", .double(predictions[row, best])))
    } else {
      members.append(("prediction", .double(predictions[row])))
    }
    if let interval {
      members.append(("interval", .array([.double(interval.low), .double(interval.high)])))
    }
    if label.isNaN {
      members.append(("label", .null))
    } else if task == .regression {
      members.append(("label", .double(label)))
    } else {
      members.append(("label", .string(name(Int(label), classes))))
    }
    return JSONValue.members(members).text + "\n"
  }
}
