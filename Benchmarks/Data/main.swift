import Glibc

/// Writes a stream of the benchmarks, the same bytes each time:
///
///     benchdata ROWS [STREAM] [FORMAT=FILE ...]
///
/// A million rows of `dense` as CSV on standard output if nothing else is said. Several files are written in
/// one pass and hold the same rows.

func write(_ stream: some RowStream, rows: Int, to outputs: [(Format, String)]) throws {
  var stream = stream
  var writers = try outputs.map { try RowWriter($0.0, path: $0.1, stream) }
  var row = TextRow()
  for index in 0..<rows {
    row.removeAll()
    stream.next(index, of: rows, into: &row)
    for i in writers.indices { try writers[i].write(row) }
  }
  for writer in writers { try writer.finish() }
}

func run() throws {
  let arguments = CommandLine.arguments.dropFirst()
  let rows = arguments.first.map { Int($0) ?? 0 } ?? 1_000_000
  let named = arguments.dropFirst().first { !$0.contains("=") } ?? "dense"
  var outputs: [(Format, String)] = []
  for argument in arguments where argument.contains("=") {
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let format = Format(rawValue: parts[0]) else {
      return refuse("no format and file in '\(argument)'")
    }
    outputs.append((format, parts[1]))
  }
  if outputs.isEmpty { outputs = [(.csv, "-")] }
  switch named {
  case "dense": try write(RareClass(), rows: rows, to: outputs)
  case "demand": try write(Demand(), rows: rows, to: outputs)
  case "agrawal": try write(Agrawal(), rows: rows, to: outputs)
  case "sparse": try write(Tokens(), rows: rows, to: outputs)
  case "wide": try write(Wide(), rows: rows, to: outputs)
  case "levels": try write(Levels(), rows: rows, to: outputs)
  default: refuse("no stream '\(named)'")
  }
}

func refuse(_ reason: String) {
  let formats = Format.allCases.map(\.rawValue).joined(separator: ", ")
  let text = """
    benchdata: \(reason)
    streams: dense, demand, agrawal, sparse, wide, levels
    formats: \(formats)

    """
  _ = Glibc.write(2, text, text.utf8.count)
  exit(64)
}

try run()
