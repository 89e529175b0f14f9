import CLanes
import Glibc
import Synchronization

/// A number that one thread changes and others wait for.
///
/// Whoever waits looks out for the change for a while before it sleeps: waking a thread takes 60 µs, and the
/// change is mostly sooner there.
package final class Milestone: @unchecked Sendable {
  /// How often it is looked at before sleeping, at some 15 ns.
  private let patience: Int
  private let number: Atomic<Int>
  private let sleeping = Atomic(0)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init(_ number: Int = 0, patience: Int) {
    self.number = Atomic(number)
    self.patience = patience
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
  }

  deinit {
    pthread_cond_destroy(wake)
    pthread_mutex_destroy(mutex)
    wake.deallocate()
    mutex.deallocate()
  }

  /// What the thread that changes it wrote last; what was written before it is then seen too.
  package var value: Int { number.load(ordering: .acquiring) }

  /// Changes the number; called by one thread alone.
  package func reach(_ value: Int) {
    // In one order with another thread's going to sleep: it sees the number, or is seen sleeping.
    number.store(value, ordering: .sequentiallyConsistent)
    guard sleeping.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
  }

  /// Waits while the number is `value`; returns what it is then.
  package func wait(while value: Int) -> Int {
    var looks = 0
    while true {
      let now = self.value
      if now != value { return now }
      looks += 1
      if looks > patience { sleep(while: value) } else { weir_relax() }
    }
  }

  private func sleep(while value: Int) {
    pthread_mutex_lock(mutex)
    sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while number.load(ordering: .sequentiallyConsistent) == value { pthread_cond_wait(wake, mutex) }
    sleeping.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }
}
