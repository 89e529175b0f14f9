package import Foundation

/// Reads the files below `Tests/Golden`.
package enum Golden {
  package static let project: URL = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  package static let folder: URL = project.appending(path: "Tests/Golden")

  /// A CSV file's header and rows.
  package static func table(_ name: String) throws -> (header: [String], rows: [[String]]) {
    let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    let lines = text.split(separator: "\n").map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return (lines[0], Array(lines[1...]))
  }

  /// One column of a CSV file as numbers.
  package static func column(_ name: String, _ column: String) throws -> [Double] {
    let table = try table(name)
    guard let index = table.header.firstIndex(of: column) else { return [] }
    return table.rows.compactMap { Double($0[index]) }
  }

  /// A JSON file.
  package static func json<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: folder.appending(path: name)))
  }
}
