import Foundation
import Registry
import Synchronization
import TestSupport
import Testing

/// Several connections at a time, each on a thread of its own; processes are in the command's tests.
@Suite struct ContentionTests {
  @Test func `writers lose nothing, and readers see whole states`() throws {
    try inFolder { folder in
      let (writers, each) = (3, 30)
      _ = try Registry.open(folder, creates: true).add(
        .sample(1), snapshot: bytes(1), aliases: ["champion"])
      let numbers = Mutex<[Int]>([])
      let working = Atomic<Int>(writers)
      let failures = Mutex<[String]>([])
      let looks = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: writers + 2) { worker in
        do {
          let registry = try Registry.open(folder, patience: 60_000)
          guard worker < writers else {
            repeat {
              if let fault = try ContentionTests.look(registry) {
                failures.withLock { $0.append(fault) }
              }
              looks.add(1, ordering: .relaxed)
            } while working.load(ordering: .relaxed) > 0
            return
          }
          defer { working.subtract(1, ordering: .relaxed) }
          for step in 0..<each {
            // Some bytes are those of others.
            let content = step % 5 == 0 ? bytes(7) : bytes(1000 * worker + step)
            let number = try registry.add(.sample(1, parent: 1), snapshot: content)
            numbers.withLock { $0.append(number) }
            if step % 3 == 0 {
              try registry.move("champion", to: number, reason: "", at: time(number))
            }
            if step % 10 == 9 { try registry.rollback("champion", reason: "", at: time(number)) }
            if step % 15 == 14 {
              _ = try registry.prune(keep: 20, at: time(number), before: Int.max)
            }
          }
        } catch {
          failures.withLock { $0.append("worker \(worker): \(error)") }
        }
      }
      #expect(failures.withLock { $0 } == [])
      #expect(looks.load(ordering: .relaxed) > 0)
      #expect(numbers.withLock { $0.sorted() } == Array(2...(writers * each + 1)))
      let registry = try Registry.open(folder)
      #expect(try registry.versions().map(\.number) == Array(1...(writers * each + 1)))
      #expect(try registry.verify().isWhole)
    }
  }

  /// What is wrong with the state that is seen now.
  private static func look(_ registry: Registry) throws -> String? {
    let (versions, aliases, moves) = try registry.reading { () throws(RegistryError) in
      (try registry.versions(), try registry.aliases(), try registry.history("champion"))
    }
    guard versions.map(\.number) == Array(1...versions.count) else { return "a gap" }
    guard aliases.count == 1, aliases[0].version == moves.last?.version else {
      return "the alias is not where it moved: \(aliases)"
    }
    do {
      let bytes = try registry.snapshot(of: aliases[0].version)
      return bytes.count == 1000 ? nil : "\(bytes.count) bytes"
    } catch {
      // Moved and pruned since it was looked up.
      if case .pruned = error { return nil }
      throw error
    }
  }
}
