/// What a run looks like while it goes on, in the lower part of a terminal: a line of figures, and above it the score and the
/// best baseline as a chart where there is room for one.
///
/// A pure function of what there is to show and of the terminal's size: it writes nothing.
package struct LiveFrame: Sendable {
  package var events = 0
  package var eventsPerSecond = 0.0
  /// The share of the input that was read, and how many seconds the rest will take; nil where nobody can tell.
  package var share: Double?
  package var secondsLeft: Double?
  /// The score's name, over all events and over the window.
  package var score = ""
  package var overall: Double?
  package var window: Double?
  package var baseline: (name: String, value: Double)?
  package var alarms = 0
  package var reactions = 0
  /// The window's score of the model and of the best baseline.
  package var own = ThinnedSeries(most: 512)
  package var base = ThinnedSeries(most: 512)
  /// Events at which drifts were named; the last of them.
  package var drifts: [Int] = []

  package init() {}

  /// Wider than this a picture says no more.
  private static let widest = 110
  private static let tallest = 9

  /// The lines, each shorter than `width`. At most half of `height` is taken.
  package func lines(width: Int, height: Int, _ style: TerminalStyle) -> [String] {
    let width = min(width - 1, LiveFrame.widest)
    guard width >= 20, height >= 2 else { return [] }
    let rows = min(LiveFrame.tallest, height / 2 - 2)
    guard width >= 40, rows >= 4, own.count > 1 else { return [figures(width, style)] }
    let span = 0...max(1, events)
    func line(_ series: ThinnedSeries, _ ink: TerminalStyle.Ink) -> TerminalChart.Line {
      .init(points: series.points(columns: width * 2, over: span), ink: ink)
    }
    let chart = TerminalChart(
      lines: [line(base, .baseline), line(own, .model)], events: span, marks: drifts,
      width: width, height: rows)
    return [title(width, style)] + chart.rows(style) + [figures(width, style)]
  }

  private func title(_ width: Int, _ style: TerminalStyle) -> String {
    let name = style.spelled(ScoreWords.title(score))
    let own = style.spelled("the model \(Numerals.value(window))")
    var text = "\(name): " + style.painted(own, .model)
    var used = TerminalStyle.columns(name) + 2 + TerminalStyle.columns(own)
    if let baseline {
      let shown = style.fitted(
        style.spelled("\(baseline.name) \(Numerals.value(baseline.value))"),
        max(8, width - used - 2))
      text += "  " + style.painted(shown, .baseline)
      used += 2 + TerminalStyle.columns(shown)
    }
    return used <= width ? text : style.fitted(name, width)
  }

  private func figures(_ width: Int, _ style: TerminalStyle) -> String {
    var parts = ["\(Numerals.count(events)) events", "\(LiveFrame.rate(eventsPerSecond))/s"]
    if let overall { parts.append("\(score) \(Numerals.value(overall))") }
    if alarms > 0 { parts.append(Prose.count(alarms, "alarm")) }
    if reactions > 0 { parts.append(Prose.count(reactions, "reaction")) }
    if let share {
      var text = Numerals.fixed(100 * min(1, share), 0) + " %"
      if let secondsLeft { text += ", \(LiveFrame.clock(secondsLeft)) to go" }
      parts.append(text)
    }
    // What matters least is left out first.
    var line = parts.joined(separator: "  ")
    for dispensable in [2, 1] where TerminalStyle.columns(line) > width && parts.count > 2 {
      parts.remove(at: min(dispensable, parts.count - 1))
      line = parts.joined(separator: "  ")
    }
    return style.fitted(style.spelled(line), width)
  }

  /// 1,234,567 as 1.235 M.
  private static func rate(_ value: Double) -> String { Axis.short(value.rounded()) }

  /// Minutes and seconds; hours before them where there are any.
  package static func clock(_ seconds: Double) -> String {
    let whole = Int(min(max(0, seconds), 1e9).rounded())
    func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
    let tail = two((whole / 60) % 60) + ":" + two(whole % 60)
    return whole >= 3600 ? "\(whole / 3600):" + tail : "\((whole / 60) % 60):" + two(whole % 60)
  }
}

/// The part of a terminal that is drawn anew again and again, below lines that stay.
///
/// Also pure: it makes the bytes that take the last frame away and put the next one there. The cursor is never hidden and
/// rests behind the frame, so that a process that is killed leaves a terminal that works.
package struct LiveRegion: Sendable {
  /// Columns of each line that stands there now.
  private var standing: [Int] = []

  package init() {}

  /// What takes the frame away: the cursor is then at the beginning of an empty line. `width` is the terminal's now: one
  /// that became narrower has broken long lines into several.
  ///
  /// Row by row: what erases all below the cursor makes some terminals keep what stood there in their history.
  package mutating func cleared(width: Int) -> String {
    guard !standing.isEmpty else { return "" }
    let rows = standing.reduce(0) { $0 + max(1, ($1 + width - 1) / max(1, width)) }
    standing.removeAll()
    let up = rows > 1 ? "\u{1B}[\(rows - 1)A" : ""
    let erased = Array(repeating: "\u{1B}[2K", count: rows).joined(separator: "\u{1B}[1B")
    return "\r" + up + erased + up
  }

  /// Writes `above`, which stays, and the frame below it.
  package mutating func drawn(_ frame: [String], above: [String] = [], width: Int) -> String {
    let text = cleared(width: width) + above.map { $0 + "\n" }.joined()
    standing = frame.map(LiveRegion.columns)
    return text + frame.joined(separator: "\n")
  }

  /// Columns of a line, its escape sequences not counted.
  static func columns(_ line: String) -> Int {
    var (plain, isEscape) = ("", false)
    for character in line {
      if character == "\u{1B}" { isEscape = true }
      if !isEscape { plain.append(character) }
      if isEscape, character == "m" { isEscape = false }
    }
    return TerminalStyle.columns(plain)
  }
}
