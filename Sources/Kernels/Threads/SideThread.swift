/// A thread that does one job again and again while the caller does something else.
///
/// `begin` and `finish` take turns; between them the caller keeps its hands off what the job touches. The thread
/// starts with the first job and ends with the last reference.
package final class SideThread {
  /// Each side looks for the other for some 30 µs before it sleeps.
  private static let patience = 2_000

  private let rounds: Rounds
  private var thread: PosixThread?
  private var begun = 0

  package init(_ job: @escaping @Sendable () -> Void) { rounds = Rounds(job) }

  deinit {
    finish()
    rounds.begun.reach(-1)
    thread?.join()
  }

  /// Has the job done once more; false where the system gives no thread, and nothing is done.
  package func begin() -> Bool {
    finish()
    if thread == nil {
      let rounds = rounds
      thread = PosixThread { rounds.run() }
    }
    guard thread != nil else { return false }
    begun += 1
    rounds.begun.reach(begun)
    return true
  }

  /// Waits until what was begun is done.
  package func finish() {
    while rounds.done.value < begun { _ = rounds.done.wait(while: begun - 1) }
  }

  /// What the two threads share.
  private final class Rounds: Sendable {
    let job: @Sendable () -> Void
    /// Jobs begun so far; −1: there will be no more.
    let begun = Milestone(patience: SideThread.patience)
    let done = Milestone(patience: SideThread.patience)

    init(_ job: @escaping @Sendable () -> Void) { self.job = job }

    func run() {
      var count = 0
      while true {
        count = begun.wait(while: count)
        guard count > 0 else { return }
        job()
        done.reach(count)
      }
    }
  }
}
