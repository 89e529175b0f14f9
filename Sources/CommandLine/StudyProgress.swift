import Ingest
import Kernels
import Synchronization

/// How far a study is: one live line on a terminal, and whether the user asked for an end. Told and asked from any
/// thread.
final class StudyProgress: Sendable {
  /// What steps are.
  enum Unit: String { case values, events, bytes }

  private let interruption: Int32
  private let isLive: Bool
  private let jobs: Int
  /// Steps of the whole study; nil where nobody can tell.
  private let steps: Int?
  /// What a step is, in the plural.
  let unit: Unit
  private let jobsDone = Atomic(0)
  private let stepsDone = Atomic(0)
  private let ended = Atomic(false)
  private let lastDrawn: Atomic<Int>
  private let started = MonotonicTime.now().nanoseconds

  /// Jobs are done one after another, or some at a time; steps are those of the whole study, as `advance`
  /// counts them.
  init(
    jobs: Int, steps: Int?, of unit: Unit = .values, interruption: Int32, isQuiet: Bool = false
  ) {
    self.jobs = jobs
    self.steps = steps
    self.unit = unit
    self.interruption = interruption
    isLive = Terminal.isLive && !isQuiet
    lastDrawn = Atomic(started)
  }

  /// Whether the user asked for an end.
  var isEnded: Bool { ended.load(ordering: .relaxed) }

  /// So many steps more are done; false when the user asked for an end.
  func advance(_ count: Int) -> Bool {
    stepsDone.wrappingAdd(count, ordering: .relaxed)
    if Interruption.hasCome(interruption) { ended.store(true, ordering: .relaxed) }
    if isLive { draw() }
    return !isEnded
  }

  func jobDone() { jobsDone.wrappingAdd(1, ordering: .relaxed) }

  /// Takes the line away, so that something else can be written.
  func clear() {
    if isLive { Terminal.say("\r\u{1B}[K") }
  }

  /// The end: a study that was cut short says so.
  func finish() {
    clear()
    if isEnded {
      Terminal.say("weir: interrupted; what was done is above\n")
    }
  }

  private func draw() {
    let now = MonotonicTime.now().nanoseconds
    let last = lastDrawn.load(ordering: .relaxed)
    // Of several threads that want to draw, one does.
    guard now - last > 200_000_000,
      lastDrawn.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    else { return }
    let line = StudyProgress.line(
      jobsDone: jobsDone.load(ordering: .relaxed), jobs: jobs,
      stepsDone: stepsDone.load(ordering: .relaxed), steps: steps, unit: unit,
      seconds: Double(now - started) / 1e9)
    Terminal.say("\r" + line.prefix(max(10, Terminal.width - 1)) + "\u{1B}[K")
  }

  /// What is done, how long it took, and how long the rest will take at that rate.
  static func line(
    jobsDone: Int, jobs: Int, stepsDone: Int, steps: Int?, unit: Unit, seconds: Double
  ) -> String {
    let share =
      steps.map { Double(stepsDone) / Double(max($0, 1)) }
      ?? Double(jobsDone) / Double(max(jobs, 1))
    var line = jobs > 1 ? "\(jobsDone) of \(jobs) done  " : ""
    if steps != nil { line += "\(Figure.fixed(100 * min(share, 1), 0)) %  " }
    line += "\(Figure.count(Double(stepsDone))) \(unit)  \(clock(seconds))"
    guard share > 0.005, share < 1 else { return line }
    return line + "  about \(clock(seconds * (1 - share) / share)) to go"
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    let (minutes, rest) = ((whole / 60) % 60, whole % 60)
    let tail = (rest < 10 ? "0" : "") + "\(rest)"
    guard whole >= 3600 else { return "\(minutes):" + tail }
    return "\(whole / 3600):" + (minutes < 10 ? "0" : "") + "\(minutes):" + tail
  }
}
