import Batches
import Engine
import Explanations
import Ingest
import Learners
import Telemetry

/// What a version of a run says of rows that it is shown, and why; or what it leans on as a whole.
struct VersionAccount {
  private let command: ExplainCommand
  private let origin: ExplainedOrigin

  init(_ command: ExplainCommand, _ origin: ExplainedOrigin) {
    (self.command, self.origin) = (command, origin)
  }

  private var manner: ExplainManner { command.manner }

  func write(to out: OutputFile) throws {
    let model = try ServedModel(origin.bytes, version: origin.version) { _ in }
    let usual = try usual(of: model)
    guard command.global else { return try writeRows(usual, to: out) }
    var sample = usual
    if let path = command.row { sample = try VersionAccount.sample(path, Int.max, of: origin) }
    let engine = model.engine
    guard
      let found = Importances(
        manner.quickExplainer, over: sample, against: command.row == nil ? nil : usual,
        { engine.servedModel($0, $1) })
    else { throw LearnSettings.usage("there are no events to look at") }
    let leaning = Leaning(found, names: engine.importanceNames)
    if command.text {
      return try out.append(
        "Version \(model.version) leans on " + leaning.words(top: command.shown)
          + ", over \(found.rows) events.\n")
    }
    let json = JSONValue.members(
      [("version", .int(model.version))] + leaning.members(top: command.shown))
    try out.append(json.indented() + "\n")
  }

  /// Usual events: those of --usual, of the run if the user says where they are, those that the run kept, or those of
  /// the run where it had them.
  private func usual(of model: borrowing ServedModel) throws -> Background {
    let rows = command.global ? manner.background ?? 256 : manner.usualRows
    if let path = command.usual {
      let found = try VersionAccount.sample(path, rows, of: origin, seed: manner.draws)
      guard found.count > 0 else {
        throw LearnSettings.usage("--usual \(path) has no events")
      }
      return found
    }
    if !origin.isGiven, let kept = model.engine.background, kept.count > 0 { return kept }
    guard origin.path != nil else {
      throw LearnSettings.usage(
        "the events of the run are not at hand, and nothing tells what is usual: say where they are "
          + "(weir explain SOURCE …), give --usual FILE, or learn with --background N")
    }
    var rerun = try origin.rerun()
    let sample = Background(
      capacity: rows, denseWidth: rerun.source.schema.denseWidth, seed: manner.draws)
    rerun.sample = sample
    guard try rerun.advance(to: rerun.moment), sample.count > 0 else {
      throw Failure(
        message:
          "\(try origin.events()) has \(rerun.source.accepted) events, and the version was made "
          + "at event \(rerun.moment)", code: Exit.badData)
    }
    return sample
  }

  /// Some rows of a file, as the version reads them.
  private static func sample(
    _ path: String, _ most: Int, of origin: ExplainedOrigin, seed: UInt64 = 1
  ) throws -> Background {
    var model = try ServedModel(origin.bytes, version: origin.version) { _ in }
    let width = model.source.schema.denseWidth
    let sample = Background(capacity: min(most, 10_000), denseWidth: width, seed: seed)
    try VersionAccount.read(path, &model.source, rows: model.engine.options.batchRows) { batch, _ in
      for row in 0..<batch.count where batch.ticket(row).isEvent { sample.observe(batch, row) }
    }
    return sample
  }

  private static func read(
    _ path: String, _ source: inout EventSource, rows: Int,
    _ body: (borrowing MicroBatch, inout EventSource) throws -> Void
  ) throws {
    let bytes = try DescriptorSource.open(path: path, interruption: Interruption.install())
    try source.serve(GzipSource(bytes))
    var batch = MicroBatch(capacity: rows, denseWidth: source.schema.denseWidth)
    while true {
      batch.removeAll()
      let outcome = try source.fill(&batch, upTo: nil)
      try body(batch, &source)
      guard outcome == .full || outcome == .late else { break }
    }
    source.close()
  }

  private func writeRows(_ usual: Background, to out: OutputFile) throws {
    guard let path = command.row else { return }
    var model = try ServedModel(origin.bytes, version: origin.version) { _ in }
    let (engine, version) = (model.engine, model.version)
    var predictor = model.predictor
    var event = 0
    var accounts: [String] = []
    try VersionAccount.read(path, &model.source, rows: engine.options.batchRows) {
      batch, source in
      guard batch.count > 0 else { return }
      predictor.predict(batch)
      for row in 0..<batch.count where batch.ticket(row).isEvent {
        accounts.append(
          try account(batch, row, event: event, engine, predictor, version, source, usual))
        event += 1
      }
      for account in accounts { try out.append(account) }
      accounts.removeAll()
    }
    guard event > 0 else { throw LearnSettings.usage("--row \(path) has no rows") }
  }

  private func account(
    _ batch: borrowing MicroBatch, _ row: Int, event: Int, _ engine: Engine,
    _ predictor: Predictor, _ version: Int, _ source: borrowing EventSource, _ usual: Background
  ) throws -> String {
    let model = engine.servedModel(batch, row)
    let found = manner.explainer.explain(model, batch, row, against: usual, key: event)
    let classes = source.classNames
    let name =
      source.schema.task == .regression
      ? nil : ExplainedClass.name(model.output, source.schema.task, classes)
    let words = ExplanationWords(
      found, batch, row, of: source, families: engine.families.map(\.name),
      usualRows: usual.count, class: name)
    let lime = manner.lime ? manner.surrogate(model, batch, row, usual) : nil
    if command.text { return words.text(top: command.shown) + (lime?.text(words.name) ?? "") }
    var members: [(String, JSONValue)] = [("row", .int(event))]
    let id = batch.id(row)
    if !id.isEmpty { members.append(("id", .string(String(decoding: id, as: UTF8.self)))) }
    members.append(("version", .int(version)))
    let said = predictor.predictions
    if source.schema.task == .multiclass {
      members.append(("prediction", .string(name ?? "")))
      members.append(("probability", .double(said[row, model.output])))
    } else {
      members.append(("prediction", .double(said[row])))
    }
    members.append(("explanation", words.json(top: command.shown)))
    if let lime { members.append(("lime", lime.json(words.name))) }
    // One row is looked at by a person, many by a program.
    return JSONValue.members(members).text + "\n"
  }
}

/// What a class whose probability is explained is called.
enum ExplainedClass {
  static func name(_ output: Int, _ task: Task, _ classes: [String]) -> String {
    let index = task == .binary ? 1 : output
    return index < classes.count ? classes[index] : "class \(index)"
  }
}
