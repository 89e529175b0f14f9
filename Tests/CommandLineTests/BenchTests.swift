import Foundation
import TestSupport
import Testing

/// What `weir bench` says, but for the times.
@Suite struct BenchTests {
  private typealias Fields = [String: Any]

  private static let tiny = ["--rows", "500", "--seconds", "0.01", "--repeats", "1"]

  private func rows(_ arguments: [String]) throws -> [Fields] {
    try Weir.inFolder { folder in
      let result = try Weir.run(["bench", "--json"] + BenchTests.tiny + arguments, in: folder)
      #expect(result.code == 0 && result.error.isEmpty, "\(result.error)")
      return try result.out.split(separator: "\n").map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? Fields)
      }
    }
  }

  private func number(_ row: Fields?, _ key: String) -> Double? {
    (row?[key] as? NSNumber)?.doubleValue
  }

  @Test func `every entry of the catalogues has a row`() throws {
    let catalogue = try Weir.inFolder { folder in
      try Weir.run(["catalogue", "--json"], in: folder).out
    }
    let sections = try #require(
      try JSONSerialization.jsonObject(with: Data(catalogue.utf8)) as? [String: [Fields]])
    let table = try rows(["learners", "detectors", "formats"])
    #expect(table[0]["part"] as? String == "machine")
    #expect((number(table[0], "reference_ns") ?? 0) > 0)
    for part in ["learners", "detectors", "formats"] {
      let names = try #require(sections[part]).map { $0["name"] as? String }
      let own = table.filter { $0["part"] as? String == part }
      #expect(own.map { $0["name"] as? String } == names, "\(part)")
      for row in own {
        #expect((number(row, "ns") ?? 0) > 0 && (number(row, "ratio") ?? 0) > 0, "\(row)")
        #expect((number(row, "rows") ?? number(row, "values") ?? 0) > 0, "\(row)")
        guard part == "learners" else { continue }
        #expect(number(row, "loss") != nil && number(row, "baseline_loss") != nil, "\(row)")
      }
    }
  }

  @Test(arguments: ["csv", "ndjson", "vw", "libsvm", "arff"]) func `stages add up`(
    format: String
  ) throws {
    let table = try rows(["stages", "--format", format]).filter {
      $0["part"] as? String == "stages"
    }
    let names = [
      "read", "index", "parse", "encode", "scale", "predict", "learn", "score", "detect", "write",
      "journal", "sum", "whole", "ahead",
    ]
    #expect(table.map { $0["name"] as? String } == names)
    func nanoseconds(_ name: String) -> Double {
      number(table.first { $0["name"] as? String == name }, "ns") ?? .nan
    }
    let sum = names.prefix(11).filter { $0 != "scale" }.reduce(0) { $0 + nanoseconds($1) }
    #expect(abs(sum - nanoseconds("sum")) < 1e-6 * abs(sum))
    #expect(nanoseconds("whole") > 0 && nanoseconds("ahead") > 0)
  }

  @Test(arguments: [["stages"], ["learners"], ["detectors", "formats"]])
  func `a signal ends it with the rows it has`(parts: [String]) throws {
    try Weir.inFolder { folder in
      let process = Weir.process(["bench", "--seconds", "600"] + parts, in: folder)
      let (output, error) = (Pipe(), Pipe())
      process.standardOutput = output
      process.standardError = error
      try process.run()
      var text = output.fileHandleForReading.availableData
      Weir.waitUntilItHearsSignals(process)
      usleep(500_000)
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
      text += output.fileHandleForReading.readDataToEndOfFile()
      let lines = String(decoding: text, as: UTF8.self)
      #expect(lines.hasPrefix("weir ") && lines.hasSuffix("\n"), "\(lines)")
      let said = String(
        decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(said == "weir: interrupted; what was done is above\n")
    }
  }

  @Test func `a reader that leaves ends it quietly`() throws {
    try Weir.inFolder { folder in
      let process = Weir.process(["bench", "detectors"] + BenchTests.tiny, in: folder)
      let (output, error) = (Pipe(), Pipe())
      process.standardOutput = output
      process.standardError = error
      try output.fileHandleForReading.close()
      try process.run()
      try output.fileHandleForWriting.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
      #expect(error.fileHandleForReading.readDataToEndOfFile().isEmpty)
    }
  }
}
