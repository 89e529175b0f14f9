import ArgumentParser
import Batches
import Engine
import Ingest
import Learners
import Registry
import Telemetry

/// `weir explain`: a prediction of a run, made once more.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Make a prediction of a run once more, and show what it was made of.",
    discussion: """
      The run is done again with the options that one of its versions carries, up to the
      event in question; the prediction is the same to the bit, whatever the model learned
      on the way.

      EXAMPLES
        weir explain events.csv --from models@champion --event 12345
        weir explain events.csv --from models@7 --prediction order-881 --against answers.ndjson
        weir explain events.csv --from models@7 --event 12345 --recourse --text \\
          --immutable age,sex --range income=0..90000 --direction debts=down
        weir explain new.csv --from models@champion --recourse --served --want 'cnt>200'

      RECOURSE
      A change is measured in standard deviations of its column; to another category it
      counts 1. --cost makes a column dearer. Numbers stay within what the model was shown,
      whole numbers whole, categories among those seen, unless --range says otherwise. Lags
      and running means of the past are not changed, crosses follow their columns. Every
      answer was predicted by the model itself ("verified"); whether a smaller one can exist
      is said too ("optimal"). If there is none, what stands in the way is named.
      """)

  @Argument(help: "The events of the run; if not given, where they were.")
  var source: String?
  @Option(
    name: .customLong("from"), help: "A version of the run: REGISTRY@REF, or a checkpoint.")
  var origin: String
  @Option(
    help:
      "What the --id column of the run has at the event; where it has no such column, its number.")
  var prediction: String?
  @Option(help: "The event's number, from 0.")
  var event: Int?
  @Option(help: "The NDJSON predictions of the run, to be compared with.")
  var against: String?
  @OptionGroup(title: "Recourse")
  var recourse: RecourseOptions

  func run() throws {
    try reporting {
      guard recourse.recourse || !recourse.isTouched else {
        throw Failure(
          message: "--want, --immutable and what goes with them are for --recourse",
          code: Exit.usage)
      }
      // What cannot be read is said before anything is.
      _ = try RecourseWish(recourse)
      if recourse.recourse, recourse.served { return try explainServed() }
      let (snapshot, recorded) = try snapshot()
      guard let path = source ?? recorded, path != "standard input" else {
        throw Failure(
          message: "say where the events of the run are: weir explain SOURCE …", code: Exit.usage)
      }
      let checkpoint = try Checkpoint(snapshot)
      var rerun = try Rerun(checkpoint, path: path)
      let hasIDs = try Configuration.options(of: checkpoint.options).id != nil
      if recourse.recourse {
        // An id has to be found first; a number says where the event is.
        let known = prediction != nil && hasIDs ? nil : event ?? prediction.flatMap { Int($0) }
        if known == nil { _ = try find(&rerun, path, hasIDs: hasIDs) }
        return try RecourseRun(
          recourse, checkpoint, path: path, event: max(known ?? rerun.source.accepted - 1, 0)
        ).answer(to: OutputFile(path: "-"))
      }
      let row = try find(&rerun, path, hasIDs: hasIDs)
      let account = try account(rerun, row, path)
      let out = try OutputFile(path: "-")
      try out.append(account.indented() + "\n")
      try out.flush()
    }
  }

  /// Rows that a version is to predict.
  private func explainServed() throws {
    guard prediction == nil, against == nil else {
      throw Failure(
        message: "--prediction and --against are of a run's own events; with --served, --event "
          + "is a row's number in SOURCE", code: Exit.usage)
    }
    let run = try RecourseRun(
      recourse, snapshot: ModelOrigin(origin).snapshot(), path: source ?? "-")
    try run.answerAll(event: event, to: OutputFile(path: "-"))
  }

  private func snapshot() throws -> (bytes: [UInt8], source: String?) {
    if try SystemFiles().status(origin) == nil, let address = try RegistryAddress(origin) {
      let registry = try Registry.open(address.registry)
      let number = try registry.resolve(address.reference)
      return (try registry.snapshot(of: number), try registry.version(number).record.source)
    }
    guard let bytes = try WholeFile.read(origin) else {
      throw Failure(message: "cannot read \(origin): no such file", code: Exit.inputOutput)
    }
    return (bytes, nil)
  }

  /// Goes on to the batch that has the event; its row there.
  private func find(_ rerun: inout Rerun, _ path: String, hasIDs: Bool) throws -> Int {
    if let prediction, hasIDs {
      let id = Array(prediction.utf8)
      var events = -1
      while rerun.source.accepted > events {
        events = rerun.source.accepted
        _ = try rerun.advance(to: events + 1)
        guard rerun.source.accepted > events else { break }
        let row = rerun.batch.count - 1
        if rerun.batch.id(row).elementsEqual(id) { return row }
      }
      throw Failure(
        message: "--prediction \(prediction): none of the \(rerun.source.accepted) events of "
          + "\(path) has that id", code: Exit.usage)
    }
    guard let event = event ?? prediction.flatMap({ Int($0) }), event >= 0 else {
      throw Failure(
        message: "which prediction? expected --event NUMBER, from 0"
          + (hasIDs ? ", or --prediction ID" : "; the run has no --id column"), code: Exit.usage)
    }
    guard try rerun.advance(to: event + 1) else {
      throw Failure(
        message: "event \(event): \(path) has \(rerun.source.accepted) events", code: Exit.usage)
    }
    return rerun.batch.count - 1
  }

  private func account(_ rerun: borrowing Rerun, _ row: Int, _ path: String) throws -> JSONValue {
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
    members.append(("source", .string(path)))
    if let against { members.append(("asRecorded", .bool(try isRecorded(members, in: against)))) }
    return .members(members)
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
