import Batches
import Catalogues
import Comparisons
import Learners
import Scores
import Snapshots

/// How fast a version loses that learns no more: copies of the served model, frozen at intervals, are scored on what follows.
///
/// Every `every` events a copy is taken. On each labelled row every copy from before it says what it would have said, and
/// what that costs more than what was served is its excess, by age: events from the copy to the row. Ages are told apart
/// in octaves, 0 … B, B … 2B, 2B … 4B and so on, B = `every`. Of each octave the newest and the oldest copy stay, those between
/// them go: so there are copies of all ages at any time, 2·log₂(n/B) + 2 of them after n events.
///
/// The excess is paired: both models get the same row, so that a hard week is hard for both and what is left is what age
/// costs. Where two copies are in an octave their mean counts once a row. Each octave has a paired test
/// (`Contest.usualTest`), whose interval may be looked at at any time; all hold together but for a chance of .05. They are of
/// clipped differences, as `BoundedDifferences` says.
///
/// Where labels come late a copy is asked when the label comes, with the features of the time: it is frozen, so that it
/// says what it would have said then. Copies begin anew when another model is served.
///
/// Memory: the copies. Cost: a prediction for each of them, each row.
struct FrozenCopies {
  private struct Copy {
    let made: Int
    var learner: any Learner
    let platt: PlattScaling?
  }

  /// What was found of an octave of ages.
  struct Octave {
    var rows = 0
    var ages = 0.0
    var loss = 0.0
    var excess = 0.0
    var test: any PairedTest
  }

  static let risk = 0.05
  let every: Int
  private let task: Task
  private let testName: String
  private var copies: [Copy] = []
  private(set) var octaves: [Octave] = []
  /// What was served on the rows that any copy was asked of.
  private(set) var servedLoss = 0.0
  private(set) var rows = 0
  /// From when to when, in seconds since 1970, and over how many events; NaN where no column tells.
  private var (firstTime, firstEvent) = (Double.nan, 0)
  private var (lastTime, lastEvent) = (Double.nan, 0)
  private var nextTelling: Int
  private var said = Predictions(rows: 1, width: 1)
  /// By row of a chunk, by octave: the sum of excesses and how many.
  private var sums: [(excess: Double, loss: Double, age: Double, count: Int)] = []

  init(every: Int, task: Task) {
    (self.every, self.task) = (every, task)
    testName = Contest.usualTest(task)
    nextTelling = 16 * every
  }

  var count: Int { copies.count }

  /// The octave of an age.
  func octave(_ age: Int) -> Int {
    var (octave, end) = (0, every)
    while age >= end {
      octave += 1
      end *= 2
    }
    return octave
  }

  // MARK: - Copies

  /// Another model is served: what was found stays, copies begin anew.
  mutating func removeCopies() { copies.removeAll() }

  /// At a fixed position: takes a copy if it is time.
  mutating func take(_ learner: any Learner, _ platt: PlattScaling?, event: Int, time: Double) {
    if !time.isNaN {
      if firstTime.isNaN { (firstTime, firstEvent) = (time, event) }
      (lastTime, lastEvent) = (time, event)
    }
    guard copies.last.map({ event - $0.made >= every }) ?? true else { return }
    copies.append(Copy(made: event, learner: learner, platt: platt))
    // By octave the places of its copies, oldest first; of three the one between goes.
    var kept = copies
    var octaves: [Int: [Int]] = [:]
    for (place, copy) in copies.enumerated() {
      octaves[octave(event - copy.made), default: []].append(place)
    }
    let dropped = Set(octaves.values.flatMap { $0.dropFirst().dropLast() })
    kept = copies.enumerated().filter { !dropped.contains($0.offset) }.map(\.element)
    copies = kept
  }

  /// Whether the journal is to be told at `event`.
  mutating func isToTell(event: Int) -> Bool {
    guard event >= nextTelling else { return false }
    while nextTelling <= event { nextTelling *= 2 }
    return true
  }

  // MARK: - Rows

