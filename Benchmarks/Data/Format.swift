import Telemetry

/// The ways in which rows are written, as they are called on the command line.
enum Format: String, CaseIterable {
  case csv, ndjson, arff
  /// The text of Vowpal Wabbit. Two classes are -1 and 1.
  case vw
  /// CSV as Vowpal Wabbit wants it: the target in a column `_label`, classes as in its text.
  case vwCSV = "vw-csv"
  /// Tokens by number, two classes as -1 and 1.
  case libsvm
  /// What is to be predicted and nothing else, a line each, classes by number from 0: for scoring.
  case labels
}

/// Writes the rows of a stream to one file in one format.
struct RowWriter {
  private let format: Format
  private let file: OutputFile
  private let names: [[UInt8]]
  private let isWord: [Bool]
  private let targetName: [UInt8]
  private let classes: [[UInt8]]

  init(_ format: Format, path: String, _ stream: some RowStream) throws {
    self.format = format
    file = try OutputFile(path: path)
    names = stream.columns.map { Array($0.name.utf8) }
    isWord = stream.columns.map { !$0.levels.isEmpty }
    targetName = Array(stream.target.name.utf8)
    let signed = [Format.vw, .vwCSV, .libsvm].contains(format) && !stream.target.levels.isEmpty
    classes = (signed ? ["-1", "1"] : stream.target.levels).map { Array($0.utf8) }
    try file.append(head(stream.columns + [stream.target]))
  }

  mutating func write(_ row: borrowing TextRow) throws {
    try file.append { bytes in
      switch format {
      case .csv, .arff, .vwCSV: appendFields(row, to: &bytes)
      case .ndjson: appendObject(row, to: &bytes)
      case .vw, .libsvm: appendExample(row, to: &bytes)
      case .labels: NumberWriter.append(row.target, to: &bytes)
      }
      bytes.append(UInt8(ascii: "\n"))
    }
  }

  func finish() throws { try file.flush() }

  private func head(_ columns: [Column]) -> String {
    switch format {
    case .csv: return columns.map(\.name).joined(separator: ",") + "\n"
    case .vwCSV: return columns.dropLast().map { $0.name + "," }.joined() + "_label\n"
    case .arff:
      let lines = columns.map { column in
        let kind = column.levels.isEmpty ? "numeric" : "{\(column.levels.joined(separator: ","))}"
        return "@attribute \(column.name) \(kind)\n"
      }
      return "@relation rows\n\(lines.joined())@data\n"
    case .ndjson, .vw, .libsvm, .labels: return ""
    }
  }

  private func appendTarget(_ row: borrowing TextRow, to bytes: inout [UInt8]) {
    guard !classes.isEmpty else { return NumberWriter.append(row.target, to: &bytes) }
    bytes += classes[Int(row.target)]
  }

  private func appendFields(_ row: borrowing TextRow, to bytes: inout [UInt8]) {
    var start = 0
    for end in row.ends {
      bytes += row.text[start..<end]
      bytes.append(UInt8(ascii: ","))
      start = end
    }
    appendTarget(row, to: &bytes)
  }

  private func appendObject(_ row: borrowing TextRow, to bytes: inout [UInt8]) {
    let quote = UInt8(ascii: "\"")
    bytes.append(UInt8(ascii: "{"))
    var start = 0
    for (column, end) in row.ends.enumerated() {
      bytes.append(quote)
      bytes += names[column]
      bytes.append(quote)
      bytes.append(UInt8(ascii: ":"))
      if isWord[column] { bytes.append(quote) }
      bytes += row.text[start..<end]
      if isWord[column] { bytes.append(quote) }
      bytes.append(UInt8(ascii: ","))
      start = end
    }
    bytes.append(quote)
    bytes += targetName
    bytes.append(quote)
    bytes.append(UInt8(ascii: ":"))
    appendTarget(row, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  /// `-1 |f name:value name=word`; of tokens `1 |f t5 t70`, or `1 5:1 70:1`.
  private func appendExample(_ row: borrowing TextRow, to bytes: inout [UInt8]) {
    appendTarget(row, to: &bytes)
    if format == .vw { bytes += [UInt8(ascii: " "), UInt8(ascii: "|"), UInt8(ascii: "f")] }
    var start = 0
    for (column, end) in row.ends.enumerated() {
      bytes.append(UInt8(ascii: " "))
      if !names.isEmpty {
        bytes += names[column]
        bytes.append(isWord[column] ? UInt8(ascii: "=") : UInt8(ascii: ":"))
      } else if format == .vw {
        bytes.append(UInt8(ascii: "t"))
      }
      bytes += row.text[start..<end]
      if names.isEmpty, format == .libsvm {
        bytes.append(UInt8(ascii: ":"))
        bytes.append(UInt8(ascii: "1"))
      }
      start = end
    }
  }
}
