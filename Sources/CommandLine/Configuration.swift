import ArgumentParser
import Catalogues
import FoundationEssentials
import Telemetry

/// Every option of a run under one name, for reading and writing `--config` files.
///
/// A file is one JSON object: strings, numbers, true, or lists of strings, under the names of the
/// options without their dashes. What is said on the command line goes before what a file says.
enum Configuration {
  /// One option: its name and where it lives.
  private enum Slot {
    case text(String, WritableKeyPath<LearnOptions, String?>)
    case number(String, WritableKeyPath<LearnOptions, Int?>)
    case list(String, WritableKeyPath<LearnOptions, [String]>)
    case flag(String, WritableKeyPath<LearnOptions, Bool>)
    case real(String, WritableKeyPath<LearnOptions, Double?>)

    var name: String {
      switch self {
      case .text(let name, _), .number(let name, _), .list(let name, _), .flag(let name, _),
        .real(let name, _):
        name
      }
    }
  }

  private static var slots: [Slot] {
    [
      .text("format", \.format), .text("columns", \.columns), .text("delimiter", \.delimiter),
      .text("target", \.target), .text("task", \.task), .text("positive", \.positive),
      .text("ignore", \.ignore), .text("number", \.number), .text("category", \.category),
      .text("id", \.id), .text("weight", \.weight), .text("sequence", \.sequence),
      .text("time", \.time), .list("cross", \.cross),
      .list("lag", \.lag), .list("mean", \.mean), .text("key", \.key), .list("missing", \.missing),
      .list("class-weight", \.classWeight), .number("max-categories", \.maxCategories),
      .number("hash-bits", \.hashBits),
      .list("model", \.model), .list("challenger", \.challenger), .list("shadow", \.shadow),
      .real("promote-risk", \.promoteRisk), .text("promote-test", \.promoteTest),
      .number("contest", \.contest), .number("batch", \.batch), .number("max-delay", \.maxDelay),
      .text("update", \.update), .number("warmup", \.warmup), .list("detect", \.detect),
      .real("alarm-budget", \.alarmBudget),
      .text("on-drift", \.onDrift), .text("retrain-every", \.retrainEvery),
      .text("retrain-when", \.retrainWhen), .number("window", \.window),
      .number("retrain-rows", \.retrainRows), .number("react-every", \.reactEvery),
      .number("trial", \.trial), .text("season", \.season),
      .number("score-window", \.scoreWindow), .number("score-since", \.scoreSince),
      .text("bad-rows", \.badRows), .text("max-bad", \.maxBad), .number("max-line", \.maxLine),
      .number("label-delay", \.labelDelay), .flag("late-labels", \.lateLabels),
      .text("labels", \.labels), .text("arrival", \.arrival), .number("wait-rows", \.waitRows),
      .text("ttl", \.ttl),
      .flag("monitor", \.monitor), .list("check", \.check), .text("reference", \.reference),
      .number("reference-rows", \.referenceRows), .text("silence", \.silence),
      .text("predictions", \.predictions), .text("losses", \.losses),
      .text("contributions", \.contributions), .number("importance", \.importance),
      .number("background", \.background),
      .text("journal", \.journal), .text("summary", \.summary),
      .flag("decay", \.decay), .number("decay-every", \.decayEvery),
      .real("retrain-cost", \.retrainCost),
      .flag("estimate", \.estimate), .number("estimate-every", \.estimateEvery),
      .text("estimate-model", \.estimateModel),
      .flag("latency", \.latency), .text("latency-budget", \.latencyBudget),
      .flag("thin", \.thin),
      .list("group", \.group), .number("group-rows", \.groupRows),
      .number("group-limit", \.groupLimit), .number("group-every", \.groupEvery),
      .real("group-threshold", \.groupThreshold),
      .text("score-every", \.scoreEvery), .text("report", \.report),
      .real("interval", \.interval),
      .flag("calibrate", \.calibrate), .text("screen", \.screen), .text("draw", \.draw),
      .text("registry", \.registry),
      .text("checkpoint", \.checkpoint), .text("checkpoint-every", \.checkpointEvery),
      .flag("resume", \.resume),
      .flag("auto", \.auto),
      .flag("follow", \.follow),
      .flag("quiet", \.quiet),
    ]
  }

  static var names: [String] { slots.map(\.name) }

