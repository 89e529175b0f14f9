import CLanes
import Glibc
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

  package init(_ wish: Int) {
    count = max(1, min(wish, Int(weir_cores())))
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
  /// A helper looks for a job this often before it sleeps: some hundred microseconds.
  private static let patience = 20_000

  private let helpers: Int
  private var threads: [pthread_t] = []
  private var parts = 0
  private var body: ((Int) -> Void)?
  /// Jobs begun so far; −1: there will be no more.
  private let begun = Atomic(0)
  /// Helpers that have not done their parts of the job at hand.
  private let busy = Atomic(0)
  private let sleeping = Atomic(0)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init(helpers: Int) {
    self.helpers = helpers
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
  }

  deinit {
    pthread_cond_destroy(wake)
    pthread_mutex_destroy(mutex)
    wake.deallocate()
    mutex.deallocate()
  }

  // MARK: - The caller's side

  func perform(_ parts: Int, _ body: (Int) -> Void) {
    if threads.isEmpty { start() }
    withoutActuallyEscaping(body) { body in
      (self.parts, self.body) = (parts, body)
      busy.store(threads.count, ordering: .relaxed)
      announce(begun.load(ordering: .relaxed) + 1)
      share(of: 0)
      while busy.load(ordering: .acquiring) > 0 { weir_relax() }
      self.body = nil
    }
  }

  func end() {
    announce(-1)
    for thread in threads { pthread_join(thread, nil) }
  }

  private func announce(_ job: Int) {
    // In one order with a helper's going to sleep: it sees the job, or is seen sleeping.
    begun.store(job, ordering: .sequentiallyConsistent)
    guard sleeping.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
  }

  /// Starts the helpers, which leave signals to the other threads; where the system gives none, the caller
  /// does all.
  private func start() {
    var (all, before) = (sigset_t(), sigset_t())
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, &before)
    for helper in 1...helpers {
      var thread = pthread_t()
      let place = Unmanaged.passRetained(Place(crew: self, position: helper))
      let failure = pthread_create(&thread, nil, Crew.main, place.toOpaque())
      guard failure == 0 else {
        place.release()
        break
      }
      threads.append(thread)
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
  }

  // MARK: - The helpers' side

  private final class Place {
    let crew: Crew
    let position: Int

    init(crew: Crew, position: Int) { (self.crew, self.position) = (crew, position) }
  }

  private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
    guard let place = $0 else { return nil }
    let own = Unmanaged<Place>.fromOpaque(place).takeRetainedValue()
    own.crew.help(own.position)
    return nil
  }

  private func help(_ position: Int) {
    var done = 0
    while true {
      var looks = 0
      while begun.load(ordering: .acquiring) == done {
        looks += 1
        if looks > Crew.patience {
          sleep(until: done)
        } else {
          weir_relax()
        }
      }
      let job = begun.load(ordering: .acquiring)
      guard job > 0 else { return }
      done = job
      share(of: position)
      busy.wrappingSubtract(1, ordering: .acquiringAndReleasing)
    }
  }

  /// Sleeps until there is another job than `done`.
  private func sleep(until done: Int) {
    pthread_mutex_lock(mutex)
    sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while begun.load(ordering: .sequentiallyConsistent) == done { pthread_cond_wait(wake, mutex) }
    sleeping.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }

  /// Neighbours are one thread's: what lies beside one another in memory shares cache lines.
  private func share(of position: Int) {
    guard let body else { return }
    let all = threads.count + 1
    for part in (parts * position / all)..<(parts * (position + 1) / all) { body(part) }
  }
}
