import Kernels

/// When the next checkpoint is due. When it is changes no result.
struct CheckpointSchedule {
  enum Interval: Equatable {
    case events(Int)
    case seconds(Double)

    /// Reads `N` or `Ns`; nil for anything else.
    init?(_ text: String) {
      if text.hasSuffix("s"), let seconds = Double(text.dropLast()), seconds > 0, seconds.isFinite {
        self = .seconds(seconds)
      } else if let events = Int(text), events > 0 {
        self = .events(events)
      } else {
        return nil
      }
    }
  }

  static let usual = Interval.seconds(30)

  private let interval: Interval
  private var nextEvent: Int
  private var last = MonotonicTime.now()

  /// `events` have been taken so far.
  init(_ interval: Interval, events: Int) {
    self.interval = interval
    nextEvent = 0
    plan(events: events)
  }

  /// Whether the time has come; the next one is then planned.
  mutating func isDue(events: Int) -> Bool {
    switch interval {
    case .events: guard events >= nextEvent else { return false }
    case .seconds(let seconds):
      let passed = MonotonicTime.now().nanoseconds - last.nanoseconds
      guard Double(passed) >= seconds * 1e9 else { return false }
    }
    plan(events: events)
    return true
  }

  private mutating func plan(events: Int) {
    last = MonotonicTime.now()
    if case .events(let count) = interval { nextEvent = (events / count + 1) * count }
  }
}