  /// Takes rows from event `first` on, whose labelled ones cost the served model these outcomes' losses, in order.
  mutating func observe(
    _ batch: borrowing MicroBatch, _ range: Range<Int>, first: Int, _ outcomes: [Outcome]
  ) {
    guard let oldest = copies.first, !outcomes.isEmpty else { return }
    let most = octave(first + range.count - oldest.made) + 1
    sums.removeAll(keepingCapacity: true)
    for _ in 0..<outcomes.count * most { sums.append((0, 0, 0, 0)) }
    said.lengthen(to: range.upperBound)
    for index in copies.indices {
      copies[index].learner.predict(batch, rows: range, into: &said)
      var k = 0
      for row in range where !batch.targets[row].isNaN {
        let age = first + row - range.lowerBound - copies[index].made
        if age >= 0 {
          let loss = loss(row, batch.targets[row], copies[index].platt)
          let place = k * most + octave(age)
          sums[place].excess += loss - outcomes[k].loss
          sums[place].loss += loss
          sums[place].age += Double(age)
          sums[place].count += 1
        }
        k += 1
      }
    }
    for k in outcomes.indices {
      rows += 1
      servedLoss += outcomes[k].loss
      for octave in 0..<most where sums[k * most + octave].count > 0 {
        add(sums[k * most + octave], to: octave)
      }
    }
  }

  private mutating func add(
    _ sum: (excess: Double, loss: Double, age: Double, count: Int), to octave: Int
  ) {
    while octaves.count <= octave { octaves.append(Octave(test: test())) }
    let n = Double(sum.count)
    octaves[octave].rows += 1
    octaves[octave].ages += sum.age / n
    octaves[octave].loss += sum.loss / n
    octaves[octave].excess += sum.excess / n
    octaves[octave].test.observe(sum.excess / n)
  }

  private func loss(_ row: Int, _ label: Double, _ platt: PlattScaling?) -> Double {
    switch task {
    case .regression: return abs(label - said[row])
    case .binary:
      let p = platt?.calibrated(said[row]) ?? said[row]
      return Outcome.logLoss(label > 0.5 ? p : 1 - p)
    case .multiclass:
      return Outcome.logLoss(Int(label) < said.width ? said[row, Int(label)] : 0)
    }
  }

  private func test() -> any PairedTest {
    guard let test = try? Catalogue.pairedTests.make(testName, ()) else {
      preconditionFailure("\(testName) was made once")
    }
    return test
  }

  /// Seconds from one event to the next, on average; nil where no column tells the time.
  var secondsPerEvent: Double? {
    guard lastEvent > firstEvent, lastTime > firstTime else { return nil }
    return (lastTime - firstTime) / Double(lastEvent - firstEvent)
  }

  // MARK: - Snapshots

  func write(to writer: inout SnapshotWriter) {
    writer.write([rows, firstEvent, lastEvent, nextTelling])
    writer.write([servedLoss, firstTime, lastTime])
    writer.write(copies) { writer, copy in
      writer.write(copy.made)
      copy.learner.write(to: &writer)
      writer.write(copy.platt != nil)
      copy.platt?.write(to: &writer)
    }
    writer.write(octaves) { writer, octave in
      writer.write(octave.rows)
      writer.write([octave.ages, octave.loss, octave.excess])
      octave.test.write(to: &writer)
    }
  }

  /// `fresh` is the served model untrained.
  mutating func restore(
    from reader: inout SnapshotReader, like fresh: any Learner
  ) throws(SnapshotError) {
    let counts = try reader.readInts()
    let numbers = try reader.readDoubles(count: 3)
    guard counts.count == 4, counts.allSatisfy({ $0 >= 0 }), counts[3] > 0 else { throw .corrupt }
    (rows, firstEvent) = (counts[0], counts[1])
    (lastEvent, nextTelling) = (counts[2], counts[3])
    (servedLoss, firstTime, lastTime) = (numbers[0], numbers[1], numbers[2])
    copies = try reader.readList { reader throws(SnapshotError) in
      let made = try reader.readInt()
      var learner = fresh
      try learner.restore(from: &reader)
      var platt: PlattScaling?
      if try reader.readBool() {
        var scaling = PlattScaling()
        try scaling.restore(from: &reader)
        platt = scaling
      }
      return Copy(made: made, learner: learner, platt: platt)
    }
    let test = test()
    octaves = try reader.readList { reader throws(SnapshotError) in
      var octave = Octave(test: test)
      octave.rows = try reader.readInt()
      let sums = try reader.readDoubles(count: 3)
      (octave.ages, octave.loss, octave.excess) = (sums[0], sums[1], sums[2])
      try octave.test.restore(from: &reader)
      return octave
    }
  }
}
