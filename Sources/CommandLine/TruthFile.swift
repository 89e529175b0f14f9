import FoundationEssentials
import Glibc
import Studies
import Telemetry

/// Where a stream truly changes, as a JSON file beside it:
///
///     {"rows":60000,"drifts":[{"start":20000,"end":20000,"kind":"sea:concept=3","columns":[]}]}
///
/// Rows count from 0, without the header; `end` is the first row that surely follows the new law.
struct TruthFile: Codable {
  struct Drift: Codable {
    let start: Int
    let end: Int
    let kind: String
    let columns: [String]
  }

  var rows: Int?
  let drifts: [Drift]

  var truth: Truth { Truth(drifts.map { .init(start: $0.start, end: $0.end) }) }

  func write(to path: String) throws {
    let file = try OutputFile(path: path)
    let drifts = drifts.map {
      JSONValue.members([
        ("start", .int($0.start)), ("end", .int($0.end)), ("kind", .string($0.kind)),
        ("columns", .array($0.columns.map(JSONValue.string))),
      ])
    }
    let members: [(String, JSONValue)] = [
      ("rows", rows.map(JSONValue.int) ?? .null), ("drifts", .array(drifts)),
    ]
    try file.append(JSONValue.members(members).text + "\n")
    try file.flush()
  }

  /// Reads a truth file, or rows written as `10000,20000,30000`.
  static func read(_ text: String) throws -> TruthFile {
    let places = text.split(separator: ",").map { Int($0) }
    if !places.isEmpty, places.allSatisfy({ ($0 ?? -1) >= 0 }) {
      return TruthFile(
        rows: nil,
        drifts: places.compactMap(\.self).map {
          Drift(start: $0, end: $0, kind: "", columns: [])
        })
    }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: text)) else {
      throw Failure(
        message: "cannot read \(text); --truth takes a file or rows such as 10000,20000",
        code: Exit.inputOutput)
    }
    do {
      let file = try JSONDecoder().decode(TruthFile.self, from: data)
      guard file.drifts.allSatisfy({ $0.start >= 0 && $0.end >= $0.start }) else {
        throw Failure(
          message: "\(text): a drift ends before it starts", code: Exit.badData)
      }
      return file
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(
        message: "\(text): not a truth file: expected {\"drifts\":[{\"start\":N,\"end\":N,…",
        code: Exit.badData)
    }
  }
}
