import Batches
import Catalogues
import Kernels
import Monitors
import Snapshots
import TestSupport
import Testing

/// Checks of what the model says: each names what it is for, and is silent otherwise.
@Suite struct AnswerCheckTests {
  /// Blocks of 64 answers, each shown, labelled and asked about; what was found.
  private func run(
    _ text: String, _ task: Task, blocks: Int, sizes: [Int] = [64], restartAt: Int? = nil,
    _ answer: (Int) -> Answer
  ) throws -> [Finding] {
    let context = CheckContext(
      columns: InputColumns(numbers: [], categories: [], all: []), task: task, lookEvery: 64)
    var check = try Catalogue.checks.make(text, context)
    var found: [Finding] = []
    var event = 0
    for block in 0..<blocks {
      let answers = (event..<event + 64).map(answer)
      var (first, turn) = (0, 0)
      while first < 64 {
        let part = Array(answers[first..<min(64, first + sizes[turn % sizes.count])])
        check.predicted(part)
        check.labelled(part)
        first += part.count
        turn += 1
      }
      event += 64
      found += check.ask(Moment(event: event))
      guard restartAt == block else { continue }
      var writer = SnapshotWriter()
      check.write(to: &writer)
      var reader = try SnapshotReader(writer.sealed())
      var restored = try Catalogue.checks.make(text, context)
      try restored.restore(from: &reader)
      #expect(reader.left == 0)
      check = restored
    }
    return found
  }

  /// Two classes: probabilities between 0 and 1, and how often they come true.
  private func binary(
    _ seed: UInt64, from change: Int = .max, _ truth: @escaping (Double) -> Double = { $0 }
  ) -> (Int) -> Answer {
    { event in
      var random = SplitMix(seed: seed &+ UInt64(event) &* 0x9E37_79B9)
      _ = random.next()
      let p = random.unit()
      let rate = event >= change ? truth(p) : p
      return Answer(
        event: event, prediction: p, confidence: max(p, 1 - p),
        label: random.unit() < rate ? 1 : 0, loss: 0)
    }
  }

  private func number(
    _ seed: UInt64, from change: Int = .max, shift: Double = 0, coverage: Double = 0.9
  ) -> (Int) -> Answer {
    { event in
      var random = SplitMix(seed: seed &+ UInt64(event) &* 0x9E37_79B9)
      _ = random.next()
      let said = 100 + 10 * random.normal()
      let isLate = event >= change
      let covered = random.unit() < (isLate ? coverage : 0.9) ? 1.0 : 0
      return Answer(
        event: event, prediction: said, label: said + 5 * random.normal() + (isLate ? shift : 0),
        loss: 0, coverage: covered - 0.9, promised: 0.9)
    }
  }

  static let clean: [(String, Task)] = [
    ("labels", .binary), ("labels", .regression), ("calibration", .binary),
    ("calibration", .regression), ("predictions", .binary), ("predictions", .regression),
  ]

  @Test(arguments: clean) func `what is as it was said is passed over`(
    text: String, task: Task
  ) throws {
    let found = try run(
      text, task, blocks: 150, task == .binary ? binary(5) : number(6))
    #expect(found.isEmpty, "seeds 5 and 6")
  }

  @Test func `more of a class than was predicted is named, and when it is over`() throws {
    let stream = binary(11, from: 3200) { min(1, $0 + 0.25) }
    let back = binary(12)
    let found = try run("labels", .binary, blocks: 150) { $0 < 6400 ? stream($0) : back($0) }
    let first = try #require(found.first, "seed 11")
    #expect(first.check == "labels" && first.severity == .alarm && !first.isOver)
    #expect((3000...3300).contains(first.since) && first.event < 3600)
    #expect((first.found ?? 0) > (first.expected ?? 1) + 0.05)
    #expect(first.evidence.contains { $0.name == "distance" && $0.value > 0.01 })
    #expect(found.count == 2 && found[1].isOver && found[1].event > 6400)
  }

  @Test func `numbers that come higher than they were predicted are named`() throws {
    let found = try run("labels", .regression, blocks: 100, number(13, from: 3200, shift: 4))
    let first = try #require(found.first, "seed 13")
    #expect((2900...3400).contains(first.since) && first.event < 4200)
    #expect((first.found ?? 0) > (first.expected ?? 0))
  }

