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

  /// `writes`: the work goes to standard output; then it is told where that is a file alone, as what reads a pipe has its own
  /// to tell on the same terminal.
  init(_ what: String, isQuiet: Bool = false, writes: Bool = false) {
    self.what = what
    isLive = Terminal.isLive && !isQuiet && (!writes || Terminal.isFile(1))
    lastDrawn = started + WorkProgress.patience - WorkProgress.pause
  }

  private var isDue: Bool {
    isLive && MonotonicTime.now().nanoseconds - lastDrawn > WorkProgress.pause
  }

  /// So much of the work is done. Costs nothing where nobody watches.
  mutating func update(done: Int, of total: Int?) {
    guard isDue else { return }
    let now = MonotonicTime.now().nanoseconds
    (lastDrawn, isDrawn) = (now, true)
    let line = WorkProgress.line(what, done: done, of: total, seconds: Double(now - started) / 1e9)
    Terminal.say("\r" + Terminal.style().fitted(line, max(10, Terminal.width - 1)) + "\u{1B}[K")
  }

  /// So much of the input is read.
  mutating func update(_ meter: InputMeter?) {
    guard isDue, let (read, size) = meter?.progress else { return }
    update(done: read, of: size)
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
