import Engine
import Ingest
import Kernels
import Scores

/// Shows how a run goes: on a terminal one live line, in a pipe a compact table whose rows come at
/// doubling numbers of events.
struct Progress {
  private let isQuiet: Bool
  private let isLive: Bool
  private var nextRow = 1024
  private var lastDrawn = MonotonicTime.now()
  private let started = MonotonicTime.now()
  private var isHeaderDue = true

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    isLive = Terminal.isLive
  }

  /// Called after each batch.
  mutating func update(_ engine: Engine) {
    guard !isQuiet else { return }
    if isLive { drawLine(engine) } else if engine.events >= nextRow { writeRow(engine) }
  }

  private mutating func drawLine(_ engine: Engine) {
    let now = MonotonicTime.now()
    guard now.nanoseconds - lastDrawn.nanoseconds > 100_000_000 else { return }
    lastDrawn = now
    let rate = Double(engine.events) * 1e9 / Double(now.nanoseconds - started.nanoseconds)
    let model = engine.models[0]
    let name = model.board.names[0]
    let score = model.board.overall(name).map { Figure.text($0) } ?? "–"
    let base = engine.bestBaseline(name).map { "\($0.name) \(Figure.text($0.value))" } ?? "–"
    let line =
      "\(engine.events) events  \(Figure.count(rate))/s  \(name) \(score)  (\(base))  "
      + "alarms \(model.alarmCount)"
    Terminal.say("\r" + line.prefix(max(10, Terminal.width - 1)) + "\u{1B}[K")
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

  /// Clears the live line.
  func finish() {
    if isLive, !isQuiet { Terminal.say("\r\u{1B}[K") }
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
