import Synchronization

/// Numbers that are handed out one by one, each to one thread alone.
package final class Tickets: Sendable {
  private let next = Atomic(0)

  package init() {}

  /// The next number if it is below `limit`.
  package func take(below limit: Int) -> Int? {
    var ticket = next.load(ordering: .relaxed)
    while ticket < limit {
      let (isMine, now) = next.compareExchange(
        expected: ticket, desired: ticket + 1, ordering: .acquiringAndReleasing)
      if isMine { return ticket }
      ticket = now
    }
    return nil
  }
}
