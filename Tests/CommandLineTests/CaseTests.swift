import Foundation
import TestSupport
import Testing

/// Command lines as data: `Cases/*.json`, each with a permanent id.
@Suite struct CaseTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let about: String
    let arguments: [String]
    let input: String?
    let files: [String: String]?
    let exit: Int32
    /// The whole of standard output.
    let output: String?
    /// Pieces of standard output and standard error.
    let outputHas: [String]?
    let errorHas: [String]?
    /// Pieces of files that were written.
    let written: [String: [String]]?

    var testDescription: String { "\(id) \(about)" }
  }

  static let cases: [Case] = {
    let folder = Golden.project.appending(path: "Tests/CommandLineTests/Cases")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().filter { $0.hasSuffix(".json") }.flatMap { name -> [Case] in
      guard let data = try? Data(contentsOf: folder.appending(path: name)) else { return [] }
      do {
        return try JSONDecoder().decode([Case].self, from: data)
      } catch {
        preconditionFailure("\(name): \(error)")
      }
    }
  }()

  @Test func `ids are permanent and unique`() {
    #expect(CaseTests.cases.count >= 30)
    #expect(Set(CaseTests.cases.map(\.id)).count == CaseTests.cases.count)
  }

  @Test(arguments: cases) func `a command line does what its case says`(item: Case) throws {
    try Weir.inFolder { folder in
      for (name, text) in item.files ?? [:] {
        try Data(text.utf8).write(to: folder.appending(path: name))
      }
      let result = try Weir.run(item.arguments, input: Data((item.input ?? "").utf8), in: folder)
      #expect(result.code == item.exit, "\(result.error)")
      if let output = item.output { #expect(result.out == output) }
      for piece in item.outputHas ?? [] { #expect(result.out.contains(piece), "\(result.out)") }
      for piece in item.errorHas ?? [] { #expect(result.error.contains(piece), "\(result.error)") }
      for (name, pieces) in item.written ?? [:] {
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        for piece in pieces { #expect(text.contains(piece), "\(text)") }
      }
    }
  }
}
