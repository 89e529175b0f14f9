import Foundation
import TestSupport
import Testing

/// Runs that are killed and go on: what they leave behind is what a run leaves that was never stopped.
@Suite(.serialized) struct ResumeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let arguments: [String]
    /// Makes the input of a CSV of bikes.
    var convert: @Sendable ([String]) -> String = { $0.joined(separator: "\n") + "\n" }
    /// Makes a second input, of labels.
    var labels: (@Sendable ([String]) -> String)?
    var testDescription: String { name }
  }

  /// Rows without their labels, and labels behind them by 5 to 27 rows; every eleventh never comes.
  @Sendable private static func late(_ lines: [String]) -> (rows: [String], labels: [(Int, String)])
  {
    var (rows, labels): ([String], [(Int, String)]) = ([lines[0]], [])
    for (row, line) in lines.dropFirst().enumerated() {
      let values = line.split(separator: ",", omittingEmptySubsequences: false)
      rows.append(values.dropLast(3).joined(separator: ",") + ",,,")
      if row % 11 < 10 { labels.append((row + 5 + row * 7 % 23, "\(values[0])|\(values[16])")) }
    }
    return (rows, labels.sorted { $0.0 < $1.0 })
  }

  private static let bikes = [
    "--target", "cnt", "--task", "regression", "--time", "dteday,hr", "--ignore",
    "instant,casual,registered",
  ]

  static let cases: [Case] = [
    Case(
      name: "features made of the past",
      arguments: bikes + [
        "--lag", "cnt=1,24,48h", "--mean", "cnt=hr*workingday", "--category",
        "hr,weathersit,season",
        "--cross", "hr*workingday", "--lag", "weathersit=1", "--missing", "temp=last",
        "--score-every", "50",
      ]),
    Case(
      name: "scores by groups, labels late",
      arguments: bikes + [
        "--label-delay", "9", "--category", "season,hr", "--group", "hr", "--group",
        "temp=0.2,0.3", "--group-rows", "20", "--group-every", "130", "--group-limit", "12",
      ]),
    Case(name: "a recipe of its own", arguments: bikes + ["--auto", "--model", "mixture"]),
    Case(
      name: "refitted when something moves",
      arguments: bikes + [
        "--update", "triggered", "--warmup", "300", "--detect", "loss=adwin:delta=0.1",
        "--detect", "temp=page-hinkley", "--trial", "100", "--retrain-rows", "100",
      ]),
    Case(
      name: "labels late, intervals, one budget",
      arguments: bikes + [
        "--label-delay", "24", "--interval", "0.9", "--detect", "each=bcs", "--detect", "loss=bcs",
        "--alarm-budget", "1000", "--lag", "cnt=1", "--on-drift", "restart", "--score-every",
        "auto",
      ]),
    Case(
      name: "labels by id, out of order",
      arguments: [
        "--target", "cnt", "--task", "regression", "--time", "dteday,hr", "--ignore",
        "casual,registered", "--late-labels", "--id", "instant", "--ttl", "25", "--wait-rows", "40",
        "--lag", "cnt=1,3h", "--mean", "cnt=hr", "--model", "mixture", "--detect",
        "loss=page-hinkley:threshold=100", "--on-drift", "restart", "--score-every", "37",
      ],
      convert: { lines in
        var (rows, labels) = late(lines)
        var (text, next) = (rows.removeFirst() + "\n", 0)
        for (row, line) in rows.enumerated() {
          text += line + "\n"
          while next < labels.count, labels[next].0 <= row {
            let parts = labels[next].1.split(separator: "|")
            text += parts[0] + String(repeating: ",", count: 16) + parts[1] + "\n"
            next += 1
          }
        }
        return text
      }),
    Case(
      name: "labels by a second file",
      arguments: [
        "--target", "cnt", "--task", "regression", "--time", "dteday,hr", "--labels", "labels",
        "--arrival", "n", "--id", "instant", "--lag", "cnt=2", "--model", "rls",
      ],
      convert: { lines in
        lines.map { line in
          line.split(separator: ",", omittingEmptySubsequences: false).dropLast(3)
            .joined(separator: ",") + "\n"
        }.joined()
      },
      labels: { lines in
        "instant,n,cnt\n"
          + late(lines).labels.map { at, label in
            let parts = label.split(separator: "|")
            return "\(parts[0]),\(at + 1),\(parts[1])\n"
          }.joined()
      }),
    Case(
      name: "objects, some of them bad",
      arguments: bikes + ["--bad-rows", "quarantine=bad", "--id", "instant"],
      convert: { lines in
        let names = lines[0].split(separator: ",")
        let rows = lines.dropFirst().enumerated().map { number, line in
          if number % 97 == 96 { return "{\"cnt\": oops" }
          let values = line.split(separator: ",", omittingEmptySubsequences: false)
          let members = zip(names, values).map { name, value in
            name == "dteday" ? "\"\(name)\":\"\(value)\"" : "\"\(name)\":\(value)"
          }
          return "{" + members.joined(separator: ",") + "}"
        }
        return rows.joined(separator: "\n") + "\n"
      }),
    Case(
      name: "watched, with faults in it",
      arguments: bikes + [
        "--monitor", "--reference-rows", "256", "--group", "weathersit", "--estimate",
        "--estimate-every", "100", "--score-every", "auto", "--category", "weathersit",
      ],
      convert: { lines in
        let rows = lines.dropFirst().enumerated().map { number, line in
          var values = line.split(separator: ",", omittingEmptySubsequences: false)
            .map(String.init)
          // Percent for shares from one row on, holes from another, and records that are none.
          if number > 400 { values[12] = "\(100 * (Double(values[12]) ?? 0))" }
          if number > 600, number % 3 == 0 { values[13] = "" }
          if number > 800, number % 5 == 0 { values.removeLast() }
          return values.joined(separator: ",")
        }
        return ([lines[0]] + rows).joined(separator: "\n") + "\n"
      }),
    Case(
      name: "words of VW", arguments: ["--detect", "features=mmd"],
      convert: { lines in
        let rows = lines.dropFirst().map { line in
          let values = line.split(separator: ",", omittingEmptySubsequences: false)
          return
            "\(values.last ?? "") |n temp:\(values[10]) hum:\(values[12]) |c h\(values[5]) d\(values[7]) \(values[1])"
        }
        return rows.joined(separator: "\n") + "\n"
      }),
  ]

  /// The outputs of a run that must not differ, without what depends on a clock or on memory at hand.
  private func outcome(_ folder: URL) throws -> [String: String] {
    var found: [String: String] = [:]
    for name in ["predictions.ndjson", "losses", "journal", "bad"] {
      found[name] = try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
    let summary = try String(contentsOf: folder.appending(path: "summary"), encoding: .utf8)
    found["summary"] = summary.split(separator: "\n").filter { line in
      !["\"seconds\"", "\"eventsPerSecond\"", "\"memoryBytes\""].contains { line.contains($0) }
    }.joined(separator: "\n")
    return found
  }

  private static let outputs = [
    "--predictions", "predictions.ndjson", "--losses", "losses", "--journal", "journal",
    "--summary", "summary", "--checkpoint", "state", "--checkpoint-every", "100", "--resume",
    "--quiet",
  ]

  private static func lines(_ rows: Int) throws -> [String] {
    let path = Golden.project.appending(path: "Datasets/bikes/hour.csv")
    let text = try String(contentsOf: path, encoding: .utf8)
    return text.split(whereSeparator: \.isNewline).prefix(rows + 1).map {
      $0.trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  /// Starts a run, shows it so many bytes through a pipe or as a file, and kills it some time after.
  private func startAndKill(
    _ arguments: [String], _ input: Data, cut: Int, isPipe: Bool, milliseconds: Int, _ folder: URL
  ) throws {
    let process = Weir.process(["learn"] + (isPipe ? [] : ["input"]) + arguments, in: folder)
    let pipe = Pipe()
    process.standardInput = isPipe ? pipe : FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    if isPipe {
      _ = fcntl(pipe.fileHandleForWriting.fileDescriptor, F_SETFL, O_NONBLOCK)
      var sent = 0
      let deadline = Date().addingTimeInterval(10)
      while sent < cut, process.isRunning, Date() < deadline {
        let some = input.withUnsafeBytes { bytes in
          write(
            pipe.fileHandleForWriting.fileDescriptor, bytes.baseAddress.map { $0 + sent },
            min(cut - sent, 1 << 14))
        }
        if some > 0 { sent += some } else { usleep(500) }
      }
    }
    usleep(UInt32(milliseconds * 1000))
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  @Test(arguments: cases) func `a run that is killed and goes on leaves what it would have left`(
    item: Case
  ) throws {
    let cuts = Int(ProcessInfo.processInfo.environment["WEIR_CUTS"] ?? "") ?? 5
    let seed = UInt64(ProcessInfo.processInfo.environment["WEIR_SEED"] ?? "") ?? 7
    let lines = try ResumeTests.lines(1000)
    let input = Data(item.convert(lines).utf8)
    let arguments = item.arguments + ResumeTests.outputs
    try Weir.inFolder { folder in
      try input.write(to: folder.appending(path: "input"))
      if let labels = item.labels {
        try Data(labels(lines).utf8).write(to: folder.appending(path: "labels"))
      }
      let result = try Weir.run(["learn", "input"] + arguments, in: folder)
      #expect(result.code == 0, "\(result.error)")
      let whole = try outcome(folder)
      #expect((whole["predictions.ndjson"] ?? "").count { $0 == "\n" } > 900)
      var random = SplitMix(seed: seed)
      var left = cuts
      while left > 0 {
        for name in whole.keys.map({ $0 }) + ["state", "state.new"] {
          try? FileManager.default.removeItem(at: folder.appending(path: name))
        }
        let isPipe = random.below(2) == 0
        // Some of them one after another on the way.
        let some = min(left, 1 + random.below(3))
        for _ in 0..<some {
          try startAndKill(
            arguments, input, cut: random.below(input.count), isPipe: isPipe,
            milliseconds: random.below(isPipe ? 40 : 250), folder)
        }
        left -= some
        let end =
          isPipe
          ? try Weir.run(["learn"] + arguments, input: input, in: folder)
          : try Weir.run(["learn", "input"] + arguments, in: folder)
        #expect(end.code == 0, "\(end.error)")
        let now = try outcome(folder)
        for (name, text) in whole {
          #expect(now[name] == text, "\(name), seed \(seed), \(left) cuts before the end")
        }
      }
    }
  }

  @Test func `what comes again after a crash is passed over by its sequence`() throws {
    try Weir.inFolder { folder in
      let rows = (0..<600).map { "\($0),\($0 % 7),\(3 * ($0 % 7) + $0 % 2)" }
      let options = [
        "learn", "--target", "y", "--sequence", "n", "--predictions", "p", "--summary", "s",
        "--checkpoint", "c", "--checkpoint-every", "100", "--resume", "--quiet",
      ]
      let whole = try Weir.run(
        options, input: Data(("n,x,y\n" + rows.joined(separator: "\n") + "\n").utf8), in: folder)
      #expect(whole.code == 0, "\(whole.error)")
      let want = try String(contentsOf: folder.appending(path: "p"), encoding: .utf8)
      for name in ["p", "c", "s"] {
        try FileManager.default.removeItem(at: folder.appending(path: name))
      }
      // Each time the producer begins some rows before the last one that it knows to be taken.
      for (from, to) in [(0, 250), (180, 251), (251, 251), (200, 430), (429, 600)] {
        let text = "n,x,y\n" + rows[from..<to].map { $0 + "\n" }.joined()
        let result = try Weir.run(options, input: Data(text.utf8), in: folder)
        #expect(result.code == 0, "\(result.error)")
      }
      #expect(try String(contentsOf: folder.appending(path: "p"), encoding: .utf8) == want)
      let summary = try String(contentsOf: folder.appending(path: "s"), encoding: .utf8)
      #expect(summary.contains("\"events\": 600"))
      #expect(summary.contains("\"passedOver\": 122"), "\(summary)")
    }
  }

  @Test func `a producer that sends again what it likes is told by its numbers`() throws {
    try Weir.inFolder { folder in
      let rows = (0..<3000).map { "\($0),\($0 % 7),\(3 * ($0 % 7) + $0 % 2)\n" }
      let options = [
        "learn", "--target", "y", "--sequence", "n", "--checkpoint", "c", "--resume", "--summary",
        "s",
      ]
      // It begins as before each time, and leaves out other rows.
      for skipped in [0..<0, 600..<2000, 700..<710] {
        let process = Weir.process(options, in: folder)
        let input = Pipe()
        process.standardInput = input
        process.standardError = FileHandle.nullDevice
        try process.run()
        let sent = rows.indices.filter { !skipped.contains($0) }.map { rows[$0] }.joined()
        try input.fileHandleForWriting.write(contentsOf: Data(("n,x,y\n" + sent).utf8))
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
      }
      let summary = try String(contentsOf: folder.appending(path: "s"), encoding: .utf8)
      #expect(summary.contains("\"events\": 3000"), "\(summary)")
    }
  }

  @Test func `a checkpoint that is no good is refused, and says what to do`() throws {
    try Weir.inFolder { folder in
      let rows = (0..<300).map { "\($0 % 7),\(3 * ($0 % 7))\n" }.joined()
      let input = Data(("x,y\n" + rows).utf8)
      let state = folder.appending(path: "c")
      let options = ["learn", "--target", "y", "--checkpoint", "c", "--quiet"]
      #expect(try Weir.run(options, input: input, in: folder).code == 0)
      let good = try Data(contentsOf: state)
      func expect(_ bytes: Data, _ text: String) throws {
        try bytes.write(to: state)
        let result = try Weir.run(options + ["--resume"], input: input, in: folder)
        #expect(result.code == 65, "\(result.error)")
        #expect(result.error.contains(text), "\(result.error)")
        // It is left as it is.
        #expect(try Data(contentsOf: state) == bytes)
      }
      try expect(good.prefix(good.count / 2), "use an earlier snapshot")
      var flipped = good
      flipped[good.count / 3] ^= 4
      try expect(flipped, "damaged")
      try expect(Data("id,x\n1,2\nand so on and on\n".utf8), "not a Weir snapshot")
      var newer = good
      newer[4] = 7
      try expect(newer, "use the newer weir")
    }
  }

  @Test func `an input that was changed is refused, a new one is learned after the old`() throws {
    try Weir.inFolder { folder in
      func text(_ range: Range<Int>) -> String {
        range.map { "\($0 % 7),\(3 * ($0 % 7)) \n" }.joined()
      }
      let options = ["learn", "--target", "y", "--checkpoint", "c", "--resume", "--summary", "s"]
      let first = "x,y\n" + text(0..<800)
      #expect(try Weir.run(options, input: Data(first.utf8), in: folder).code == 0)
      // The same, and more.
      let more = try Weir.run(options, input: Data((first + text(800..<900)).utf8), in: folder)
      #expect(more.error.contains("going on after 800 events; the input begins as before"))
      #expect(more.error.contains("900 events"), "\(more.error)")
      // What follows, with the header and without.
      for (input, events) in [("x,y\n" + text(1..<101), 1000), (text(2..<102), 1100)] {
        let next = try Weir.run(options, input: Data(input.utf8), in: folder)
        #expect(next.error.contains("the input is a new one"), "\(next.error)")
        #expect(next.error.contains("\(events) events"), "\(next.error)")
      }
      let long = "x,y\n" + text(0..<2000)
      try? FileManager.default.removeItem(at: folder.appending(path: "c"))
      #expect(try Weir.run(options, input: Data(long.utf8), in: folder).code == 0)
      // The same beginning, but shorter, or with other lines.
      let short = try Weir.run(options, input: Data(long.utf8.prefix(6000)), in: folder)
      #expect(short.code == 65 && short.error.contains("it ends at byte"), "\(short.error)")
      let other = long.prefix(6000) + "1,2\n" + long.dropFirst(6000)
      let changed = try Weir.run(options, input: Data(other.utf8), in: folder)
      #expect(
        changed.code == 65 && changed.error.contains("is not that any more"), "\(changed.error)")
      let columns = try Weir.run(options, input: Data("y,x\n1,2\n".utf8), in: folder)
      #expect(columns.code == 65 && columns.error.contains("another one"), "\(columns.error)")
      let wish = try Weir.run(options + ["--model", "rls"], input: Data(long.utf8), in: folder)
      #expect(wish.code == 64, "\(wish.error)")
      #expect(
        wish.error.contains("--model is [\"rls\"], but when the checkpoint was made it was not"))
      // What changes no result may be otherwise.
      let free = try Weir.run(
        options + ["--batch", "7", "--threads", "1"], input: Data((long + text(0..<5)).utf8),
        in: folder)
      #expect(free.error.contains("2005 events"), "\(free.error)")
    }
  }
}
