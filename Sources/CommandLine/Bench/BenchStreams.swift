import Batches
import Generators
import Ingest
import Kernels

/// A batch that stays.
final class KeptBatch {
  let batch: MicroBatch

  init(_ batch: consuming MicroBatch) { self.batch = batch }

  /// Has the rows in the core's cache, as a batch is that was encoded a moment ago.
  func touch() -> Double {
    var sum = 0.0
    for row in 0..<batch.count {
      let values = batch.dense(row)
      for j in stride(from: 0, to: batch.stride, by: 8) { sum += values[j] }
      let sparse = batch.sparse(row)
      if sparse.count > 0 { sum += sparse.values[0] + Double(sparse.indices[0]) }
    }
    return sum
  }
}

/// Rows in memory as text.
struct BenchText {
  var bytes: [UInt8]
  var rows: Int
  let target: String
  let task: Task
  let format: String

  /// A source that has these rows, opened.
  func open() throws -> EventSource {
    var options = IngestOptions()
    options.format = format
    options.target = target
    options.task = task
    return try EventSource.open(MemorySource(bytes, pieces: [1 << 18]), options)
  }

  /// The same without what comes after so many rows.
  func prefix(_ count: Int) -> BenchText {
    guard count < rows else { return self }
    var text = self
    var left = rows - count
    var end = bytes.count - 1
    while left > 0 {
      end -= 1
      if bytes[end] == 0x0A { left -= 1 }
    }
    text.bytes = Array(bytes[...end])
    text.rows = count
    return text
  }
}

/// Rows in memory as batches.
struct BenchRows {
  let schema: Schema
  let families: [FeatureFamily]
  let classNames: [String]
  var batches: [KeptBatch]
  let stream: String

  var count: Int { batches.reduce(0) { $0 + $1.batch.count } }
}

/// The streams that are measured on, each made once.
final class BenchStreams {
  static let stages = "hyperplane:features=30"
  private static let seed: UInt64 = 1

  private let rows: Int
  private let timer: BenchTimer
  private var known: [Task: BenchRows] = [:]

  init(rows: Int, timer: BenchTimer) { (self.rows, self.timer) = (rows, timer) }

  /// The rows of a stream of the catalogue as text; nil if nothing writes that format.
  func text(_ stream: String, task: Task, format: String) throws -> BenchText? {
    var generator = try DriftingStream(stream, drifts: [], seed: BenchStreams.seed)
    let columns = generator.columns
    guard let writer = FormatText(format, columns) else { return nil }
    var random = RandomBits(seed: BenchStreams.seed ^ 0x5EED)
    var row = Array(repeating: 0.0, count: columns.count)
    var bytes = Array(writer.header.utf8)
    for _ in 0..<rows {
      row.withUnsafeMutableBufferPointer { generator.next($0, &random) }
      writer.append(row, to: &bytes)
      try timer.tick(0)
    }
    return BenchText(
      bytes: bytes, rows: rows, target: columns.last?.name ?? "", task: task, format: format)
  }

  /// The rows that learners of a task are shown.
  func rows(for task: Task) throws -> BenchRows {
    if let rows = known[task] { return rows }
    let stream =
      switch task {
      case .binary: BenchStreams.stages
      case .regression: "friedman"
      case .multiclass: "led"
      }
    guard let text = try text(stream, task: task, format: "csv") else {
      throw Failure(message: "nothing writes csv", code: Exit.internalError)
    }
    let rows = try batches(text, stream)
    known[task] = rows
    return rows
  }

  /// Rows as text made into batches: small ones first, so that little time can be kept to, then those of a run.
  func batches(_ text: BenchText, _ stream: String) throws -> BenchRows {
    var source = try text.open()
    var batches: [KeptBatch] = []
    while true {
      var batch = MicroBatch(
        capacity: batches.count < 8 ? 32 : 256, denseWidth: source.schema.denseWidth)
      let outcome = try source.fill(&batch, upTo: nil)
      try timer.tick(0)
      if batch.count > 0 { batches.append(KeptBatch(batch)) }
      if outcome != .full { break }
    }
    return BenchRows(
      schema: source.schema, families: source.families, classNames: source.classNames,
      batches: batches, stream: stream)
  }
}

/// Does something with each batch, while its rows are in cache.
final class BatchWork: Workload {
  private let batches: ArraySlice<KeptBatch>
  private let body: (Int, borrowing MicroBatch) throws -> Void
  private var next = 0
  private var touched = 0.0

  init(
    _ batches: ArraySlice<KeptBatch>, _ body: @escaping (Int, borrowing MicroBatch) throws -> Void
  ) {
    (self.batches, self.body) = (batches, body)
  }

  func prepare() -> Bool {
    guard next < batches.count else { return false }
    touched += batches[batches.startIndex + next].touch()
    return true
  }

  func perform() throws {
    try body(next, batches[batches.startIndex + next].batch)
    next += 1
  }
}
