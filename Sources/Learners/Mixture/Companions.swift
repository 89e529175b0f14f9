import Batches
import Catalogues
import Kernels
import Snapshots

/// The experts of a mixture that are learners of their own: baselines, or the models it was given.
struct Companions: Sendable {
  /// Whether the user named them, so that they are all there is to mix.
  let areGiven: Bool
  let names: [String]
  private let isBinary: Bool
  private var learners: [any Learner]
  private var said: [Predictions]
  private var watches: [Stopwatch]
  var persistence = LabelPersistence()
  let hasPersistence: Bool

  /// `beside`: models that stand beside the mixture's own, unless the user named what to mix.
  static func make(
    _ context: LearnerContext, beside others: [String] = []
  ) throws(SpecificationError) -> Companions {
    var (names, learners): ([String], [any Learner]) = ([], [])
    var own = context
    own.companions = []
    for specification in context.companions {
      names.append(specification)
      learners.append(try Catalogue.learners.make(specification, own))
    }
    let areGiven = !names.isEmpty
    if !areGiven {
      for specification in others {
        names.append(specification)
        learners.append(try Catalogue.learners.make(specification, own))
      }
    }
    if context.task == .regression, !areGiven {
      names.append("no-change")
      learners.append(SeasonalNaive(.events(1), own))
      if let season = context.season {
        names.append("seasonal-naive")
        learners.append(SeasonalNaive(season, own))
      }
    }
    let hasPersistence = context.task == .binary && !areGiven
    if hasPersistence { names.append("persistence") }
    return Companions(
      areGiven: areGiven, names: names, learners: learners, hasPersistence: hasPersistence,
      isBinary: context.task == .binary)
  }

  /// Whether all of them are baselines, which look at no feature.
  var areBlind: Bool { learners.allSatisfy { $0 is SeasonalNaive } }
  /// Whether any of them looks back by rows.
  var lookBack: Bool { learners.contains { $0 is SeasonalNaive } }
  var count: Int { names.count }
  /// How long each has taken to learn; nil for one that is no learner.
  var seconds: [Double?] { names.indices.map { $0 < watches.count ? watches[$0].seconds : nil } }
  var memoryBytes: Int { learners.reduce(0) { $0 + $1.memoryBytes } }

  /// Asks all learners about rows; `say` then tells what they said.
  mutating func predict(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    makeRoom(rows)
    for k in 0..<learners.count { learners[k].predict(batch, rows: rows, into: &said[k]) }
  }

  /// Has all learners predict and learn rows; `say` then tells what they said.
  mutating func learn(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    makeRoom(rows)
    for k in 0..<learners.count {
      let start = MonotonicTime.now()
      learners[k].learn(batch, rows: rows, into: &said[k])
      watches[k].add(since: start)
    }
  }

  private mutating func makeRoom(_ rows: Range<Int>) {
    guard let room = said.first?.rows, room < rows.upperBound else { return }
    for k in said.indices {
      said[k] = Predictions(rows: rows.upperBound, width: said[k].width)
    }
  }

  /// Writes what each says of row `i`.
  @inline(__always)
  func say(_ i: Int, into p: UnsafeMutablePointer<Double>) {
    for k in 0..<said.count { p[k] = isBinary ? LogOdds.clamp(said[k][i]) : said[k][i] }
    if hasPersistence { p[said.count] = persistence.probability }
  }

  /// What learner `k` says of row `i` and class `c`.
  @inline(__always)
  func said(_ k: Int, _ i: Int, _ c: Int) -> Double {
    c < said[k].width ? said[k][i, c] : 0
  }

  private init(
    areGiven: Bool, names: [String], learners: [any Learner], hasPersistence: Bool, isBinary: Bool
  ) {
    self.isBinary = isBinary
    said = learners.map { _ in Predictions(rows: 1, width: 1) }
    watches = learners.map { _ in Stopwatch() }
    self.areGiven = areGiven
    self.names = names
    self.learners = learners
    self.hasPersistence = hasPersistence
  }

  func write(to writer: inout SnapshotWriter) {
    for learner in learners { learner.write(to: &writer) }
    persistence.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    for k in learners.indices { try learners[k].restore(from: &reader) }
    try persistence.restore(from: &reader)
  }
}

/// "Same as last time" for two classes, as a probability: how often class 1 followed the last label,
/// counted with a memory of a thousand rows. Certain baselines would cost everything at the first
/// change.
struct LabelPersistence: Sendable {
  private static let forgetting = 0.999

  /// The last label that has arrived.
  private(set) var last = 0
  /// Weighted counts, at last·2 + label; Laplace's ones at the start.
  private var counts = [1.0, 1.0, 1.0, 1.0]

  var probability: Double {
    LogOdds.clamp(counts[last * 2 + 1] / (counts[last * 2] + counts[last * 2 + 1]))
  }

  /// Takes a label; `known` is the last one that had arrived when its row was predicted.
  mutating func observe(_ label: Double, after known: Int) {
    let label = label > 0.5 ? 1 : 0
    counts[known * 2] *= LabelPersistence.forgetting
    counts[known * 2 + 1] *= LabelPersistence.forgetting
    counts[known * 2 + label] += 1
    last = label
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(last)
    writer.write(counts)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    last = try reader.readInt()
    counts = try reader.readDoubles()
    guard counts.count == 4, (0...1).contains(last) else { throw .corrupt }
  }
}
