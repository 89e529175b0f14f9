import Batches
import Catalogues
import Kernels
import Snapshots
import TestSupport
import Testing

@testable import Learners

/// Laws that every learner keeps, with every optimiser and in both methods.
@Suite struct LearnerLawsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let task: Task
    var testDescription: String { "\(text) on \(task.rawValue)" }
  }

  static let cases: [Case] = {
    var cases: [Case] = []
    for task in Task.allCases {
      for name in Catalogue.learners.names {
        guard (try? learner(name, task)) != nil else { continue }
        cases.append(Case(text: name, task: task))
      }
    }
    for optimizer in Optimizers.all.names {
      cases.append(
        Case(text: "linear:optimizer=\(optimizer),rate=0.01,l2=0.001,decay=0.01", task: .regression)
      )
      cases.append(
        Case(
          text: "logistic:optimizer=\(optimizer),rate=0.05,l1=0.0001,scale=min-max", task: .binary))
      cases.append(
        Case(text: "softmax:optimizer=\(optimizer),rate=0.05,limit=3", task: .multiclass))
    }
    for loss in ["huber", "quantile", "poisson"] {
      cases.append(Case(text: "linear:loss=\(loss),rate=0.005", task: .regression))
    }
    cases.append(
      Case(
        text: "linear:optimizer=sgd,rate=0.01,intercept=0.02,scale=none,clip=1", task: .regression))
    cases.append(Case(text: "rls:huber=1.5,forgetting=0.99,most=20", task: .regression))
    cases.append(Case(text: "passive-aggressive:variant=2", task: .binary))
    cases.append(Case(text: "seasonal-naive:season=7", task: .regression))
    cases.append(Case(text: "mixture:second-order=on,pool=log-odds", task: .binary))
    cases.append(Case(text: "mixture:trees=tree", task: .binary))
    cases.append(Case(text: "mixture:trees=tree", task: .multiclass))
    cases.append(Case(text: "mixture:second-order=on,forgetting=0.98,most=12", task: .regression))
    cases.append(
      Case(
        text: "hoeffding-tree-regressor:grace=20,delta=0.5,splits=any,points=8,max-bytes=60000",
        task: .regression))
    cases.append(
      Case(
        text: "hoeffding-tree-regressor:grace=30,delta=0.5,leaf=mean,digits=1,depth=3,"
          + "poor-attributes=drop",
        task: .regression))
    cases.append(
      Case(text: "mixture:second-order=on,memory=300/20,errors=on", task: .regression))
    cases.append(Case(text: "mixture:trees=forest", task: .regression))
    for task in Task.allCases {
      cases.append(
        Case(
          text: "gradient-boosted-trees:stages=5,learning-rate=0.5,grace=20,delta=0.5,splits=any",
          task: task))
    }
    cases.append(
      Case(
        text: "hoeffding-adaptive-tree-regressor:grace=20,delta=0.5,splits=any,window=20,adwin=0.9",
        task: .regression))
    cases.append(Case(text: "mixture:trees=tree,second-order=off", task: .regression))
    cases.append(
      Case(
        text: "adaptive-random-forest-regressor:members=3,grace=20,delta=0.5,warning=0.5,drift=0.3",
        task: .regression))
    cases.append(
      Case(
        text: "leveraging-bagging-regressor:members=3,grace=20,delta=0.5,drift=0.3,splits=any",
        task: .regression))
    for task in [Task.binary, .multiclass] {
      for committee in ["adaptive-random-forest", "leveraging-bagging"] {
        cases.append(
          Case(text: "\(committee):members=3,grace=20,delta=0.5,drift=0.5", task: task))
      }
      for tree in [
        "hoeffding-tree:grace=20,delta=0.3,splits=any,criterion=gini,max-bytes=20000",
        "hoeffding-tree:grace=30,delta=0.2,leaf=naive-bayes,criterion="
          + (task == .binary ? "hellinger" : "gini"),
        "hoeffding-adaptive-tree:grace=20,delta=0.3,splits=any,window=20,adwin=0.9",
        "hoeffding-tree:grace=20,delta=0.3,bins=8,poor-attributes=drop",
        "extremely-fast-decision-tree:grace=20,delta=0.9,review=10,splits=any,bins=6",
        "extremely-fast-decision-tree:grace=20,delta=0.9,review=10,max-bytes=20000",
      ] {
        cases.append(Case(text: tree, task: task))
      }
    }
    return cases
  }()

  /// Blocks of the Gram form differ from the loop by rounding alone.
  static let blocked: [Case] = [
    Case(text: "linear:method=gram,optimizer=sgd,rate=0.01,l2=0.01,decay=0.1", task: .regression),
    Case(text: "linear:rates=0.5/0.1/0.02/0.004", task: .regression),
    Case(text: "logistic:method=gram,optimizer=implicit-sgd,rate=0.3", task: .binary),
  ]

  static func learner(
    _ text: String, _ task: Task, season: StreamInterval? = .events(24), threads: Int = 1
  ) throws -> any Learner {
    try Catalogue.learners.make(
      text,
      LearnerContext(
        task: task, denseWidth: 5, season: season,
        families: [FeatureFamily(name: "level", levels: [0], dense: [])],
        workers: Workers(threads)))
  }

  static func rows(_ task: Task, seed: UInt64 = 21, count: Int = 400) -> Rows {
    var rows = Rows.random(seed: seed, count: count, width: 5, task: task)
    // A Poisson learner is given counts; the others do not mind them.
    if task == .regression {
      for i in rows.rows.indices { rows.rows[i].target = abs(rows.rows[i].target) }
    }
    return rows
  }

  static func learn(_ learner: inout any Learner, _ rows: Rows, _ sizes: [Int]) -> [[Double]] {
    var predictions: [[Double]] = []
    rows.forEachBatch(sizes) { batch in
      var scores = Predictions(rows: batch.count, width: 1)
      learner.learn(batch, rows: 0..<batch.count, into: &scores)
      for row in 0..<batch.count { predictions.append((0..<scores.width).map { scores[row, $0] }) }
    }
    return predictions
  }

  static func bytes(_ learner: any Learner) -> [UInt8] {
    var writer = SnapshotWriter()
    learner.write(to: &writer)
    return writer.sealed()
  }

  /// Classes not yet seen when a row was predicted have probability 0 in any width.
  private func padded(_ predictions: [[Double]], _ width: Int) -> [[Double]] {
    predictions.map { $0 + Array(repeating: 0, count: width - $0.count) }
  }

  @Test(arguments: cases) func `where batches begin changes nothing`(item: Case) throws {
    let rows = LearnerLawsTests.rows(item.task)
    var single = try LearnerLawsTests.learner(item.text, item.task)
    let expected = LearnerLawsTests.learn(&single, rows, [1])
    for sizes in [[7], [64, 3, 1], [400]] {
      var other = try LearnerLawsTests.learner(item.text, item.task)
      let found = LearnerLawsTests.learn(&other, rows, sizes)
      let width = max(expected.map(\.count).max() ?? 1, found.map(\.count).max() ?? 1)
      #expect(padded(found, width) == padded(expected, width), "batches of \(sizes)")
    }
  }

  @Test(arguments: cases) func `threads change nothing`(item: Case) throws {
    let rows = Rows.boxes(seed: 91, count: 700, width: 5, task: item.task)
    var found: [[[Double]]] = []
    var snapshots: [[UInt8]] = []
    for threads in [1, 2] {
      var learner = try LearnerLawsTests.learner(item.text, item.task, threads: threads)
      found.append(LearnerLawsTests.learn(&learner, rows, [100]))
      snapshots.append(LearnerLawsTests.bytes(learner))
    }
    #expect(found[0] == found[1])
    #expect(snapshots[0] == snapshots[1])
  }

  @Test(arguments: blocked) func `exact micro-batches are the loop but for rounding`(item: Case)
    throws
  {
    let rows = LearnerLawsTests.rows(item.task)
    var single = try LearnerLawsTests.learner(item.text, item.task)
    let expected = LearnerLawsTests.learn(&single, rows, [1])
    for sizes in [[7], [64, 3, 1], [400]] {
      var other = try LearnerLawsTests.learner(item.text, item.task)
      let found = LearnerLawsTests.learn(&other, rows, sizes)
      for (a, b) in zip(expected, found) { #expect(abs(a[0] - b[0]) <= 1e-10 * max(1, abs(a[0]))) }
      let (w, v) = (try #require(single.linearWeights), try #require(other.linearWeights))
      for (a, b) in zip(w.dense + w.sparse, v.dense + v.sparse) { #expect(abs(a - b) < 1e-10) }
    }
  }

  @Test(arguments: [
    Case(text: "linear:optimizer=sgd,rates=5/0.7/0.01", task: .regression),
    Case(text: "linear:optimizer=sgd,rate=3,method=gram", task: .regression),
  ]) func `a grid that runs off recovers at the same rows, whatever the batch`(item: Case) throws {
    let rows = LearnerLawsTests.rows(item.task, count: 1500)
    var single = try LearnerLawsTests.learner(item.text, item.task)
    let expected = LearnerLawsTests.learn(&single, rows, [1])
    let notices = single.takeNotices()
    #expect(!notices.isEmpty)
    for sizes in [[7], [64, 3, 1], [400]] {
      var other = try LearnerLawsTests.learner(item.text, item.task)
      let found = LearnerLawsTests.learn(&other, rows, sizes)
      for (a, b) in zip(expected, found) { #expect(abs(a[0] - b[0]) <= 1e-6 * max(1, abs(a[0]))) }
      #expect(other.takeNotices() == notices)
    }
    let largest = rows.rows.map(\.target).filter { !$0.isNaN }.max() ?? 0
    for p in expected.dropFirst(500) { #expect(abs(p[0]) < 101 * max(1, largest)) }
  }

  @Test(arguments: blocked.filter { !$0.text.contains("rates") })
  func `the Gram form is the fused loop but for rounding`(item: Case) throws {
    let rows = LearnerLawsTests.rows(item.task)
    var gram = try LearnerLawsTests.learner(item.text, item.task)
    var fused = try LearnerLawsTests.learner(
      item.text.replacing("method=gram", with: "method=fused"), item.task)
    let (a, b) = (
      LearnerLawsTests.learn(&gram, rows, [64]), LearnerLawsTests.learn(&fused, rows, [64])
    )
    for (x, y) in zip(a, b) { #expect(abs(x[0] - y[0]) <= 1e-9 * max(1, abs(y[0]))) }
  }

  @Test(arguments: cases + blocked)
  func `predict works at once, is pure, and is what learn says first`(
    item: Case
  ) throws {
    let rows = LearnerLawsTests.rows(item.task, count: 120)
    var learner = try LearnerLawsTests.learner(item.text, item.task)
    rows.forEachBatch([1]) { batch in
      let before = LearnerLawsTests.bytes(learner)
      var (first, second) = (Predictions(rows: 1, width: 1), Predictions(rows: 1, width: 1))
      learner.predict(batch, rows: 0..<1, into: &first)
      #expect(LearnerLawsTests.bytes(learner) == before)
      learner.learn(batch, rows: 0..<1, into: &second)
      second.widen(to: first.width)
      for k in 0..<first.width {
        #expect(abs(first[0, k] - second[0, k]) <= 1e-12 * max(1, abs(first[0, k])))
      }
    }
  }

  @Test(arguments: cases + blocked) func `a snapshot in mid-stream goes on as if nothing had been`(
    item: Case
  ) throws {
    let rows = LearnerLawsTests.rows(item.task)
    for cut in [0, 1, 77, 256] {
      let (head, tail) = (
        Rows(width: 5, Array(rows.rows[..<cut])), Rows(width: 5, Array(rows.rows[cut...]))
      )
      var original = try LearnerLawsTests.learner(item.text, item.task)
      _ = LearnerLawsTests.learn(&original, head, [16])
      var copy = try LearnerLawsTests.learner(item.text, item.task)
      var reader = try SnapshotReader(LearnerLawsTests.bytes(original))
      try copy.restore(from: &reader)
      #expect(LearnerLawsTests.bytes(copy) == LearnerLawsTests.bytes(original))
      let expected = LearnerLawsTests.learn(&original, tail, [16])
      #expect(LearnerLawsTests.learn(&copy, tail, [16]) == expected)
      #expect(LearnerLawsTests.bytes(copy) == LearnerLawsTests.bytes(original), "cut at \(cut)")
    }
  }

  @Test(arguments: cases + blocked) func `the same rows give the same bytes`(item: Case) throws {
    let rows = LearnerLawsTests.rows(item.task)
    var (a, b) = (
      try LearnerLawsTests.learner(item.text, item.task),
      try LearnerLawsTests.learner(item.text, item.task)
    )
    _ = LearnerLawsTests.learn(&a, rows, [32])
    _ = LearnerLawsTests.learn(&b, rows, [32])
    #expect(LearnerLawsTests.bytes(a) == LearnerLawsTests.bytes(b))
  }

  @Test(arguments: cases + blocked) func `rows without a label teach nothing`(item: Case) throws {
    // A season is counted in rows, with labels or without.
    guard !item.text.hasPrefix("seasonal") else { return }
    var rows = LearnerLawsTests.rows(item.task, count: 60)
    for i in rows.rows.indices { rows.rows[i].target = .nan }
    for i in rows.rows.indices { rows.rows[i].sparse = [] }
    var learner = try LearnerLawsTests.learner(item.text, item.task, season: nil)
    let before = LearnerLawsTests.bytes(learner)
    _ = LearnerLawsTests.learn(&learner, rows, [8])
    #expect(LearnerLawsTests.bytes(learner) == before)
  }

  @Test(arguments: cases + blocked) func `a refit works on any window and leaves finite weights`(
    item: Case
  ) throws {
    for count in [1, 3, 200] {
      let rows = LearnerLawsTests.rows(item.task, seed: 5, count: count)
      var learner = try LearnerLawsTests.learner(item.text, item.task)
      rows.forEachBatch([200]) { batch in
        let report = learner.refit(on: batch)
        #expect(
          report.failure == nil || report.rows == 0 || report.failure?.contains("most") == true)
      }
      let predictions = LearnerLawsTests.learn(&learner, rows, [8])
      #expect(predictions.allSatisfy { $0.allSatisfy { $0.isFinite } })
    }
  }

  @Test(
    arguments: cases.filter {
      !["no-change", "seasonal-naive", "running-mean", "majority"].contains(
        String($0.text.split(separator: ":")[0]))
    }) func `learning beats knowing nothing but the labels`(item: Case) throws
  {
    let isTree = ["tree", "forest", "bagging", "patches"].contains {
      item.text.contains($0) && !item.text.contains("mixture")
    }
    let rows =
      isTree
      ? Rows.boxes(seed: 33, count: 4000, width: 5, task: item.task)
      : Rows.random(seed: 33, count: 4000, width: 5, task: item.task, missing: false)
    var used = rows
    if item.text.contains("poisson") {
      for i in used.rows.indices {
        used.rows[i].target = max(0, used.rows[i].target + 10).rounded()
      }
    }
    // A rate that suits these rows; at the laws' rates some optimisers are still on their way.
    let own = ["adagrad": 1.0, "ftrl": 1, "adam": 0.1, "rmsprop": 0.1, "momentum": 0.001]
      .first { item.text.contains($0.key) && item.task == .regression }?.value
    let text = item.text.replacing("rate=0.005", with: "rate=0.05")
      .replacing("rate=0.01,", with: "rate=\(own ?? 0.01),")
    var learner = try LearnerLawsTests.learner(text, item.task)
    var baseline = try LearnerLawsTests.learner(
      item.task == .regression ? "running-mean" : "majority", item.task)
    let (found, base) = (
      LearnerLawsTests.learn(&learner, used, [64]), LearnerLawsTests.learn(&baseline, used, [64])
    )
    func cost(_ predictions: [[Double]]) -> Double {
      zip(predictions, used.rows).dropFirst(2000).reduce(0) { sum, pair in
        let (p, y) = (pair.0, pair.1.target)
        switch item.task {
        case .regression: return sum + abs(p[0] - y)
        case .binary: return sum + ((p[0] > 0.5) == (y > 0.5) ? 0 : 1)
        case .multiclass:
          let guess = p.indices.max { p[$0] < p[$1] } ?? 0
          return sum + (guess == Int(y) ? 0 : 1)
        }
      }
    }
    #expect(cost(found) < (isTree ? 0.7 : 0.9) * cost(base), "\(cost(found)) against \(cost(base))")
  }
}
