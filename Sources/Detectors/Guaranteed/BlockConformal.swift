import Catalogues
package import Snapshots

/// Block-conformal Shiryaev–Roberts with a whitened twin: alarms that keep a budget.
///
/// Values are taken in blocks of B. A block's mean gets a normal score z from its rank among the blocks since
/// the last alarm (`ConformalScores`), and a second one, y, without what the scores before it let expect
/// (`ScoreWhitener`). Two Shiryaev–Roberts statistics, each over five sizes of change, are fed with z and with
/// y. An alarm is raised when both have reached c = `budget`: so if the scores of either are N(0, 1) given the
/// past, at least c values pass from one false alarm to the next on average.
///
///     null one: blocks are exchangeable (values independent, or dependent over less than a block): a theorem
///     null two: blocks follow each other as the whitener says: a model, kept while memory is under some 6·B
///
/// What an alarm promises, and which of the two it rests on, is in its `AlarmPromise`: beyond a correlation of
/// .1 from block to block the theorem does not apply. What cannot be promised: that a mean which wanders for
/// much longer than that, without a change, is told from a change.
///
/// A statistic that has risen while the mean of the values did not go that way says nothing: then it begins
/// again in silence, so a constant never raises an alarm.
///
/// References: as for the parts; the union of two nulls is the minimum of two e-processes, as in A. Ramdas et
/// al., Game-theoretic statistics and safe anytime-valid inference, Statistical Science 38 (2023).
///
/// Parameters: `budget` values per false alarm; `block` B values, best the season or a divisor of it; shorter blocks see
/// large changes sooner, and of falls beside rises a long wave asks for longer ones (`Benchmarks/ALARMS.md`);
/// `direction`, rises alone or both: half of the budget each; `seed` of how ties are broken. Cost: a sum a
/// value, and some 300 ns a block; 36 KB at most.
package struct BlockConformal: EvidenceDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "bcs", "ranks of blocks against a budget of false alarms, whitened (block-conformal)",
    parameters: [
      Parameter(
        "budget", .real(default: 100_000, in: 1...1e15), "values per false alarm, at least",
        strictness: .rising),
      Parameter(
        "block", .integer(default: 0, in: 0...1_000_000),
        "values in a block; 0: 16, or 32 to watch both ways"),
      Parameter(
        "direction", .choice(default: "up", of: ["up", "down", "both"]), "what to watch"),
      Parameter("seed", .integer(default: 1, in: 0...Int.max), "of how ties are broken"),
    ],
    make: { settings, _ in
      BlockConformal(
        budget: settings.real("budget"), block: settings.integer("block"),
        direction: Direction(rawValue: settings.word("direction")) ?? .up,
        seed: UInt64(settings.integer("seed")))
    })

  package enum Direction: String, Sendable { case up, down, both }

  private let budget: Double
  private var leavesAlarms = false
  private let block: Int
  private var left: Int
  private var sum = 0.0
  private var scores: ConformalScores
  private var whitener = ScoreWhitener()
  /// For each direction that is watched, fed with z and with y.
  private var plain: [ShiryaevRoberts]
  private var whitened: [ShiryaevRoberts]
  private var rate = RunningRate()
  private var correlation = SerialCorrelation()
  /// The lesser of the two statistics.
  package private(set) var evidence = 0.0

  package init(
    budget: Double = 100_000, block wish: Int = 0, direction: Direction = .up, seed: UInt64 = 1
  ) {
    precondition(wish >= 0, "a block of \(wish) values")
    let block = wish > 0 ? wish : direction == .both ? 32 : 16
    (self.budget, self.block, left) = (budget, block, block)
    scores = ConformalScores(capacity: 4096, seed: seed)
    let signs: [Double] = direction == .both ? [1, -1] : [direction == .up ? 1 : -1]
    plain = signs.map { ShiryaevRoberts(sign: $0, step: Double(block) / Double(signs.count)) }
    whitened = plain
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    sum += value
    left -= 1
    return left == 0 ? endBlock() : nil
  }

  package mutating func observe(
    _ values: UnsafeBufferPointer<Double>, alarm: (Int, DetectorAlarm) -> Void
  ) {
    var next = 0
    while next < values.count {
      let end = min(values.count, next + left)
      var sum = self.sum
      for i in next..<end { sum += values[i] }
      self.sum = sum
      left -= end - next
      next = end
      if left == 0, let raised = endBlock() { alarm(end - 1, raised) }
    }
  }

  /// Takes means of blocks that came before as what is to be expected: no evidence is made of them.
  package mutating func learn(_ means: [Double]) {
    for mean in means {
      let score = scores.score(mean)
      correlation.add(score)
      _ = whitener.whiten(score)
      rate.add(mean, times: Double(block))
    }
  }

  private mutating func endBlock() -> DetectorAlarm? {
    let mean = sum / Double(block)
    (sum, left) = (0, block)
    let score = scores.score(mean)
    correlation.add(score)
    let rest = whitener.whiten(score)
    let before = rate
    rate.add(mean, times: Double(block))
    var (plainTotal, whitenedTotal) = (0.0, 0.0)
    for side in plain.indices {
      plain[side].add(score, before: before)
      whitened[side].add(rest, before: before)
      plainTotal += plain[side].total
      whitenedTotal += whitened[side].total
    }
    evidence = min(plainTotal, whitenedTotal)
    return leavesAlarms || evidence < budget ? nil : claim(budget: budget)
  }

  package mutating func leaveAlarms() { leavesAlarms = true }

  /// The direction whose whitened statistic is larger.
  private var strongest: ShiryaevRoberts {
    whitened.count > 1 && whitened[1].total > whitened[0].total ? whitened[1] : whitened[0]
  }

  package var speaks: Bool {
    let side = strongest
    let alarm = rate.alarm(.drift, since: side.start)
    return side.isForRises ? alarm.after > alarm.before : alarm.after < alarm.before
  }

  package mutating func claim(budget: Double) -> DetectorAlarm? {
    let speaks = speaks
    let found = rate.alarm(.drift, since: strongest.start)
    // Another detector may have asked in the middle of a block.
    let alarm = DetectorAlarm(
      level: .drift, valuesSinceChange: found.valuesSinceChange + (block - left) % block,
      before: found.before, after: found.after, promise: promise(budget))
    for side in plain.indices {
      plain[side].reset()
      whitened[side].reset()
    }
    evidence = 0
    guard speaks else { return nil }
    scores.forget()
    whitener.forget()
    rate = RunningRate()
    correlation = SerialCorrelation()
    return alarm
  }

  private func promise(_ budget: Double) -> AlarmPromise {
    let lag = correlation.value
    let isGuaranteed = !(abs(lag) > 0.1)
    return AlarmPromise(
      budget: budget, isGuaranteed: isGuaranteed,
      condition: isGuaranteed
        ? "blocks of \(block) values are exchangeable"
        : "blocks of \(block) values depend on each other for less than \(6 * block) values",
      autocorrelation: lag)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(left)
    writer.write([sum] + rate.numbers + correlation.numbers)
    scores.write(to: &writer)
    whitener.write(to: &writer)
    for side in plain.indices {
      plain[side].write(to: &writer)
      whitened[side].write(to: &writer)
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    left = try reader.readInt()
    let numbers = try reader.readDoubles()
    guard (1...block).contains(left), numbers.count == 9,
      let correlation = SerialCorrelation(numbers[3...])
    else { throw .corrupt }
    sum = numbers[0]
    rate = try RunningRate(numbers[1..<3])
    self.correlation = correlation
    try scores.restore(from: &reader)
    try whitener.restore(from: &reader)
    for side in plain.indices {
      try plain[side].restore(from: &reader)
      try whitened[side].restore(from: &reader)
    }
    evidence = min(
      plain.reduce(0) { $0 + $1.total }, whitened.reduce(0) { $0 + $1.total })
  }
}
