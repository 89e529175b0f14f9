import Generators

/// How rows of numbers are written in a format: what stands before each column, and in which order they stand.
struct FormatText {
  let header: String
  /// Columns in the order in which they are written, with what stands before each.
  private var places: [(column: Int, before: [UInt8])] = []
  private let end: [UInt8]
  /// What is written for each word of a column of words.
  private let words: [[[UInt8]]]
  private let decimals: [Int]

  /// For the formats that the catalogue has; nil for any other. Of columns of words only the last, which is to be
  /// predicted, is one in every format.
  init?(_ format: String, _ columns: [StreamColumn]) {
    let names = columns.map(\.name)
    let last = columns.count - 1
    func attribute(_ column: StreamColumn) -> String {
      guard case .words(let words) = column.kind else {
        return "@attribute \(column.name) numeric\n"
      }
      return "@attribute \(column.name) {\(words.joined(separator: ","))}\n"
    }
    var header = ""
    var end = "\n"
    var places: [(Int, String)]
    switch format {
    case "csv", "arff":
      header =
        format == "csv"
        ? names.joined(separator: ",") + "\n"
        : "@relation bench\n" + columns.map(attribute).joined() + "@data\n"
      places = names.indices.map { ($0, $0 == 0 ? "" : ",") }
    case "ndjson":
      places = names.indices.map { ($0, ($0 == 0 ? "{" : ",") + "\"\(names[$0])\":") }
      end = "}\n"
    case "vw":
      places = (0..<last).map { ($0, ($0 == 0 ? " | " : " ") + "\(names[$0]):") }
      places.insert((last, ""), at: 0)
    case "libsvm":
      places = (0..<last).map { ($0, " \($0 + 1):") }
      places.insert((last, ""), at: 0)
    default: return nil
    }
    self.header = header
    self.end = Array(end.utf8)
    self.places = places.map { ($0, Array($1.utf8)) }
    // Labels of VW and libsvm are numbers.
    let isNumbered = format == "vw" || format == "libsvm"
    let quote = format == "ndjson" ? "\"" : ""
    words = columns.map { column in
      guard case .words(let words) = column.kind else { return [] }
      return words.indices.map { Array((isNumbered ? "\($0)" : quote + words[$0] + quote).utf8) }
    }
    decimals = columns.map { if case .number(let decimals) = $0.kind { decimals } else { 0 } }
  }

  /// Appends a row, a line.
  func append(_ row: [Double], to bytes: inout [UInt8]) {
    for (column, before) in places {
      bytes.append(contentsOf: before)
      if words[column].isEmpty {
        DecimalText.append(row[column], decimals: decimals[column], to: &bytes)
      } else {
        bytes.append(contentsOf: words[column][Int(row[column])])
      }
    }
    bytes.append(contentsOf: end)
  }
}
