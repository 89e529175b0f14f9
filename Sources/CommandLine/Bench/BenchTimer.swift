import Ingest
import Kernels

/// Something that is timed piece by piece. Made anew, it has the same pieces.
protocol Workload: AnyObject {
  /// Gets the next piece ready, which is not timed; false: there is none.
  func prepare() throws -> Bool
  /// Does it.
  func perform() throws
}

/// What an event cost.
struct Cost {
  var nanoseconds: Double
  /// The same in rows of the reference loop.
  var ratio: Double

  var perSecond: Double { 1e9 / nanoseconds }

  static func - (left: Cost, right: Cost) -> Cost {
    Cost(nanoseconds: left.nanoseconds - right.nanoseconds, ratio: left.ratio - right.ratio)
  }

  static func + (left: Cost, right: Cost) -> Cost {
    Cost(nanoseconds: left.nanoseconds + right.nanoseconds, ratio: left.ratio + right.ratio)
  }
}

/// Times workloads beside the reference loop, and hears when the user asks for an end.
///
/// A piece takes as long as in the best of its repeats: what another program takes of the core then counts only
/// where it hits the same piece each time. A piece should take a few microseconds at least, as two looks at the
/// clock take 50 ns.
final class BenchTimer {
  private let repeats: Int
  /// What an item may take, in nanoseconds.
  private let budget: Double
  private let progress: StudyProgress
  private let loop = ReferenceLoop()
  private var lastAsked = MonotonicTime.now().nanoseconds
  private var untold = 0

  init(seconds: Double, repeats: Int, progress: StudyProgress) {
    self.repeats = repeats
    budget = seconds * 1e9
    self.progress = progress
  }

  /// So many events more are done; throws when the user asked for an end.
  func tick(_ events: Int) throws {
    untold += events
    let now = MonotonicTime.now().nanoseconds
    guard now - lastAsked > 20_000_000 else { return }
    lastAsked = now
    defer { untold = 0 }
    guard progress.advance(untold) else { throw IngestError.interrupted }
  }

  /// What the reference takes for a row, in nanoseconds.
  func reference() throws -> Double {
    var best = Double.infinity
    for _ in 0..<8 {
      best = min(best, loop.measure())
      try tick(0)
    }
    return best
  }

  /// Goes on with `body` until it returns 0 events or has had its share of an item's time, which is as long as each
  /// repeat may take after it; how many events there were.
  func pilot(_ body: () throws -> Int) throws -> Int {
    let end = MonotonicTime.now().nanoseconds + Int(budget / Double(repeats + 1))
    var events = 0
    repeat {
      let count = try body()
      guard count > 0 else { break }
      events += count
      try tick(count)
    } while MonotonicTime.now().nanoseconds < end
    return events
  }

  /// What each of `events` costs in the workload that `make` makes afresh for each repeat.
  func measure(events: Int, _ make: () throws -> any Workload) throws -> Cost {
    var pieces: [Int] = []
    var reference = Double.infinity
    for _ in 0..<repeats {
      let work = try make()
      reference = min(reference, loop.measure())
      var piece = 0
      while try work.prepare() {
        let start = MonotonicTime.now().nanoseconds
        try work.perform()
        let elapsed = MonotonicTime.now().nanoseconds - start
        if piece == pieces.count { pieces.append(elapsed) }
        pieces[piece] = min(pieces[piece], elapsed)
        piece += 1
        try tick(0)
      }
      reference = min(reference, loop.measure())
      untold += events
    }
    let nanoseconds = Double(pieces.reduce(0, +)) / Double(max(events, 1))
    return Cost(nanoseconds: nanoseconds, ratio: nanoseconds / reference)
  }

  /// An item is measured.
  func itemDone() { progress.jobDone() }
}
