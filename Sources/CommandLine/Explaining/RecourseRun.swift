import Batches
import Engine
import Explanations
import Ingest
import Learners
import Monitors
import Snapshots
import Telemetry

/// `weir explain --recourse`: for an event of a run, or for rows that a version is to predict.
struct RecourseRun {
  private let wish: RecourseWish
  private let model: ProbedModel
  private let profile: RecourseProfile
  private let inWords: Bool

  /// Of the event that comes after the first `event` ones of a run, which is done again up to there.
  init(
    _ options: RecourseOptions, _ checkpoint: Checkpoint, path: String, event: Int
  ) throws {
    wish = try RecourseWish(options)
    inWords = options.text
    var rerun = try Rerun(checkpoint, path: path, profiles: true)
    guard try rerun.advance(to: event) else {
      throw Failure(
        message: "event \(event): \(path) has \(rerun.source.accepted) events", code: Exit.usage)
    }
    let profile = rerun.profile ?? RecourseProfile(denseWidth: 0)
    // Of a few rows no spread is known.
    self.profile = event >= 100 ? profile : try RecourseRun.sample(checkpoint)
    model = rerun.probed()
    guard try model.hold() else {
      throw Failure(message: "event \(event): \(path) has \(event) events", code: Exit.usage)
    }
  }

  /// Of rows that a version is to predict.
  init(
    _ options: RecourseOptions, snapshot: (bytes: [UInt8], version: Int?), path: String
  ) throws {
    wish = try RecourseWish(options)
    inWords = options.text
    let checkpoint = try Checkpoint(snapshot.bytes)
    var profile = try RecourseRun.sample(checkpoint)
    if var state = checkpoint.account {
      var account = DataAccount(denseWidth: profile.columns.count)
      try account.restore(from: &state)
      profile.adopt(account)
    }
    self.profile = profile
    var served = try ServedModel(snapshot.bytes, version: snapshot.version) { _ in }
    let interruption = Interruption.install()
    let bytes = try DescriptorSource.open(path: path, interruption: interruption)
    try served.source.serve(GzipSource(bytes))
    model = served.probed()
  }

  /// What the columns were like in the events that fixed the schema, which every version carries.
  private static func sample(_ checkpoint: Checkpoint) throws -> RecourseProfile {
    let options = try Configuration.options(of: checkpoint.options)
    var ingest = try LearnSettings(options).ingest
    ingest.badRows = BadRowPolicy()
    var state = checkpoint.source
    let opening = try state.readBytes()
    var source = try EventSource.open(
      MemorySource(opening), ingest, labels: LearnRun.noLabels(options))
    var profile = RecourseProfile(denseWidth: source.schema.denseWidth)
    var batch = MicroBatch(capacity: 256, denseWidth: source.schema.denseWidth)
    while true {
      batch.removeAll()
      let outcome = try source.fill(&batch, upTo: nil)
      profile.observe(batch)
      if outcome == .end || outcome == .interrupted || batch.count == 0 { return profile }
    }
  }

  /// Answers the event that is held.
  func answer(to out: OutputFile) throws {
    let answer = try self.answer()
    try out.append(inWords ? answer.words + "\n" : answer.json.indented() + "\n")
    try out.flush()
  }

  /// Answers all rows of the input that are not as wanted, or only one of them.
  func answerAll(event: Int?, to out: OutputFile) throws {
    var (rows, met) = (0, 0)
    while try model.hold() {
      rows += 1
      if event == nil || event == model.event {
        let answer = try self.answer()
        if answer.isMet, event == nil {
          met += 1
        } else {
          try out.append(
            inWords ? "Row \(model.event): \(answer.words)\n" : answer.json.text + "\n")
          try out.flush()
        }
      }
      if event == model.event { return }
      try model.release()
    }
    if let event {
      throw Failure(message: "--event \(event): there are \(rows) rows", code: Exit.usage)
    }
    if met > 0 { Terminal.say("\(met) of \(rows) rows are as wanted\n") }
  }

  private func answer() throws -> RecourseAnswer {
    guard let row = model.row, let before = model.predict([]) else {
      throw Failure(
        message: "event \(model.event) cannot be predicted: a column cannot be read",
        code: Exit.badData)
    }
    let goal = try RecourseGoal(
      wish, task: model.schema.task, target: model.schema.targetName,
      classes: model.classNames, now: before[0] >= wish.threshold, form: model.form)
    let table = try RecourseTable(row, wish, profile)
    var answer = RecourseAnswer(model, goal, table, before: before, profiled: profile.rows)
    guard !answer.isMet else { return answer }
    let oracle = RecourseOracle { points in
      model.margins(points.map { table.changes($0) }, goal)
    }
    let recourse = Recourse(table.problem, oracle, table.form(model))
    let findings = recourse.alternatives(wish.alternatives)
    guard findings.isEmpty else {
      for finding in findings { try answer.add(finding, oracle) }
      answer.asked = oracle.asked
      return answer
    }
    if case .nothing(let isProved, let nearest, _) = recourse.cheapest() {
      answer.deny(isProved: isProved, nearest: nearest)
      answer.blockedBy = try blocks(row, goal)
    }
    answer.asked = oracle.asked
    return answer
  }

  /// The columns whose bounds, as the user set them, stand in the way.
  private func blocks(_ row: HeldRow, _ goal: RecourseGoal) throws -> [String] {
    guard !wish.immutable.isEmpty || !wish.ranges.isEmpty || !wish.directions.isEmpty else {
      return []
    }
    let table = try RecourseTable(row, wish.unbound, profile)
    let oracle = RecourseOracle { points in
      model.margins(points.map { table.changes($0) }, goal)
    }
    guard
      case .found(let finding) = Recourse(table.problem, oracle, table.form(model)).cheapest()
    else { return [] }
    return table.problem.changes(finding.point).map(table.name).filter {
      wish.immutable.contains($0) || wish.ranges[$0] != nil || wish.directions[$0] != nil
    }
  }
}
