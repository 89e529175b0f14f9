import Glibc

/// Adds up how long something takes, by the clock that only goes forward. It is told to people; nothing that
/// is learned may depend on it.
package struct Stopwatch: Sendable {
  private var nanoseconds = 0

  package init() {}

  package var seconds: Double { Double(nanoseconds) * 1e-9 }

  /// A moment to add from, in nanoseconds; 25 ns to find.
  package static var now: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  package mutating func add(since start: Int) { nanoseconds += Stopwatch.now - start }
}
