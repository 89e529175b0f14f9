import Histogram

/// How long things took: every duration is counted, and any quantile is known to a thousandth of its value.
///
/// An HDR histogram (`HdrHistogram/hdrhistogram-swift`): buckets of equal width between one power of two and the next, so
/// that a value and what it is told as differ by .1 % at most, from a nanosecond to an hour. Unlike a mean, or quantiles
/// of samples, it keeps what is rare: one value in ten thousand is in it as all others are.
///
/// Reference: G. Tene, HdrHistogram: a high dynamic range histogram, hdrhistogram.org.
///
/// Cost: some 6 ns a record (ten million, release build); 260 KB.
package struct LatencyHistogram: Sendable {
  private static let hour: UInt64 = 3_600_000_000_000

  private var counts = Histogram<UInt64>(
    highestTrackableValue: hour, numberOfSignificantValueDigits: .three)
  /// Durations so far.
  package private(set) var count = 0
  /// The longest one, in nanoseconds, as it was.
  package private(set) var longest = 0

  package init() {}

  /// Takes a duration that `count` events had, in nanoseconds; one that is below 0 counts as 0, beyond an hour as an hour.
  package mutating func record(_ nanoseconds: Int, count events: Int = 1) {
    guard events > 0 else { return }
    let value = UInt64(max(nanoseconds, 0))
    _ = counts.record(min(value, LatencyHistogram.hour), count: UInt64(events))
    count += events
    longest = max(longest, nanoseconds)
  }

  /// The duration that a share `quantile` of all does not exceed, in nanoseconds; nil before the first. `quantile` is
  /// between 0 and 1.
  package func quantile(_ quantile: Double) -> Int? {
    guard count > 0 else { return nil }
    return min(Int(counts.valueAtPercentile(100 * quantile)), longest)
  }

  package mutating func removeAll() {
    counts.reset()
    (count, longest) = (0, 0)
  }
}
