import Batches
import Ingest
import TestSupport

/// Everything that a run of the input made, for comparing.
struct Taken: Equatable {
  var dense: [[Double]] = []
  var sparse: [[String: Double]] = []
  var targets: [Double] = []
  var times: [Double] = []
  var weights: [Double] = []
  var lines: [Int] = []
  var ids: [String] = []
  var refusals: [Refusal.Kind: Int] = [:]
  var samples: [Refusal] = []
  var notices: [SourceNotice] = []
  var names: [String] = []
  var classes: [String] = []
  var task = Task.regression

  /// NaN-proof comparison.
  static func == (left: Taken, right: Taken) -> Bool {
    "\(left.dense)\(left.sparse.map { $0.sorted { $0.key < $1.key }.map { "\($0)" } })\(left.targets)"
      + "\(left.times)\(left.weights)\(left.lines)\(left.ids)"
      == "\(right.dense)\(right.sparse.map { $0.sorted { $0.key < $1.key }.map { "\($0)" } })\(right.targets)"
      + "\(right.times)\(right.weights)\(right.lines)\(right.ids)"
      && left.refusals == right.refusals && left.names == right.names
      && left.classes == right.classes
  }
}

/// Takes the whole input.
func take(
  _ text: String, _ options: IngestOptions, pieces: [Int] = [], batch size: Int = 7
) throws -> Taken {
  try take(Array(text.utf8), options, pieces: pieces, batch: size)
}

func take(
  _ bytes: [UInt8], _ options: IngestOptions, pieces: [Int] = [], batch size: Int = 7
) throws -> Taken {
  try take(MemorySource(bytes, pieces: pieces), options, batch: size)
}

/// `isAhead`: by a thread that reads ahead; there, batches of fewer than 16 rows are not read ahead.
func take(
  _ source: some ByteSource, _ options: IngestOptions, batch size: Int = 7, isAhead: Bool = false,
  helpers: Int? = nil
) throws -> Taken {
  var events = ReadAhead(
    try EventSource.open(source, options), rows: size, isAhead: isAhead,
    helpers: helpers)
  var batch = MicroBatch(capacity: size, denseWidth: events.schema.denseWidth)
  var taken = Taken()
  var indices: [[(Int, Double)]] = []
  taken.names = events.schema.denseNames
  taken.task = events.schema.task
  while true {
    batch.removeAll()
    let outcome = try events.fill(&batch, upTo: nil)
    for row in 0..<batch.count {
      taken.dense.append((0..<batch.denseWidth).map { batch.dense(row)[$0] })
      let features = batch.sparse(row)
      indices.append((0..<features.count).map { (Int(features.indices[$0]), features.values[$0]) })
      taken.targets.append(batch.targets[row])
      taken.times.append(batch.times[row])
      taken.weights.append(batch.weights[row])
      taken.lines.append(batch.lines[row])
      taken.ids.append(String(decoding: batch.id(row), as: UTF8.self))
    }
    taken.notices += events.takeNotices()
    if outcome == .end { break }
  }
  // Names are asked for when nobody reads any more.
  taken.sparse = indices.map { row in
    Dictionary(row.map { (events.sparseName($0.0), $0.1) }, uniquingKeysWith: { _, last in last })
  }
  taken.refusals = events.refusals.counts
  taken.samples = events.refusals.samples
  taken.classes = events.classNames
  return taken
}

func options(target: String, _ change: (inout IngestOptions) -> Void = { _ in }) -> IngestOptions {
  var options = IngestOptions()
  options.target = target
  change(&options)
  return options
}
