/// A thread that does one job again and again while the caller does something else.
///
/// `begin` and `finish` take turns; between them the caller keeps its hands off what the job touches. The thread
/// starts with the first job and ends with the last reference; where the system gives none, the caller does
/// the job itself in `begin`.
package final class SideThread {
  /// Each side looks for the other for some 30 µs before it sleeps.
  private static let patience = 2_000

  private let turns: Turns
  private var thread: PosixThread?
  private var begun = 0

  package init(_ job: @escaping @Sendable () -> Void) { turns = Turns(job) }

  deinit {
    finish()
    turns.begun.reach(-1)
    thread?.join()
  }

  /// Has the job done once more.
  package func begin() {
    finish()
    if begun == 0 {
      let turns = turns
      thread = PosixThread { turns.run() }
    }
    begun += 1
    if thread == nil {
      turns.job()
      turns.done.reach(begun)
    } else {
      turns.begun.reach(begun)
    }
  }

  /// Waits until what was begun is done.
  package func finish() {
    while turns.done.value < begun { _ = turns.done.wait(while: begun - 1) }
  }

  /// What the two threads share.
  private final class Turns: Sendable {
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
