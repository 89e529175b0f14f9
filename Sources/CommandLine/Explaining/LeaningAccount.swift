import Batches
import Engine
import Explanations
import Ingest
import Learners
import Telemetry

/// What a model leans on, by the names of its features, the greatest first.
struct Leaning {
  let found: Importances
  let features: [(name: String, mean: Double, signed: Double)]

  init(_ found: Importances, names: [String]) {
    self.found = found
    features = found.means.indices
      .filter { $0 < names.count || found.means[$0] > 0 }
      .map { ($0 < names.count ? names[$0] : "others", found.means[$0], found.signed[$0]) }
      .sorted { ($1.mean, $0.name) < ($0.mean, $1.name) }
  }

  func members(top: Int) -> [(String, JSONValue)] {
    [
      ("rows", .int(found.rows)), ("space", .string(found.space.name)),
      ("base", .number(found.base)),
      (
        "importances",
        .array(
          features.prefix(top).map {
            .members([
              ("feature", .string($0.name)), ("importance", .number($0.mean)),
              ("mean", .number($0.signed)),
            ])
          })
      ),
    ]
  }

  func words(top: Int) -> String {
    let shown = features.filter { $0.mean > 0 }.prefix(top)
    guard !shown.isEmpty else { return "no feature" }
    return shown.map { "\($0.name) (\(Figure.text($0.mean)))" }.joined(separator: ", ")
  }
}

/// What a run leaned on over two stretches of its events: what a change has changed.
///
/// The run is made again. At the end of each stretch the model that is served then is explained on a sample of the
/// stretch's events, against one another.
struct LeaningAccount {
  private let command: ExplainCommand
  private let origin: ExplainedOrigin
  private let stretches: [Range<Int>]

  init(_ command: ExplainCommand, _ origin: ExplainedOrigin) throws {
    (self.command, self.origin) = (command, origin)
    if let drift = command.drift {
      let width = command.width ?? 1000
      stretches = [max(0, drift - width)..<drift, drift..<drift + width]
      return
    }
    let usage = "--between \(command.between.joined(separator: " "))"
    stretches = try command.between.map { text in
      let ends = text.split(separator: ".", omittingEmptySubsequences: false)
      guard ends.count == 3, ends[1].isEmpty, let from = Int(ends[0]), let to = Int(ends[2]),
        from >= 0, to > from
      else { throw LearnSettings.usage("\(usage): expected A..B with A below B, not \(text)") }
      return from..<to
    }
    guard stretches.count == 2, stretches[0].upperBound <= stretches[1].lowerBound else {
      throw LearnSettings.usage(
        "\(usage): expected two stretches, the second after the first: 0..1000 8000..9000")
    }
  }

  func write(to out: OutputFile) throws {
    var rerun = try origin.rerun()
    let before = try leaning(&rerun, stretches[0])
    let after = try leaning(&rerun, stretches[1])
    let moved = moved(before.leaning, after.leaning)
    guard command.text else {
      let json = JSONValue.members([
        ("before", .members(before.members + before.leaning.members(top: command.shown))),
        ("after", .members(after.members + after.leaning.members(top: command.shown))),
        (
          "moved",
          .array(
            moved.prefix(command.shown).map {
              .members([
                ("feature", .string($0.name)), ("before", .number($0.before)),
                ("after", .number($0.after)), ("change", .number($0.after - $0.before)),
              ])
            })
        ),
      ])
      return try out.append(json.indented() + "\n")
    }
    var text = ""
    for (name, own) in [("Before", before), ("After", after)] {
      text +=
        "\(name) (events \(own.range.lowerBound) to \(own.range.upperBound - 1)) the model leans on "
        + own.leaning.words(top: command.shown) + ".\n"
    }
    let greatest = moved.prefix(3).filter { $0.after != $0.before }
    if !greatest.isEmpty {
      text +=
        "What has changed most: "
        + greatest.map {
          "\($0.name) from \(Figure.text($0.before)) to \(Figure.text($0.after))"
        }.joined(separator: ", ") + ".\n"
    }
    try out.append(text)
  }

  private struct Side {
    let range: Range<Int>
    let version: Int
    let leaning: Leaning

    var members: [(String, JSONValue)] {
      [
        ("from", .int(range.lowerBound)), ("to", .int(range.upperBound)),
        ("version", .int(version)),
      ]
    }
  }

  private func leaning(_ rerun: inout Rerun, _ range: Range<Int>) throws -> Side {
    let sample = Background(
      capacity: command.manner.background ?? 256, denseWidth: rerun.source.schema.denseWidth,
      seed: command.manner.draws)
    _ = try rerun.advance(to: range.lowerBound)
    rerun.sample = sample
    _ = try rerun.advance(to: range.upperBound)
    rerun.sample = nil
    let engine = rerun.engine
    sample.know(families: engine.families.count)
    let end = rerun.source.accepted
    guard
      let found = Importances(
        command.manner.quickExplainer, over: sample, { engine.servedModel($0, $1) })
    else {
      throw Failure(
        message: "\(try origin.events()) has \(end) events: none of \(range.lowerBound)…"
          + "\(range.upperBound - 1)", code: Exit.usage)
    }
    return Side(
      range: range.lowerBound..<min(range.upperBound, end), version: engine.servedVersion,
      leaning: Leaning(found, names: engine.importanceNames))
  }

  /// Features by how much more or less is leaned on them.
  private func moved(
    _ before: Leaning, _ after: Leaning
  ) -> [(name: String, before: Double, after: Double)] {
    var all: [String: (before: Double, after: Double)] = [:]
    for own in before.features { all[own.name, default: (0, 0)].before += own.mean }
    for own in after.features { all[own.name, default: (0, 0)].after += own.mean }
    return all.map { ($0.key, $0.value.before, $0.value.after) }
      .sorted { (abs($1.2 - $1.1), $0.0) < (abs($0.2 - $0.1), $1.0) }
  }
}