  @Test func `a class that is guessed as often as ever and comes more often is named`() throws {
    let found = try run("labels:rows=640", .multiclass, blocks: 100) { event in
      var random = SplitMix(seed: 17 &+ UInt64(event) &* 0x9E37_79B9)
      _ = random.next()
      let guess = random.below(3)
      let isRight = random.unit() < 0.8
      let other = event >= 3200 ? 2 : random.below(3)
      return Answer(
        event: event, prediction: Double(guess), confidence: 0.8,
        label: Double(isRight ? guess : other), loss: 0)
    }
    let first = try #require(found.first, "seed 17")
    #expect(first.text.hasPrefix("class ") && first.event > 3200)
  }

  @Test func `bins that are too sure are named though the whole is right`() throws {
    // Towards one half on both sides: the mean stays.
    let found = try run(
      "calibration", .binary, blocks: 200, binary(19, from: 3200) { 0.5 + ($0 - 0.5) * 0.5 })
    #expect(!found.isEmpty, "seed 19")
    for finding in found {
      let bin = try #require(finding.evidence.first { $0.name == "bin" }).value
      #expect(bin < 4 || bin > 5)
      let (said, came) = (try #require(finding.expected), try #require(finding.found))
      #expect(abs(came - 0.5) < abs(said - 0.5))
    }
    let whole = try run(
      "labels", .binary, blocks: 200, binary(19, from: 3200) { 0.5 + ($0 - 0.5) * 0.5 })
    #expect(whole.isEmpty, "seed 19")
  }

  @Test func `intervals that hold too little are named`() throws {
    let found = try run(
      "calibration", .regression, blocks: 120, number(23, from: 3200, coverage: 0.7))
    let first = try #require(found.first, "seed 23")
    #expect(abs((first.expected ?? 0) - 0.9) < 1e-6)
    #expect(first.event > 3200 && first.event < 4000)
  }

  @Test func `predictions that move are named without a label`() throws {
    let stream = number(29)
    let found = try run("predictions", .regression, blocks: 150) { event in
      let answer = stream(event)
      return Answer(
        event: event, prediction: answer.prediction + (event >= 4800 ? 12 : 0), confidence: 1)
    }
    let first = try #require(found.first, "seed 29")
    #expect(first.check == "predictions" && first.event > 4800 && first.event < 6400)
    #expect((first.found ?? 0) > (first.expected ?? 0) + 4)
  }

  @Test(arguments: [("labels", Task.binary), ("calibration", .binary), ("predictions", .binary)])
  func `how answers come in, and a snapshot between, change nothing`(
    text: String, task: Task
  ) throws {
    let stream = binary(31, from: 3200) { min(1, $0 + 0.3) }
    func moved(_ event: Int) -> Answer {
      let answer = stream(event)
      return Answer(
        event: event, prediction: event >= 3200 ? answer.prediction / 2 : answer.prediction,
        confidence: 0.5, label: answer.label, loss: 0)
    }
    let whole = try run(text, task, blocks: 100, moved)
    #expect(!whole.isEmpty)
    #expect(whole == (try run(text, task, blocks: 100, sizes: [1, 7, 30], restartAt: 51, moved)))
  }

  // MARK: - Thresholds

  private func metric(_ text: String, _ values: [Double]) throws -> [Finding] {
    let context = CheckContext(
      columns: InputColumns(numbers: [], categories: [], all: []), task: .regression,
      lookEvery: 64)
    var check = try Catalogue.checks.make(text, context)
    return values.enumerated().flatMap { place, value in
      check.ask(
        Moment(
          event: 64 * (place + 1), scores: [("mae", value), ("r2", 0.5)],
          baselines: [("mae", 70)]))
    }
  }

  @Test func `a score beyond its threshold is named once, and when it is back`() throws {
    let found = try metric("metric:when=mae>60,action=retrain", [50, 61, 80, 90, 59, 40, 62])
    #expect(found.map(\.event) == [128, 320, 448])
    #expect(found.map(\.isOver) == [false, true, false])
    #expect(found[0].severity == .retrain && found[1].severity == .note)
    #expect(found[0].text == "mae is 61, above 60" && found[0].found == 61)
    #expect(found[0].evidence.first?.value == 70)
  }

  @Test func `a threshold may ask for patience`() throws {
    let found = try metric("metric:when=mae>60,for=128", [61, 50, 61, 62, 63, 64])
    #expect(found.map(\.event) == [320] && found[0].since == 192)
  }

  @Test func `a score that there is none of is told once`() throws {
    let found = try metric("metric:when=auc<0.9", [1, 2, 3])
    #expect(found.count == 1 && found[0].severity == .note)
    #expect(found[0].text == "there is no score auc now; there are mae, r2")
    #expect(try metric("metric", [1, 2]).isEmpty)
  }

  @Test func `a condition that is none is refused`() {
    #expect(throws: SpecificationError.self) { try metric("metric:when=mae", [1]) }
  }
}
