import Batches
import Engine
import Explanations
import Ingest
import Learners
import Registry
import Telemetry

/// A prediction of a run, made once more, and why it was what it was.
struct EventAccount {
  private let command: ExplainCommand
  private let origin: ExplainedOrigin
  private let path: String

  init(_ command: ExplainCommand, _ origin: ExplainedOrigin) throws {
    (self.command, self.origin, path) = (command, origin, try origin.events())
  }

  func write(to out: OutputFile) throws {
    let event = try number()
    let known = origin.checkpoint.events
    if event >= known {
      // A version in mid-run has events after it; whether the run had these nobody wrote down.
      Terminal.say(
        "event \(event) comes after the \(known) events of this version: the run is gone on with up to "
          + "there, whether it ever was or not\n")
    }
    var rerun = try origin.rerun(command.manner.options(from: event))
    guard try rerun.advance(to: event + 1) else {
      throw Failure(
        message: "event \(event): \(path) has \(rerun.source.accepted) events", code: Exit.usage)
    }
    let row = rerun.batch.count - 1
    let words = words(rerun, row)
    let account = try account(rerun, row, words)
    guard command.text else { return try out.append(account.indented() + "\n") }
    try out.append((words?.text(top: command.shown) ?? "") + lime(rerun, row, words))
  }

  /// The event's number; by id that of the first event that has it.
  func number() throws -> Int {
    let hasIDs = try Configuration.options(of: origin.checkpoint.options).id != nil
    if let prediction = command.prediction, hasIDs {
      let id = Array(prediction.utf8)
      var rerun = try origin.rerun()
      while true {
        let first = rerun.engine.events
        let hasMore = try rerun.advance()
        var event = first
        for row in 0..<rerun.batch.count where rerun.batch.ticket(row).isEvent {
          if rerun.batch.id(row).elementsEqual(id) { return event }
          event += 1
        }
        guard hasMore else { break }
      }
      throw Failure(
        message: "--prediction \(prediction): none of the \(rerun.source.accepted) events of "
          + "\(path) has that id", code: Exit.usage)
    }
    guard let event = command.event ?? command.prediction.flatMap({ Int($0) }), event >= 0 else {
      throw Failure(
        message: "which prediction? expected --event NUMBER, from 0"
          + (hasIDs ? ", or --prediction ID" : "; the run has no --id column")
          + "; or --row, --global, --drift, --between", code: Exit.usage)
    }
    return event
  }

  private func words(_ rerun: borrowing Rerun, _ row: Int) -> ExplanationWords? {
    guard let own = rerun.engine.explanations.last else { return nil }
    return ExplanationWords(
      own.explanation, rerun.batch, row, of: rerun.source,
      families: rerun.engine.families.map(\.name), usualRows: own.usualRows,
      class: rerun.className(own.output))
  }

  private func account(
    _ rerun: borrowing Rerun, _ row: Int, _ words: ExplanationWords?
  ) throws -> JSONValue {
    let (engine, schema) = (rerun.engine, rerun.source.schema)
    let event = rerun.source.accepted - 1
    let served = engine.predictions
    var members: [(String, JSONValue)] = [("event", .int(event))]
    let id = rerun.batch.id(row)
    if !id.isEmpty { members.append(("id", .string(String(decoding: id, as: UTF8.self)))) }
    members += [("version", .int(engine.servedVersions[row]))]
    let classes = rerun.source.classNames
    if schema.task == .multiclass {
      let best = served.likeliest(row)
      members.append(("prediction", .string(best < classes.count ? classes[best] : "")))
      members.append(("probability", .double(served[row, best])))
    } else {
      members.append(("prediction", .double(served[row])))
    }
    let label = rerun.batch.targets[row]
    let isClass = schema.task.isClassification && !label.isNaN && Int(label) < classes.count
    members.append(("label", isClass ? .string(classes[Int(label)]) : .number(label)))
    members.append(("features", features(rerun, row)))
    if let words { members.append(("explanation", words.json(top: command.shown))) }
    if command.manner.lime, let found = surrogate(rerun, row) {
      members.append(("lime", found.json(words?.name ?? { "\($0)" })))
    }
    members.append(("source", .string(path)))
    if let against = command.against {
      members.append(("asRecorded", .bool(try isRecorded(members, in: against))))
    }
    return .members(members)
  }

  private func surrogate(_ rerun: borrowing Rerun, _ row: Int) -> LocalSurrogate? {
    guard let background = rerun.engine.background,
      let model = rerun.engine.explanations.last?.model
    else { return nil }
    return command.manner.surrogate(model, rerun.batch, row, background)
  }

  private func lime(
    _ rerun: borrowing Rerun, _ row: Int, _ words: ExplanationWords?
  ) -> String {
    guard command.manner.lime, let found = surrogate(rerun, row) else { return "" }
    return found.text(words?.name ?? { "\($0)" })
  }

  /// The row as the model was given it: a missing number is null, with what stood for it left out.
  private func features(_ rerun: borrowing Rerun, _ row: Int) -> JSONValue {
    let schema = rerun.source.schema
    var members: [(String, JSONValue)] = schema.denseNames.enumerated().map { j, name in
      (name, rerun.batch.isAbsent(row, j) ? .null : .number(rerun.batch.dense(row)[j]))
    }
    let sparse = rerun.batch.sparse(row)
    for k in 0..<sparse.count {
      members.append((rerun.source.sparseName(Int(sparse.indices[k])), .double(sparse.values[k])))
    }
    return .members(members)
  }

  /// Whether the file's line of that event says the same, to the last digit.
  private func isRecorded(_ made: [(String, JSONValue)], in path: String) throws -> Bool {
    guard let bytes = try WholeFile.read(path) else {
      throw Failure(message: "cannot read --against \(path): no such file", code: Exit.inputOutput)
    }
    let event = JSONValue.members(made)
    let start = Array("{\"event\":\(event["event"]?.text ?? ""),".utf8)
    for line in bytes.split(separator: UInt8(ascii: "\n")) where line.starts(with: start) {
      let line = try JSONValue(parsing: String(decoding: line, as: UTF8.self))
      let isSame = ["prediction", "version"].allSatisfy { line[$0]?.text == event[$0]?.text }
      guard isSame else {
        throw Failure(
          message: "\(path) has \(line["prediction"]?.text ?? "nothing") of version "
            + "\(line["version"]?.text ?? "?") at event \(event["event"]?.text ?? ""), and the run makes "
            + "\(event["prediction"]?.text ?? "") of version \(event["version"]?.text ?? "") again: it was "
            + "another run, or other events", code: Exit.badData)
      }
      return true
    }
    throw Failure(
      message: "\(path) has no line of event \(event["event"]?.text ?? "")", code: Exit.badData)
  }
}
