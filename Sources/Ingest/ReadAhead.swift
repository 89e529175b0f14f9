package import Batches
import CLanes
import Kernels
import Snapshots
import Synchronization

/// A source that reads, parses and encodes the batches to come on a thread of its own while the caller learns the
/// one in hand.
///
/// Nothing that comes out is different: rows are encoded one after another as ever, and where batches begin and
/// end changes no result. Three things follow from how it is done:
///
/// - The thread takes what is there and never waits for more, so that the caller alone hears a signal, and a
///   stream that is slower than its learning is read by the caller, answers and all.
/// - It sets out only after a batch that was full, and keeps at most `depth` batches ahead.
/// - It stops where the features may change (`upTo`), since what they are to be is not known before the rows until
///   there are learned.
///
/// What the source knows besides its rows (notices, classes, refusals) is told as of the last batch that was
/// handed out.
package struct ReadAhead: BatchSource, ~Copyable {
  /// With one batch ahead the threads would wake one another at every batch, which takes as long as learning it.
  private static let depth = 8
  /// Handing over a smaller batch costs more than reading it.
  private static let fewestRows = 16
  /// Numbers in a batch at most: 8 MB of them, of which as many batches are kept as are read ahead.
  private static let mostNumbers = 1 << 20
  /// Handing a narrower record from thread to thread costs more than parsing it: a million values of one column take .12 s
  /// so, and .04 s without.
  private static let fewestColumns = 8

  private let belt: Belt
  private let thread: SideThread?
  /// Whether the thread has set out and its last batch was not taken yet.
  private var isUnderWay = false
  private var knowledge: SourceKnowledge
  /// Where the source stood after the batch that was handed out last, if that was asked for.
  private var state: [UInt8]?
  package let schema: Schema
  /// How many events the types were inferred from.
  package let inferredFrom: Int

  /// `isAhead`: false to read only when asked for a batch. `rows` is how many rows a batch has room for; `helpers` how
  /// many threads do nothing but parse, nil: as many as there are cores beside the two that learn and that encode.
  package init(
    _ source: consuming EventSource, rows: Int, isAhead: Bool, helpers: Int? = nil
  ) {
    schema = source.schema
    inferredFrom = source.inferredFrom
    let isAhead =
      // Labels of a second stream are put between the rows of the first one by one.
      isAhead && !source.hasLabelStream && Workers.cores > 1 && rows >= ReadAhead.fewestRows
      && rows * source.columnCount <= ReadAhead.mostNumbers
    var source = source
    let isShared = isAhead && source.columnCount >= ReadAhead.fewestColumns
    let ring =
      isShared ? source.shareParsing(helpers: helpers ?? max(0, Workers.cores - 2)) : nil
    let belt = Belt(source, ring, depth: isAhead ? ReadAhead.depth : 0, rows: rows)
    self.belt = belt
    knowledge = belt.learnOfSource()
    thread = isAhead ? SideThread { belt.fill() } : nil
  }

  deinit { if isUnderWay { belt.stop() } }

  package var classNames: [String] { knowledge.classNames }
  /// What became of rows and labels that are joined by id; nil where they are not.
  package var joined: JoinCounts? { knowledge.joined }
  /// The rows that were refused.
  package var refusals: RefusalLog { knowledge.refusals }
  /// Events that were passed over as they had been taken before, by their sequence.
  package var passedOver: Int { knowledge.passedOver }

  package mutating func takeNotices() -> [SourceNotice] {
    defer { knowledge.notices.removeAll() }
    return knowledge.notices
  }

  package mutating func fill(
    _ batch: inout MicroBatch, upTo limit: Int?
  ) throws -> FillOutcome {
    let outcome = try takeNext(into: &batch) ?? fillMyself(&batch, upTo: limit)
    if let thread, outcome == .full, !isUnderWay, belt.isEmpty {
      // At the limit the features may change first.
      if limit.map({ belt.source.accepted < $0 }) ?? true {
        belt.limit = limit
        belt.restart()
        isUnderWay = thread.begin()
      }
    }
    return outcome
  }

  /// The next batch that was read ahead; nil when there is none, or nothing was there to be read.
  private mutating func takeNext(into batch: inout MicroBatch) throws -> FillOutcome? {
    guard isUnderWay || !belt.isEmpty else { return nil }
    let place = belt.next()
    swap(&batch, &place.batch)
    knowledge.add(place.knowledge)
    if let written = place.state { state = written }
    place.state = nil
    let outcome = place.outcome
    if place.isLast { isUnderWay = false }
    belt.endTaking()
    if !isUnderWay { thread?.finish() }
    if case .success(.late) = outcome, batch.count == 0 { return nil }
    return try outcome.get()
  }

  private mutating func fillMyself(
    _ batch: inout MicroBatch, upTo limit: Int?
  ) throws -> FillOutcome {
    defer { knowledge.add(belt.learnOfSource()) }
    let outcome = try belt.source.fill(&batch, upTo: limit)
    if let written = belt.wantedState() { state = written }
    return outcome
  }

  // MARK: - Snapshots

  /// Has the source's state written after one of the next batches; `takeState` gives it when that batch is handed out.
  package mutating func requestState() { belt.requestState() }

  /// The state of the source after the batch that was handed out last, as `EventSource.write` writes it; nil if it was
  /// not asked for, or comes with a later batch.
  package mutating func takeState() -> [UInt8]? { state.take() }

  /// The state of the source where nothing was read ahead; nil where something was.
  package mutating func stateNow() -> [UInt8]? {
    settle()
    return belt.isEmpty ? belt.writtenState() : nil
  }

  package mutating func change(_ changes: [FeatureChange]) {
    settle()
    belt.source.change(changes)
  }

  package var families: [FeatureFamily] {
    precondition(!isUnderWay, "features are asked for while rows are made of them")
    return belt.source.families
  }

  package func sparseName(_ index: Int) -> String { sparseNames(index) }

  /// What a user would call sparse features; good until the next batch is asked for.
  package var sparseNames: (Int) -> String {
    precondition(!isUnderWay, "features are asked for while rows are made of them")
    return { [belt] in belt.source.sparseName($0) }
  }

  /// Has the thread stop, so that features and their names can be asked for; what it has read is still handed out.
  package mutating func settle() {
    guard isUnderWay else { return }
    isUnderWay = false
    belt.stop()
    thread?.finish()
  }

  /// Closes what the source opened itself.
  package mutating func close() {
    settle()
    belt.source.close()
  }
}

