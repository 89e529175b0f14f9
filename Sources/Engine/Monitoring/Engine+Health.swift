package import Monitors
import Scores
package import Telemetry

/// How the run is: what models, detectors and reactions have to say of it, beside the checks.
extension Engine {
  /// Events from one comparison with the baselines to the next: a 16th of the stream so far, 512 to 8,192. Each takes the
  /// window anew, of every baseline, and what is to be said of a long stream can wait for as long.
  private var compareEvery: Int {
    let most = max(512, min(8192, events / 16))
    return 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount)
  }

  /// How the run is; nil where nobody watches.
  package var health: Health? { monitor?.health }

  /// Takes what the served model told into account.
  mutating func noteIllness(_ told: [Told]) {
    guard var monitor = monitor.take() else { return }
    for told in told {
      switch told {
      case .cause(let cause): note(cause, &monitor.health)
      case .entry(let entry): note(entry, &monitor.health)
      }
    }
    self.monitor = monitor
  }

  private func note(_ cause: AlarmCause, _ health: inout Health) {
    guard cause.localisation.fault != nil else { return }
    // It is the data, and the loss that rose with them is no decay.
    health.settle("loss")
    health.complain(
      "cause", .dataBroken, "a drift at event \(cause.alarm.event) comes of broken data (cause)",
      until: cause.event + Health.memory)
  }

  private func note(_ entry: JournalEntry, _ health: inout Health) {
    switch entry.kind {
    case "alarm":
      guard case .string(let signal)? = entry["signal"], ["loss", "error"].contains(signal),
        entry["level"] == .string("drift"), case .double(let before)? = entry["before"],
        case .double(let after)? = entry["after"], abs(after) > abs(before)
      else { return }
      health.complain(
        "loss", .modelDecaying,
        "the \(signal) rose from \(ShortNumber.text(before)) to \(ShortNumber.text(after))",
        until: entry.event + Health.memory)
    case "kept": health.settle("loss")
    case "retrain-failed":
      health.complain("retrain", .programBroken, "a retraining failed", until: nil)
    case "retrain": health.settle("retrain")
    default: return
    }
  }

  /// Takes something that speaks against the run and that no model knows of, such as a stream that has stopped, until
  /// `settle`.
  package mutating func complain(_ key: String, _ state: HealthState, _ why: String) {
    monitor?.health.complain(key, state, why, until: nil)
    tellHealth()
  }

  /// What was said under `key` is over.
  package mutating func settle(_ key: String) {
    guard monitor?.health.complains(of: key) == true else { return }
    monitor?.health.settle(key)
    tellHealth()
  }

  /// Says how the run is where that has changed.
  mutating func askHealth() {
    guard monitor != nil else { return }
    let every = max(compareEvery / options.reactEvery, 1) * options.reactEvery
    // What is not fitted yet is not wrong.
    if events > options.warmup, events % every == 0 { compareBaselines() }
    tellHealth()
  }

  /// Says how the run is where that has changed, without looking at the scores.
  mutating func tellHealth() {
    guard let change = monitor?.health.ask(event: events) else { return }
    add(change.entry)
  }

  /// Sets the served model's main score over the window beside the best baseline's.
  private mutating func compareBaselines() {
    let board = runners[served].board
    guard let name = board.names.first, board.windowCount >= min(512, options.scoreWindow),
      let own = board.overWindow(name)
    else { return }
    let isGain = board.isGain(name)
    let others = baselineScores(name)
    guard let best = isGain ? others.max() : others.min() else { return }
    let isWorse = isGain ? own < best : own > best
    monitor?.health.compare(isWorse: isWorse) {
      "\(name) over the window is \(ShortNumber.text(own)), of the best baseline "
        + ShortNumber.text(best)
    }
  }
}

extension Health.Change {
  package var entry: JournalEntry {
    JournalEntry(
      event: event, kind: "health",
      [
        ("state", .string(state.rawValue)), ("before", .string(before.rawValue)),
        ("why", .string(why)),
      ])
  }
}
