import Ingest
import Kernels
import Report

/// How far some work is whose size is known: one line on a terminal, once it has taken a while, with a time to go.
struct WorkProgress {
  private static let patience = 400_000_000
  private static let pause = 150_000_000

  private let what: String
  private let isLive: Bool
  private let started = MonotonicTime.now().nanoseconds
  private var lastDrawn: Int
  private var isDrawn = false

  init(_ what: String, isQuiet: Bool) {
    self.what = what
    isLive = Terminal.isLive && !isQuiet
    lastDrawn = started + WorkProgress.patience - WorkProgress.pause
  }

  /// So much of the work is done. Costs nothing where nobody watches.
  mutating func update(done: Int, of total: Int?) {
    guard isLive else { return }
    let now = MonotonicTime.now().nanoseconds
    guard now - lastDrawn > WorkProgress.pause else { return }
    (lastDrawn, isDrawn) = (now, true)
    let line = WorkProgress.line(what, done: done, of: total, seconds: Double(now - started) / 1e9)
    Terminal.say("\r" + Terminal.style().fitted(line, max(10, Terminal.width - 1)) + "\u{1B}[K")
  }

  /// Takes the line away.
  mutating func finish() {
    if isDrawn { Terminal.say("\r\u{1B}[K") }
    isDrawn = false
  }

  static func line(_ what: String, done: Int, of total: Int?, seconds: Double) -> String {
    guard let total, total > 0 else { return "\(what)  \(LiveFrame.clock(seconds))" }
    let share = min(1, Double(done) / Double(total))
    var line = "\(what)  \(Figure.fixed(100 * share, 0)) %"
    if share > 0.005, share < 1 {
      line += "  about \(LiveFrame.clock(seconds * (1 - share) / share)) to go"
    }
    return line
  }
}
