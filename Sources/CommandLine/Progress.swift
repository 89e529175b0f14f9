import Engine
import Ingest
import Kernels
import Report
import Scores
import Telemetry

/// Shows how a run goes: on a terminal a live picture below the alarms as they come, elsewhere a compact table whose rows come
/// at doubling numbers of events.
struct Progress {
  /// Between two frames, in nanoseconds: ten a second.
  private static let pause = 100_000_000
  /// Lines that one frame may put above it.
  private static let mostLines = 12

  private let isQuiet: Bool
  private let isLive: Bool
  private let style = Terminal.style()
  private let meter: InputMeter?
  private var nextRow = 1024
  private var lastDrawn = MonotonicTime.now()
  private let started = MonotonicTime.now()
  private var isHeaderDue = true
  private var frame = LiveFrame()
  private var region = LiveRegion()
  /// What happened since the last frame, and how many more there were.
  private var happened: [String] = []
  private var more = 0

  /// `meter` says how far the input was read, where that can be said.
  init(isQuiet: Bool, meter: InputMeter? = nil) {
    self.isQuiet = isQuiet
    self.meter = meter
    isLive = Terminal.isLive && !isQuiet
  }

  /// Whether it wants to know what the journal is told.
  var wantsEntries: Bool { isLive }

  /// Something happened that the journal is told.
  mutating func note(_ entry: JournalEntry) {
    guard isLive else { return }
    let ink: TerminalStyle.Ink
    switch entry.kind {
    case "alarm":
      let isDrift = entry["level"] == .string("drift")
      if isDrift { frame.drifts.append(entry.event) }
      if frame.drifts.count > 512 { frame.drifts.removeFirst(256) }
      ink = isDrift ? .drift : .warning
    case "cause": ink = .plain
    case "kept", "promotion": (ink, frame.reactions) = (.kept, frame.reactions + 1)
    case "undone", "rollback": (ink, frame.reactions) = (.warning, frame.reactions + 1)
    case "retrain", "restart", "window-reset", "retrain-failed", "challenger-started", "check",
      "health", "group-gap":
      ink = .plain
    default: return
    }
    guard happened.count < Progress.mostLines else {
      more += 1
      return
    }
    let text = style.spelled(Progress.words(entry))
    happened.append(style.painted(style.fitted(text, max(20, Terminal.width - 1)), ink))
  }

  /// What happened, in a line.
  private static func words(_ entry: JournalEntry) -> String {
    func text(_ key: String) -> String {
      if case .string(let text)? = entry[key] { return text }
      return ""
    }
    func figure(_ key: String) -> String {
      if case .double(let value)? = entry[key] { return Numerals.value(value) }
      return entry[key]?.text ?? "–"
    }
    let place = Figure.pad(Numerals.count(entry.event), 11) + "  "
    switch entry.kind {
    case "alarm":
      return place + "\(text("level")): \(text("signal")) \(figure("before")) → \(figure("after")) "
        + "since \(figure("since")) (\(text("detector")))"
    case "cause":
      var names: [String] = []
      if case .array(let features)? = entry["features"] {
        names = features.compactMap {
          if case .string(let name)? = $0["name"] { name } else { nil }
        }
      }
      let found = text("fault").isEmpty ? names.joined(separator: ", ") : text("fault")
      return place + "cause: \(text("cause"))" + (found.isEmpty ? "" : ": \(found)")
    case "check": return place + "\(text("severity")): \(text("text"))"
    case "health": return place + "health: \(text("state")) \(text("why"))"
    default: return Figure.pad("", 11 - String(entry.event).count) + entry.text
    }
  }

  /// Called after each batch.
  mutating func update(_ engine: Engine) {
    guard !isQuiet else { return }
    if isLive { draw(engine) } else if engine.events >= nextRow { writeRow(engine) }
  }

  private mutating func draw(_ engine: Engine) {
    let now = MonotonicTime.now()
    guard now.nanoseconds - lastDrawn.nanoseconds > Progress.pause else { return }
    lastDrawn = now
    look(engine, seconds: Double(now.nanoseconds - started.nanoseconds) / 1e9)
    let (columns, rows) = Terminal.size()
    var above = happened
    if more > 0 { above.append(Figure.pad("", 11) + "  and \(more) more, which the journal has") }
    (happened, more) = ([], 0)
    Terminal.say(
      region.drawn(
        frame.lines(width: columns, height: rows, style), above: above, width: columns))
  }

  /// Brings the frame up to date.
  private mutating func look(_ engine: Engine, seconds: Double) {
    let now = engine.progress
    frame.events = engine.events
    frame.eventsPerSecond = Double(engine.events) / max(seconds, 1e-9)
    (frame.score, frame.overall, frame.window) = (now.score, now.overall, now.window)
    frame.baseline = now.baseline
    frame.alarms = now.alarms
    if let value = now.window { frame.own.append(value, event: engine.events) }
    if let value = now.baseline?.value { frame.base.append(value, event: engine.events) }
    guard let (read, size) = meter?.progress else { return }
    let share = Double(read) / Double(size)
    frame.share = share
    frame.secondsLeft = share > 0.01 && share < 1 ? seconds * (1 - share) / share : nil
  }

  private mutating func writeRow(_ engine: Engine) {
    while nextRow <= engine.events { nextRow *= 2 }
    let model = engine.models[0]
    let name = model.board.names[0]
    if isHeaderDue {
      isHeaderDue = false
      Terminal.say(
        Figure.pad("events", 12) + Figure.pad(name, 12) + Figure.pad("window", 12)
          + Figure.pad("baseline", 12) + Figure.pad("alarms", 8) + "\n")
    }
    let base = engine.bestBaseline(name)
    Terminal.say(
      Figure.pad(String(engine.events), 12)
        + Figure.pad(model.board.overall(name).map { Figure.text($0) } ?? "–", 12)
        + Figure.pad(model.board.overWindow(name).map { Figure.text($0) } ?? "–", 12)
        + Figure.pad(base.map { Figure.text($0.value) } ?? "–", 12)
        + Figure.pad(String(model.alarmCount), 8) + "\n")
  }

  /// Takes the picture away; what happened since it was drawn last is still told.
  mutating func finish() {
    guard isLive else { return }
    Terminal.say(region.cleared(width: Terminal.width) + happened.map { $0 + "\n" }.joined())
    (happened, more) = ([], 0)
  }
}

/// Numbers as a person reads them.
enum Figure {
  /// Four significant digits; more for large numbers.
  static func text(_ value: Double) -> String {
    guard value.isFinite else { return "–" }
    let magnitude = abs(value)
    let decimals =
      magnitude >= 1000 ? 0 : magnitude >= 100 ? 1 : magnitude >= 10 ? 2 : magnitude >= 1 ? 3 : 4
    return fixed(value, decimals)
  }

  /// A number with so many decimals.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    var unit = 1.0
    for _ in 0..<decimals { unit *= 10 }
    guard abs(value) < 1e15 / unit else { return "\(value)" }
    let scaled = Int((abs(value) * unit).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    let digits = String(scaled)
    guard decimals > 0 else { return sign + digits }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return sign + padded.dropLast(decimals) + "." + padded.suffix(decimals)
  }

  /// 1234567 as 1.23M.
  static func count(_ value: Double) -> String {
    if value >= 1e6 { return fixed(value / 1e6, 2) + "M" }
    if value >= 1e4 { return fixed(value / 1e3, 0) + "k" }
    return fixed(value, 0)
  }

  /// Right-aligned in `width` columns.
  static func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }
}
