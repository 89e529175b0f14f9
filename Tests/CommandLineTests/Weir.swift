import Foundation
import TestSupport

/// The program as it was built beside the tests, run as users run it.
enum Weir {
  /// The folder of the build that these tests are part of.
  static let path: String = {
    let bundle = ProcessInfo.processInfo.arguments.first { $0.contains(".xctest") }
    if let bundle {
      var folder = URL(filePath: bundle)
      while folder.path.contains(".xctest") { folder.deleteLastPathComponent() }
      return folder.appending(path: "weir").path
    }
    return Bundle.main.bundleURL.appending(path: "weir").path
  }()

  struct Result {
    let code: Int32
    let out: String
    let error: String
  }

  /// A fresh folder, removed when `body` is done.
  static func inFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appending(path: "weir-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  /// A process that is ready to be run.
  static func process(_ arguments: [String], in folder: URL) -> Process {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    environment["WEIR_DATASETS"] = Golden.project.appending(path: "Datasets").path
    process.environment = environment
    return process
  }

  /// Waits until the program hears SIGINT and SIGTERM, however long that takes on a machine with much to do; until then
  /// they end it. Linux tells which signals a process catches.
  static func waitUntilItHearsSignals(_ process: Process) {
    let path = "/proc/\(process.processIdentifier)/status"
    let wanted: UInt64 = 1 << UInt64(SIGINT - 1) | 1 << UInt64(SIGTERM - 1)
    while process.isRunning {
      let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
      let caught = line.flatMap { UInt64($0.dropFirst(7).drop { $0.isWhitespace }, radix: 16) }
      if (caught ?? 0) & wanted == wanted { return }
      usleep(5_000)
    }
  }

  /// Runs the program to its end; the input is a file, so that it may be of any size.
  static func run(_ arguments: [String], input: Data = Data(), in folder: URL) throws -> Result {
    let (inFile, outFile, errorFile) = (
      folder.appending(path: ".in"), folder.appending(path: ".out"),
      folder.appending(path: ".error")
    )
    try input.write(to: inFile)
    _ = FileManager.default.createFile(atPath: outFile.path, contents: nil)
    _ = FileManager.default.createFile(atPath: errorFile.path, contents: nil)
    let process = process(arguments, in: folder)
    process.standardInput = try FileHandle(forReadingFrom: inFile)
    process.standardOutput = try FileHandle(forWritingTo: outFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
    process.waitUntilExit()
    return Result(
      code: process.terminationStatus,
      out: String(decoding: try Data(contentsOf: outFile), as: UTF8.self),
      error: String(decoding: try Data(contentsOf: errorFile), as: UTF8.self))
  }
}