/// What a source knows besides its rows.
private struct SourceKnowledge {
  var classNames: [String]
  var refusals: RefusalLog
  var passedOver: Int
  var notices: [SourceNotice]
  var joined: JoinCounts?

  /// Takes over what is known later.
  mutating func add(_ later: SourceKnowledge) {
    (classNames, refusals, passedOver) = (later.classNames, later.refusals, later.passedOver)
    joined = later.joined
    if !later.notices.isEmpty { notices += later.notices }
  }
}

/// Batches on their way from the thread that fills them to the one that learns them, in a ring.
private final class Belt: @unchecked Sendable {
  /// A batch with what was known when it was filled.
  final class Place {
    var batch: MicroBatch
    var outcome = Result<FillOutcome, any Error>.success(.late)
    var knowledge: SourceKnowledge
    /// Whether nothing comes after it until the thread sets out again.
    var isLast = false
    /// Where the source stood after the batch, if that was asked for.
    var state: [UInt8]?

    init(_ batch: consuming MicroBatch, _ knowledge: SourceKnowledge) {
      self.batch = batch
      self.knowledge = knowledge
    }
  }

  /// The thread's while it is under way, the caller's otherwise.
  var source: EventSource
  var limit: Int?
  private let ring: ParsingRing?
  private var places: [Place] = []
  /// Batches filled so far.
  private let filled = Milestone(patience: 0)
  /// How often it is looked for the next one before sleeping.
  private static let patience = 2_000
  /// Batches taken so far, as the filling thread knows it: told every half ring, so that it is not woken more
  /// often; `Belt.end`: it is to stop.
  private let cleared = Milestone(patience: 0)
  private var taken = 0
  private static let end = Int.max

  init(_ source: consuming EventSource, _ ring: ParsingRing?, depth: Int, rows: Int) {
    self.ring = ring
    let width = source.schema.denseWidth
    self.source = source
    let knowledge = learnOfSource()
    for _ in 0..<depth {
      places.append(Place(MicroBatch(capacity: rows, denseWidth: width), knowledge))
    }
  }

  // MARK: - State

  private let isStateWanted = Atomic(false)

  func requestState() { isStateWanted.store(true, ordering: .releasing) }

  /// The source's state if it was asked for; to be called by whoever has the source, between two rows.
  func wantedState() -> [UInt8]? {
    guard isStateWanted.exchange(false, ordering: .acquiring) else { return nil }
    return writtenState()
  }

  func writtenState() -> [UInt8] {
    var writer = SnapshotWriter()
    source.write(to: &writer)
    return writer.payload
  }

  func learnOfSource() -> SourceKnowledge {
    SourceKnowledge(
      classNames: source.classNames, refusals: source.refusals, passedOver: source.passedOver,
      notices: source.takeNotices(), joined: source.joined)
  }

  // MARK: - The thread that fills

  /// Fills batch after batch until nothing more is there to be read, or the features may change.
  func fill() {
    var count = filled.value
    while true {
      var room = cleared.value
      while room != Belt.end, count - room >= places.count { room = cleared.wait(while: room) }
      guard room != Belt.end else { return }
      let place = places[count % places.count]
      place.batch.removeAll()
      place.outcome = Result { try source.fill(&place.batch, upTo: limit, waits: false) }
      place.knowledge = learnOfSource()
      place.state = wantedState()
      if case .success(.full) = place.outcome {
        place.isLast = limit.map { source.accepted >= $0 } ?? false
      } else {
        place.isLast = true
      }
      let isLast = place.isLast
      count += 1
      filled.reach(count)
      if isLast { return }
    }
  }

  // MARK: - The thread that takes

  var isEmpty: Bool { filled.value == taken }

  /// The next filled batch, waited for; the caller's until `endTaking`. While it is not there the caller parses what is
  /// to come after it.
  func next() -> Place {
    var looks = 0
    while looks < Belt.patience, filled.value == taken {
      if let ring, ring.parseOne() {
        looks = 0
      } else {
        looks += 1
        weir_relax()
      }
    }
    _ = filled.wait(while: taken)
    return places[taken % places.count]
  }

  func endTaking() {
    taken += 1
    if taken % (places.count / 2) == 0, cleared.value != Belt.end { cleared.reach(taken) }
  }

  /// Has the filling thread stop after the batch at hand.
  func stop() { cleared.reach(Belt.end) }

  /// To be called before the filling thread sets out.
  func restart() { cleared.reach(taken) }
}
