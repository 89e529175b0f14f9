/// How long events take on their way, by stage.
///
/// It is batches that are stamped, not rows: five looks at the clock a batch of up to 256 events. Each event of a batch
/// counts with the times of its batch, the first of whose rows has waited longest: what is told is an upper bound.
///
///     arrived ──read──▶ filled ──wait──▶ taken ──learn──▶ learned ──write──▶ written
///     ╰────────────────────────────── total ───────────────────────────────────────╯
///
/// An event has arrived when its bytes can be taken from the input: how long it stood in the pipe before that, whoever
/// fills the pipe has to ask itself.
package struct LatencyMeter {
  package enum Stage: String, CaseIterable {
    /// Cut into records, parsed and encoded, and waiting for company in the batch (`--max-delay`).
    case read
    /// Read ahead, and waiting for its turn.
    case wait
    /// Predicted, scored, learned and watched.
    case learn
    /// Predictions, losses and journal are written, and flushed.
    case write
    /// From arrival to written prediction.
    case total
  }

  /// Moments of one batch, in nanoseconds on one clock.
  package struct Stamps {
    let arrived, filled, taken, learned, written: Int

    package init(arrived: Int, filled: Int, taken: Int, learned: Int, written: Int) {
      (self.arrived, self.filled, self.taken) = (arrived, filled, taken)
      (self.learned, self.written) = (learned, written)
    }
  }

  private let clock: () -> Int
  private var histograms = Stage.allCases.map { _ in LatencyHistogram() }

  /// `clock` tells nanoseconds.
  package init(clock: @escaping () -> Int) { self.clock = clock }

  package func now() -> Int { clock() }

  package mutating func record(_ stamps: Stamps, events: Int) {
    let durations = [
      stamps.filled - stamps.arrived, stamps.taken - stamps.filled,
      stamps.learned - stamps.taken, stamps.written - stamps.learned,
      stamps.written - stamps.arrived,
    ]
    for (stage, duration) in durations.enumerated() {
      histograms[stage].record(duration, count: events)
    }
  }

  package func histogram(_ stage: Stage) -> LatencyHistogram {
    histograms[Stage.allCases.firstIndex(of: stage) ?? 0]
  }

  package static let quantiles = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)]

  /// In milliseconds.
  package var json: JSONValue {
    .members(
      [("unit", .string("ms"))]
        + Stage.allCases.map { stage in
          let histogram = histogram(stage)
          func value(_ nanoseconds: Int?) -> JSONValue {
            .number(nanoseconds.map { Double($0) / 1e6 })
          }
          return (
            stage.rawValue,
            .members(
              LatencyMeter.quantiles.map { ($0.0, value(histogram.quantile($0.1))) }
                + [("max", value(histogram.count > 0 ? histogram.longest : nil))])
          )
        })
  }
}
