import Foundation
import TestSupport
import Testing

/// The program among pipes, signals, and readers and writers that come and go.
@Suite(.serialized) struct StreamTests {
  /// Reads lines from a descriptor, each with patience of ten seconds.
  private final class Lines {
    private let descriptor: Int32
    private var rest: [UInt8] = []

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    func next() -> String? {
      while true {
        if let end = rest.firstIndex(of: 0x0A) {
          defer { rest.removeSubrange(...end) }
          return String(decoding: rest[..<end], as: UTF8.self)
        }
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, 10_000) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        rest += buffer[..<count]
      }
    }
  }

  private func send(_ text: String, _ descriptor: Int32) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, bytes.count) }
  }

  @Test func `a slow pipe gets its answers line by line`() throws {
    try Weir.inFolder { folder in
      let process = Weir.process(
        ["learn", "--target", "y", "--predictions", "-", "--quiet", "--max-delay", "0"], in: folder)
      let (input, output) = (Pipe(), Pipe())
      process.standardInput = input
      process.standardOutput = output
      try process.run()
      let lines = Lines(output.fileHandleForReading.fileDescriptor)
      let writer = input.fileHandleForWriting.fileDescriptor
      send("a,y\n", writer)
      for i in 0..<20 {
        send("\(i),\(Double(2 * i) + 0.5)\n", writer)
        #expect(lines.next() != nil, "no answer to event \(i)")
      }
      // A row that comes in two pieces is answered when it is whole.
      send("21,", writer)
      send("42.5\n", writer)
      #expect(lines.next() != nil)
      try input.fileHandleForWriting.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
    }
  }

  @Test func `a named pipe whose writers come late, leave and return`() throws {
    try Weir.inFolder { folder in
      let fifo = folder.appending(path: "events.fifo").path
      #expect(mkfifo(fifo, 0o600) == 0)
      let process = Weir.process(
        [
          "learn", "--follow", fifo, "--target", "y", "--predictions", "-", "--quiet",
          "--max-delay",
          "5", "--summary", "s.json",
        ], in: folder)
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      let lines = Lines(output.fileHandleForReading.fileDescriptor)
      usleep(100_000)
      var writer = open(fifo, O_WRONLY)
      send("a,y\n1,2.5\n2,4.5", writer)
      close(writer)
      // The unfinished last line of a writer that left is finished.
      #expect(lines.next() != nil && lines.next() != nil)
      usleep(100_000)
      writer = open(fifo, O_WRONLY)
      send("3,6.5\n", writer)
      #expect(lines.next() != nil)
      close(writer)
      process.terminate()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
      let summary = try String(contentsOf: folder.appending(path: "s.json"), encoding: .utf8)
      #expect(summary.contains("\"events\": 3,"))
      #expect(summary.contains("\"interrupted\": true"))
    }
  }

  @Test(arguments: [SIGINT, SIGTERM]) func `a signal drains the batch in hand and ends with 0`(
    number: Int32
  ) throws {
    try Weir.inFolder { folder in
      let process = Weir.process(
        [
          "learn", "--target", "y", "--max-delay", "60000", "--quiet", "--summary", "s.json",
          "--predictions", "p.txt",
        ], in: folder)
      let input = Pipe()
      process.standardInput = input
      try process.run()
      // Enough for the types to be known: the rest waits for company that never comes.
      let rows = (0..<130).map { "\($0),\(Double($0) / 2)\n" }.joined()
      send("a,y\n" + rows, input.fileHandleForWriting.fileDescriptor)
      Weir.waitUntilItHearsSignals(process)
      usleep(300_000)
      kill(process.processIdentifier, number)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
      let summary = try String(contentsOf: folder.appending(path: "s.json"), encoding: .utf8)
      #expect(summary.contains("\"learned\": 130,"))
      let predictions = try String(contentsOf: folder.appending(path: "p.txt"), encoding: .utf8)
      #expect(predictions.split(separator: "\n").count == 130)
    }
  }

  @Test func `a signal ends generating with a whole line, and the truth fits it`()
    throws
  {
    try Weir.inFolder { folder in
      let process = Weir.process(
        [
          "generate", "sea", "--rows", "1000000000", "--truth", "t.json", "--drift",
          "100=sea:concept=2", "--drift", "900000000=sea:concept=3",
        ], in: folder)
      let output = folder.appending(path: "out.csv")
      _ = FileManager.default.createFile(atPath: output.path, contents: nil)
      process.standardOutput = try FileHandle(forWritingTo: output)
      try process.run()
      Weir.waitUntilItHearsSignals(process)
      usleep(300_000)
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
      let text = try String(contentsOf: output, encoding: .utf8)
      let lines = text.split(separator: "\n")
      #expect(text.hasSuffix("\n") && lines.allSatisfy { $0.count { $0 == "," } == 3 })
      let truth = try String(contentsOf: folder.appending(path: "t.json"), encoding: .utf8)
      #expect(truth.contains("\"rows\":\(lines.count - 1),"), "\(truth)")
      #expect(truth.contains("concept=2") && !truth.contains("concept=3"))
    }
  }

  @Test(arguments: [
    ["alarms", "--detect", "adwin", "--stream", "errors", "--stream", "errors:rate=0.5"],
    ["delays", "--detect", "adwin", "--stream", "errors", "--to", "errors:rate=0.5"],
    ["reactions", "sea", "--rows", "1000000000", "--detect", "loss=adwin"],
  ]) func `a signal ends a study with the rows it has`(arguments: [String]) throws {
    try Weir.inFolder { folder in
      let size: [String] =
        switch arguments[0] {
        case "alarms": ["--events", "1000000000"]
        case "delays": ["--runs", "1000000000"]
        default: []
        }
      let process = Weir.process(["study"] + arguments + size, in: folder)
      let (output, error) = (Pipe(), Pipe())
      process.standardOutput = output
      process.standardError = error
      try process.run()
      Weir.waitUntilItHearsSignals(process)
      usleep(700_000)
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
      let text = String(
        decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(text.hasSuffix("\n"))
      // The one pass has all its configurations in hand, the others no row that is done.
      let rows = text.split(separator: "\n").count
      #expect(arguments[0] == "reactions" ? rows == 1 + 7 : rows == 1, "\(text)")
      let said = String(
        decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      #expect(said.contains("interrupted"), "\(said)")
    }
  }

  @Test func `a signal before the first event is no failure`() throws {
    try Weir.inFolder { folder in
      let process = Weir.process(["learn", "--target", "y"], in: folder)
      let input = Pipe()
      process.standardInput = input
      try process.run()
      Weir.waitUntilItHearsSignals(process)
      process.terminate()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
    }
  }

  @Test func `a prediction names the version that made it, whatever the batch`() throws {
    try Weir.inFolder { folder in
      let data = Golden.project.appending(path: "Datasets/bikes/hour.csv").path
      let recipe = Golden.project.appending(path: "Datasets/bikes/triggered.json").path
      var texts: [String] = []
      for batch in ["1", "256", "1000"] {
        let result = try Weir.run(
          [
            "learn", data, "--config", recipe, "--batch", batch, "--quiet", "--predictions",
            "\(batch).ndjson",
          ], in: folder)
        #expect(result.code == 0)
        texts.append(
          try String(contentsOf: folder.appending(path: "\(batch).ndjson"), encoding: .utf8))
      }
      #expect(texts[0] == texts[1] && texts[0] == texts[2])
      #expect(texts[0].contains("{\"event\":8644,\"version\":0,"))
      #expect(texts[0].contains("{\"event\":8645,\"version\":1,"))
    }
  }

  @Test func `a second signal ends at once`() throws {
    try Weir.inFolder { folder in
      // Nobody reads its output: it is blocked on a full pipe when the signals come.
      let process = Weir.process(["replay", "bikes"], in: folder)
      let output = Pipe()
      process.standardOutput = output
      try process.run()
      Weir.waitUntilItHearsSignals(process)
      usleep(200_000)
      kill(process.processIdentifier, SIGINT)
      usleep(50_000)
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
      #expect(process.terminationReason == .uncaughtSignal)
    }
  }

  @Test func `a reader of the output that leaves ends the run quietly`() throws {
    try Weir.inFolder { folder in
      let process = Weir.process(
        [
          "learn", Golden.project.appending(path: "Datasets/bikes/hour.csv").path, "--target",
          "cnt",
          "--predictions", "-", "--quiet",
        ], in: folder)
      let (output, error) = (Pipe(), Pipe())
      process.standardOutput = output
      process.standardError = error
      try process.run()
      _ = output.fileHandleForReading.availableData
      try output.fileHandleForReading.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
      #expect(error.fileHandleForReading.readDataToEndOfFile().isEmpty)
    }
  }

  @Test func `the same events in another format, cut another way, give the same predictions`()
    throws
  {
    try Weir.inFolder { folder in
      var random = SplitMix(seed: 15)
      var (csv, json) = ("a,b,y\n", "")
      for _ in 0..<700 {
        let (a, b) = (random.below(1000), ["u", "v", "w"][random.below(3)])
        let y = Double(a) / 7 + (b == "v" ? 3.25 : 0)
        csv += "\(a),\(b),\(y)\n"
        json += "{\"a\":\(a),\"b\":\"\(b)\",\"y\":\(y)}\n"
      }
      let arguments = ["learn", "--target", "y", "--predictions", "-", "--quiet"]
      let first = try Weir.run(arguments, input: Data(csv.utf8), in: folder)
      let second = try Weir.run(arguments + ["--batch", "1"], input: Data(json.utf8), in: folder)
      let third = try Weir.run(arguments + ["--batch", "999"], input: Data(csv.utf8), in: folder)
      #expect(first.code == 0 && first.out.split(separator: "\n").count == 700)
      #expect(first.out == second.out && first.out == third.out)
    }
  }

  @Test func `a written configuration runs the same run again`() throws {
    try Weir.inFolder { folder in
      let data = Golden.project.appending(path: "Datasets/bikes/hour.csv").path
      let recipe = Golden.project.appending(path: "Datasets/bikes/triggered.json").path
      let first = try Weir.run(
        [
          "learn", data, "--config", recipe, "--predictions", "-", "--write-config", "again.json",
          "--quiet", "--retrain-rows", "400",
        ], in: folder)
      let second = try Weir.run(["learn", data, "--config", "again.json"], in: folder)
      #expect(first.code == 0 && !first.out.isEmpty)
      #expect(first.out == second.out)
    }
  }
}
