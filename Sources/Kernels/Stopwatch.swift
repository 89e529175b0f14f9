/// Adds up how long something takes, by the clock that only goes forward. It is told to people; nothing that
/// is learned may depend on it.
package struct Stopwatch: Sendable {
  private var nanoseconds = 0

  package init() {}

  package var seconds: Double { Double(nanoseconds) * 1e-9 }

  /// Adds the time since `start`; a look at the clock takes 25 ns.
  package mutating func add(since start: MonotonicTime) {
    nanoseconds += MonotonicTime.now().nanoseconds - start.nanoseconds
  }
}