  /// A value in a file.
  private enum Value: Decodable {
    case text(String)
    case number(Double)
    case flag(Bool)
    case list([String])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let list = try? container.decode([String].self) {
        self = .list(list)
      } else {
        self = .text(try container.decode(String.self))
      }
    }
  }

  /// Fills what the options leave open from the file at `path`.
  static func merge(_ path: String, into options: inout LearnOptions) throws {
    let content: Data
    do {
      content = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw Failure(message: "cannot read --config \(path)", code: Exit.inputOutput)
    }
    try merge(content, "--config \(path)", into: &options)
  }

  /// The same from the text itself, `origin` saying where it comes from.
  static func merge(
    _ content: Data, _ origin: String, into options: inout LearnOptions
  ) throws {
    let values: [String: Value]
    do {
      values = try JSONDecoder().decode([String: Value].self, from: content)
    } catch {
      throw Failure(
        message: "\(origin): expected one JSON object of strings, numbers, true or lists of "
          + "strings", code: Exit.usage)
    }
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      guard let slot = slots.first(where: { $0.name == name }) else {
        let near = nearest(name)
        throw Failure(
          message: "\(origin): there is no option '\(name)'\(near)", code: Exit.usage)
      }
      guard set(slot, value, &options) else {
        throw Failure(
          message: "\(origin): '\(name)' has a value of the wrong kind", code: Exit.usage)
      }
    }
  }

  private static func set(_ slot: Slot, _ value: Value, _ options: inout LearnOptions) -> Bool {
    switch (slot, value) {
    case (.text(_, let path), .text(let text)):
      options[keyPath: path] = options[keyPath: path] ?? text
    case (.text(_, let path), .list(let list)):
      options[keyPath: path] = options[keyPath: path] ?? list.joined(separator: ",")
    case (.text(_, let path), .number(let number)):
      options[keyPath: path] = options[keyPath: path] ?? JSONValue.double(number).text
    case (.number(_, let path), .number(let number)):
      guard let whole = Int(exactly: number) else { return false }
      options[keyPath: path] = options[keyPath: path] ?? whole
    case (.real(_, let path), .number(let number)):
      options[keyPath: path] = options[keyPath: path] ?? number
    case (.list(_, let path), .list(let list)):
      if options[keyPath: path].isEmpty { options[keyPath: path] = list }
    case (.list(_, let path), .text(let text)):
      if options[keyPath: path].isEmpty { options[keyPath: path] = [text] }
    case (.flag(_, let path), .flag(let flag)):
      if flag { options[keyPath: path] = true }
    default: return false
    }
    return true
  }

  /// The options that are set, as a file would have them.
  static func json(_ options: LearnOptions) -> JSONValue {
    var members: [(String, JSONValue)] = []
    for slot in slots {
      switch slot {
      case .text(let name, let path):
        if let text = options[keyPath: path] { members.append((name, .string(text))) }
      case .number(let name, let path):
        if let number = options[keyPath: path] { members.append((name, .int(number))) }
      case .list(let name, let path):
        let list = options[keyPath: path]
        if !list.isEmpty { members.append((name, .array(list.map { .string($0) }))) }
      case .real(let name, let path):
        if let number = options[keyPath: path] { members.append((name, .double(number))) }
      case .flag(let name, let path):
        if options[keyPath: path] { members.append((name, .bool(true))) }
      }
    }
    return .members(members)
  }

  /// Options that a run which goes on may have otherwise than the run before: they change no result, or are about what
  /// is written besides.
  private static let free: Set<String> = [
    "batch", "max-delay", "threads", "predictions", "losses", "journal", "summary", "report",
    "draw", "follow", "quiet", "checkpoint", "checkpoint-every", "resume", "max-bad", "latency",
    "latency-budget", "thin",
  ]
  /// Those of them that are taken over from the run before where they are not given.
  private static let kept: Set<String> = [
    "batch", "max-delay", "threads", "checkpoint-every", "max-bad",
  ]

  /// Completes the options of a run that goes on by those of the run before. Throws where they contradict it.
  static func goOn(_ options: inout LearnOptions, from before: String) throws {
    var earlier = try LearnOptions.parse([])
    try merge(Data(before.utf8), "the checkpoint's options", into: &earlier)
    if try RegistryGuests.areSame(options.challenger, earlier.challenger) {
      options.challenger = earlier.challenger
    }
    if try RegistryGuests.areSame(options.shadow, earlier.shadow) {
      options.shadow = earlier.shadow
    }
    let (now, then) = (json(options), json(earlier))
    guard case .object(let members) = now else { return }
    for member in members where !free.contains(member.key) {
      let was = then[member.key]
      guard was != member.value else { continue }
      let made = was.map { "it was \($0.text)" } ?? "it was not given"
      throw Failure(
        message: "--\(member.key) is \(member.value.text), but when the checkpoint was made "
          + "\(made); leave it out to go on, or begin anew without --resume", code: Exit.usage)
    }
    try complete(&options, from: before)
  }

  /// Takes the options of a run over that say what it makes of its input, and none that say where its output goes.
  static func complete(_ options: inout LearnOptions, from before: String) throws {
    var earlier = try LearnOptions.parse([])
    try merge(Data(before.utf8), "the checkpoint's options", into: &earlier)
    for name in free.subtracting(kept) { clear(name, of: &earlier) }
    try merge(Data(json(earlier).text.utf8), "the checkpoint's options", into: &options)
  }

  /// The options of the run that made a checkpoint, without those that say where its output went.
  static func options(of before: String) throws -> LearnOptions {
    var options = try LearnOptions.parse([])
    try complete(&options, from: before)
    (options.registry, options.checkpointEvery) = (nil, nil)
    return options
  }

  private static func clear(_ name: String, of options: inout LearnOptions) {
    switch slots.first(where: { $0.name == name }) {
    case .text(_, let path)?: options[keyPath: path] = nil
    case .number(_, let path)?: options[keyPath: path] = nil
    case .list(_, let path)?: options[keyPath: path] = []
    case .flag(_, let path)?: options[keyPath: path] = false
    case .real(_, let path)?: options[keyPath: path] = nil
    case nil: break
    }
  }

  private static func nearest(_ name: String) -> String {
    let near = nearestNames(to: name, among: names)
    return near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
  }
}
