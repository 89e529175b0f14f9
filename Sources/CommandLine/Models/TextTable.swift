/// Columns for people: as wide as they must be, two spaces between, numbers to the right.
struct TextTable {
  private var rows: [[String]]
  private let isRight: [Bool]

  /// Names of the columns; those in `numbers` stand to the right.
  init(_ names: [String], numbers: Set<String> = []) {
    rows = [names]
    isRight = names.map { numbers.contains($0) }
  }

  mutating func append(_ cells: [String]) { rows.append(cells) }

  var isEmpty: Bool { rows.count == 1 }

  /// The lines; columns in which nothing stands but their name are left out.
  func text(indent: String = "") -> String {
    let columns = isRight.indices.filter { column in
      rows.dropFirst().contains { !$0[column].isEmpty }
    }
    let widths = isRight.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = columns.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return isRight[column] ? space + row[column] : row[column] + space
      }
      var line = (indent + cells.joined(separator: "  "))[...]
      while line.hasSuffix(" ") { line = line.dropLast() }
      return line + "\n"
    }.joined()
  }
}
