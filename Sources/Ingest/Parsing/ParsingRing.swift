import Kernels

/// Blocks of records in order, parsed by whoever has time.
///
/// One thread at a time frames and takes: it cuts records out of the input into the blocks behind, and takes those in
/// front row by row. In between any thread may parse: it claims the first block that nobody has claimed. Threads of
/// its own do nothing else; the one that learns does while it waits for rows; the one that frames does when the
/// block that it needs is not parsed yet. Order is kept as blocks are taken in the order in which they were framed,
/// and results are those of one thread as a row's columns depend on its bytes alone.
final class ParsingRing: @unchecked Sendable {
  private static let depth = 16

  private let work: Work
  private var helpers: [PosixThread] = []
  private let mostHelpers: Int

  // The framing and taking thread's.
  private var framedCount = 0
  private var taken = 0
  /// The next row of the block in front; nil while that was not waited for.
  private var row: Int?
  /// Whether what was framed last ended with something else than more records.
  private var isEnded = false

  /// `helpers`: threads that do nothing but parse.
  init(_ format: any RecordFormat, columns: Int, helpers: Int) {
    work = Work((0..<ParsingRing.depth).map { _ in RecordBlock(format, columns: columns) })
    mostHelpers = helpers
  }

  deinit {
    work.framed.reach(-1)
    for helper in helpers { helper.join() }
  }

  // MARK: - Framing and taking

  /// Whether there is nothing left to take.
  var isEmpty: Bool { taken == framedCount }

  /// Cuts as many records as there is room for out of what is there to be read.
  func frame(_ reader: inout RecordReader) {
    if helpers.isEmpty, mostHelpers > 0 { start() }
    while framedCount - taken < work.blocks.count, !isEnded {
      let block = work.blocks[framedCount % work.blocks.count]
      block.fill(&reader)
      if case .more = block.ending {} else { isEnded = true }
      framedCount += 1
      work.framed.reach(framedCount)
    }
  }

  /// What is next.
  enum Item {
    case row(RecordBlock, Int)
    case refused(Refusal)
    /// There is room for one block more.
    case blockTaken
    case ending(RecordBlock.Ending)
    /// There are no more blocks.
    case nothing
  }

  @inline(__always)
  func next() -> Item {
    guard taken < framedCount else { return .nothing }
    let block = work.blocks[taken % work.blocks.count]
    let row = self.row ?? wait(for: block)
    if let refusal = block.takeRefusal(before: row) { return .refused(refusal) }
    if row < block.count {
      self.row = row + 1
      return .row(block, row)
    }
    self.row = nil
    taken += 1
    if case .more = block.ending { return .blockTaken }
    isEnded = false
    return .ending(block.ending)
  }

  /// Has the block in front parsed, by this thread if no other has begun.
  private func wait(for block: RecordBlock) -> Int {
    let round = taken / work.blocks.count + 1
    while block.parsed.value < round {
      // Blocks are claimed in order: while this one is not, the next to be claimed is not behind it.
      if !parseOne() { _ = block.parsed.wait(while: round - 1) }
    }
    row = 0
    return 0
  }

  // MARK: - Any thread

  /// Parses the first block that nobody has claimed; false if there is none.
  func parseOne() -> Bool { work.parseOne() }

  private func start() {
    for _ in 0..<mostHelpers {
      let work = work
      guard let helper = PosixThread({ work.help() }) else { return }
      helpers.append(helper)
    }
  }

  /// What all threads share; helpers keep this alive and not the ring, which ends them when it goes.
  private final class Work: @unchecked Sendable {
    let blocks: [RecordBlock]
    /// Blocks framed so far; −1: there will be no more.
    let framed = Milestone(patience: 2_000)
    private let claims = Tickets()

    init(_ blocks: [RecordBlock]) { self.blocks = blocks }

    func parseOne() -> Bool {
      guard let number = claims.take(below: framed.value) else { return false }
      let block = blocks[number % blocks.count]
      block.parse()
      block.parsed.reach(number / blocks.count + 1)
      return true
    }

    /// Parses until there will be no more.
    func help() {
      var known = 0
      while true {
        known = framed.wait(while: known)
        guard known >= 0 else { return }
        while parseOne() {}
      }
    }
  }
}
