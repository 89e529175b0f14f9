package import Batches
package import Catalogues
package import Snapshots

/// Watches a stream by many checks at once: cuts it into blocks, learns what it is to be like, and has each check look.
///
/// Blocks of 64 rows begin and end at fixed positions of the stream, whatever the batches; 64 records that are refused
/// without an event between them are a block too, so that a stream of nothing else is heard of. Where no reference is given
/// the first `referenceRows` events are it, and nothing is found in them. What was found waits until it is taken.
package struct Monitor: Snapshotted, Sendable {
  /// Events that a run takes for its reference where it has no other.
  package static let usualReferenceRows = 1000
  private static let mostRefused = 64

  package let referenceRows: Int
  private var checks: [any Check]
  /// Those of them that want to know what the model said.
  private let answering: [Int]
  private var block: RowBlock
  /// Of the rows so far, as long as these are to become the reference.
  private var profile: Profile?
  package private(set) var reference: Reference?
  private var found: [Finding] = []
  /// How the run is, by all that was found.
  package var health = Health()
  private var events = 0
  private var time = Double.nan

  /// Watches by the checks that `specifications` name.
  package init(
    _ specifications: [String], _ columns: InputColumns, task: Task, reference: Reference? = nil,
    referenceRows: Int = Monitor.usualReferenceRows
  ) throws(SpecificationError) {
    self.referenceRows = max(RowBlock.length, referenceRows)
    let context = CheckContext(columns: columns, task: task, lookEvery: RowBlock.length)
    var checks: [any Check] = []
    for text in specifications { checks.append(try Catalogue.checks.make(text, context)) }
    self.checks = checks
    answering = checks.indices.filter { checks[$0].wantsAnswers }
    wantsAnswers = !answering.isEmpty
    wantsScores = checks.contains { $0.wantsScores }
    block = RowBlock(columns)
    if let reference { begin(reference) } else { profile = Profile(columns) }
  }

  /// Whether any check wants to know what the model said.
  package let wantsAnswers: Bool
  package let wantsScores: Bool

  /// Whether anything was found that was not taken.
  package var hasFindings: Bool { !found.isEmpty }

  /// What was found since the last call, in the order of the stream.
  package mutating func takeFindings() -> [Finding] {
    defer { found.removeAll() }
    return found
  }

  /// Says what the levels of categories are called that rows had before the first that will be shown.
  package mutating func know(_ levels: [[String]]) {
    block.know(levels)
  }

  // MARK: - Rows

  /// Takes events that follow each other. `takesTargets`: whether their labels are known by now.
  package mutating func observe(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, firstEvent: Int, takesTargets: Bool
  ) {
    var row = rows.lowerBound
    while row < rows.upperBound {
      takeRefused(batch, before: row)
      var end = min(rows.upperBound, row + RowBlock.length - block.rows)
      if let next = nextRefused(batch, after: row) { end = min(end, next) }
      block.learnNames(batch, row..<end)
      block.add(
        batch, row..<end, firstEvent: firstEvent + row - rows.lowerBound,
        takesTargets: takesTargets)
      events = firstEvent + end - rows.lowerBound
      if !block.lastTime.isNaN { time = block.lastTime }
      row = end
      if block.rows == RowBlock.length { look() }
    }
  }

  /// Takes the records that were refused after the last row of a batch, once all of its rows were taken.
  package mutating func observeRest(_ batch: borrowing MicroBatch) {
    takeRefused(batch, before: batch.count)
  }

  private func nextRefused(_ batch: borrowing MicroBatch, after row: Int) -> Int? {
    let refused = batch.input.refused
    guard !refused.isEmpty else { return nil }
    return refused.first { $0.row > row }?.row
  }

  private mutating func takeRefused(_ batch: borrowing MicroBatch, before row: Int) {
    let refused = batch.input.refused
    guard !refused.isEmpty else { return }
    for fault in refused where fault.row == row {
      var left = fault.count
      while left > 0 {
        let taken = min(left, Monitor.mostRefused - block.refusedRows)
        block.addRefused(fault.column, fault.kind, count: taken, event: events)
        left -= taken
        if block.refusedRows >= Monitor.mostRefused { look() }
      }
    }
  }

  /// The block is over.
  private mutating func look() {
    let moment = Moment(event: events, time: time)
    if profile != nil {
      profile?.add(block)
      // Refused records alone are no reference.
      if let made = profile, made.rows >= referenceRows {
        profile = nil
        begin(made.reference)
      }
    } else {
      block.end()
      for index in checks.indices { found += checks[index].look(block, moment) }
    }
    block.removeAll()
  }

  private mutating func begin(_ reference: Reference) {
    self.reference = reference
    let moment = Moment(event: events, time: time)
    for (j, column) in block.columns.numbers.prefix(block.numbers).enumerated() {
      if let known = reference.numbers[column.name], known.count > 0 {
        block.setShift(known.mean, j)
      }
    }
    for index in checks.indices { checks[index].begin(reference, moment) }
  }

  // MARK: - Answers

  package mutating func predicted(_ answers: [Answer]) {
    guard !answers.isEmpty else { return }
    for index in answering { checks[index].predicted(answers) }
  }

  package mutating func labelled(_ answers: [Answer]) {
    guard !answers.isEmpty else { return }
    for index in answering { checks[index].labelled(answers) }
  }

  /// Asks the checks at a position at which reactions take effect.
  package mutating func ask(_ moment: Moment) {
    for index in checks.indices { found += checks[index].ask(moment) }
  }

  // MARK: - Snapshots

  package func write(to writer: inout SnapshotWriter) {
    writer.write(events)
    writer.write(time)
    block.write(to: &writer)
    writer.write(profile != nil)
    profile?.write(to: &writer)
    writer.write(reference != nil)
    reference?.write(to: &writer)
    for check in checks { check.write(to: &writer) }
    writer.write(found) { $1.write(to: &$0) }
    health.write(to: &writer)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    events = try reader.readInt()
    time = try reader.readDouble()
    try block.restore(from: &reader)
    let kept = block
    if try reader.readBool() {
      var made = profile ?? Profile(block.columns)
      try made.restore(from: &reader)
      profile = made
    } else {
      profile = nil
    }
    if try reader.readBool() {
      var known = Reference()
      try known.restore(from: &reader)
      reference = known
    } else {
      reference = nil
    }
    // What checks know of the reference they take from it anew.
    if let reference { begin(reference) }
    block = kept
    for index in checks.indices { try checks[index].restore(from: &reader) }
    found = try reader.readList { reader throws(SnapshotError) in try Finding(from: &reader) }
    try health.restore(from: &reader)
  }
}
