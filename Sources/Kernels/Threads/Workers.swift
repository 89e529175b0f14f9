import CLanes
import Synchronization

/// Threads that share out the parts of one job, of which part p is always the same thread's, so that what it
/// works on stays in that core's cache. What a part does must depend on nothing that another writes.
///
/// Jobs of a few hundred microseconds are worth sharing: a thread with nothing to do looks out for the next
/// job for a while before it sleeps, as waking one takes 60 µs. There are never more threads than cores
/// that the process may use; with one, the caller does everything, in order. Threads begin with the first job
/// and end with the last reference. Only one job may be under way at a time.
package final class Workers: Sendable {
  /// Threads, the caller's included.
  package let count: Int
  private let crew: Crew

  /// Cores that this process may use.
  package static var cores: Int { Int(weir_cores()) }

  package init(_ wish: Int) {
    count = max(1, min(wish, Workers.cores))
    crew = Crew(helpers: count - 1)
  }

  deinit { crew.end() }

  /// Calls `body` once for each of 0 ..< `parts`, and returns when all are done.
  package func perform(_ parts: Int, _ body: (Int) -> Void) {
    guard count > 1, parts > 1 else {
      for part in 0..<parts { body(part) }
      return
    }
    crew.perform(parts, body)
  }

  /// Calls `body` with each element of an array, which it may change.
  package func forEach<Element>(_ elements: inout [Element], _ body: (Int, inout Element) -> Void) {
    elements.withUnsafeMutableBufferPointer { elements in
      guard let base = elements.baseAddress else { return }
      perform(elements.count) { body($0, &base[$0]) }
    }
  }
}

/// The threads beside the caller's, and how they hear of a job.
private final class Crew: @unchecked Sendable {
  private let helpers: Int
  private var threads: [PosixThread] = []
  private var parts = 0
  private var body: ((Int) -> Void)?
  /// Jobs begun so far; −1: there will be no more. A helper looks for one for some hundred microseconds.
  private let begun = Milestone(patience: 20_000)
  /// Helpers that have not done their parts of the job at hand.
  private let busy = Atomic(0)

  init(helpers: Int) { self.helpers = helpers }

  // MARK: - The caller's side

  func perform(_ parts: Int, _ body: (Int) -> Void) {
    if threads.isEmpty { start() }
    withoutActuallyEscaping(body) { body in
      (self.parts, self.body) = (parts, body)
      busy.store(threads.count, ordering: .relaxed)
      begun.reach(begun.value + 1)
      share(of: 0)
      while busy.load(ordering: .acquiring) > 0 { weir_relax() }
      self.body = nil
    }
  }

  func end() {
    begun.reach(-1)
    for thread in threads { thread.join() }
  }

  /// Starts the helpers; where the system gives none, the caller does all.
  private func start() {
    for helper in 1...helpers {
      guard let thread = PosixThread({ self.help(helper) }) else { break }
      threads.append(thread)
    }
  }

  // MARK: - The helpers' side

  private func help(_ position: Int) {
    var done = 0
    while true {
      done = begun.wait(while: done)
      guard done > 0 else { return }
      share(of: position)
      busy.wrappingSubtract(1, ordering: .acquiringAndReleasing)
    }
  }

  /// Neighbours are one thread's: what lies beside one another in memory shares cache lines.
  private func share(of position: Int) {
    guard let body else { return }
    let all = threads.count + 1
    for part in (parts * position / all)..<(parts * (position + 1) / all) { body(part) }
  }
}
