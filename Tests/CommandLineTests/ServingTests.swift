import Foundation
import TestSupport
import Testing

/// Models that were kept, and what is done with them: predicted with, followed, made again, explained.
@Suite(.serialized) struct ServingTests {
  /// Two columns whose relation turns over at row 1,500 of 3,000, with a category.
  private static let rows: [String] = {
    var random = SplitMix(seed: 12)
    return (0..<3000).map { i in
      let (a, b) = (random.below(100), random.below(100))
      let word = ["red", "green", "blue"][random.below(3)]
      let y = (i < 1500 ? 3 * a - b : b - 2 * a) + (word == "red" ? 40 : 0) + random.below(5)
      return "e\(i),\(a),\(b),\(word),\(y)"
    }
  }()
  private static let header = "id,a,b,word,y"
  private static func text(_ rows: some Sequence<String>, header: String = header) -> Data {
    Data(([header] + rows).map { $0 + "\n" }.joined().utf8)
  }

  private static let options = [
    "--target", "y", "--id", "id", "--task", "regression", "--model",
    "linear:optimizer=implicit-sgd,rate=0.01",
  ]
  private static let triggered =
    options + [
      "--update", "triggered", "--warmup", "400", "--detect", "loss=adwin", "--retrain-rows", "200",
    ]

  private func lines(_ folder: URL, _ name: String) throws -> [Substring] {
    try String(contentsOf: folder.appending(path: name), encoding: .utf8).split(separator: "\n")
  }

  private func value(_ line: Substring) -> Substring? {
    line.firstMatch(of: #/"prediction":([-0-9.e]+)/#)?.1
  }

  @Test func `what a checkpoint predicts is what the run would have said next`() throws {
    try Weir.inFolder { folder in
      let all = ServingTests.rows
      try ServingTests.text(all.prefix(1000)).write(to: folder.appending(path: "first.csv"))
      try ServingTests.text(all.prefix(1010)).write(to: folder.appending(path: "more.csv"))
      try ServingTests.text(all[1000..<1010]).write(to: folder.appending(path: "next.csv"))
      // Columns in another order, one that nobody asked for, and no target.
      let other = all[1000..<1010].map { line in
        let f = line.split(separator: ",").map(String.init)
        return "\"\(f[3])\",\(f[2]),who,\(f[0]),\(f[1])"
      }
      try ServingTests.text(other, header: "word,b,extra,id,a").write(
        to: folder.appending(path: "other.csv"))
      let learned = try Weir.run(
        ["learn", "first.csv", "--checkpoint", "c", "-q"] + ServingTests.options, in: folder)
      #expect(learned.code == 0, "\(learned.error)")
      _ = try Weir.run(
        ["learn", "more.csv", "--predictions", "said.ndjson", "-q"] + ServingTests.options,
        in: folder)
      for input in ["next.csv", "other.csv"] {
        let result = try Weir.run(
          ["predict", input, "--from", "c", "--predictions", "p.ndjson"], in: folder)
        #expect(result.code == 0, "\(result.error)")
        let said = try lines(folder, "p.ndjson")
        #expect(said.count == 10)
        // Only the first one: the run learned it before it said the second.
        let next = value(try lines(folder, "said.ndjson")[1000]).flatMap { Double($0) } ?? .nan
        let now = value(said[0]).flatMap { Double($0) } ?? .nan
        // A batch is predicted as a product of matrices.
        #expect(abs(now - next) <= 1e-12 * abs(next), "\(now) \(next)")
        #expect(said[0].contains("\"id\":\"e1000\""))
      }
      let same = try Weir.run(["predict", "next.csv", "--from", "c", "-q"], in: folder)
      let turned = try Weir.run(["predict", "other.csv", "--from", "c", "-q"], in: folder)
      #expect(same.out == turned.out && !same.out.isEmpty)
      let few = try Weir.run(
        ["predict", "--from", "c"], input: Data("id,a,word\ne1,2,red\n".utf8), in: folder)
      #expect(few.code == 65 && few.error.contains("needs column 'b'"), "\(few.error)")
    }
  }

  @Test func `versions are made again to the byte, and predictions to the digit`() throws {
    try Weir.inFolder { folder in
      try ServingTests.text(ServingTests.rows).write(to: folder.appending(path: "in.csv"))
      for options in [
        ServingTests.triggered,
        ServingTests.options + ["--on-drift", "restart", "--detect", "loss=adwin"],
      ] {
        try? FileManager.default.removeItem(at: folder.appending(path: "reg"))
        let learned = try Weir.run(
          ["learn", "in.csv", "--registry", "reg", "--predictions", "p.ndjson", "-q"] + options,
          in: folder)
        #expect(learned.code == 0, "\(learned.error)")
        let list = try Weir.run(["models", "list", "reg"], in: folder)
        let versions = list.out.split(separator: "\n").count - 1
        #expect(versions >= 2, "\(list.out)")
        for version in 1...max(versions, 1) {
          let again = try Weir.run(["models", "rebuild", "reg", "\(version)"], in: folder)
          #expect(again.code == 0, "\(again.error)")
          #expect(again.out.contains("the same"), "\(again.out)")
        }
        for event in ["0", "399", "1777", "e2999"] {
          let result = try Weir.run(
            [
              "explain", "--from", "reg@champion",
              event.hasPrefix("e") ? "--prediction" : "--event", event,
              "--against", "p.ndjson",
            ],
            in: folder)
          #expect(result.code == 0, "\(result.error)")
          #expect(result.out.contains("\"asRecorded\": true"), "\(result.out)")
        }
      }
      // Another row on the way makes another model.
      var changed = ServingTests.rows
      changed[200] = "e200,1,2,green,900"
      try ServingTests.text(changed).write(to: folder.appending(path: "changed.csv"))
      let other = try Weir.run(
        ["models", "rebuild", "reg@champion", "--source", "changed.csv"], in: folder)
      #expect(other.code == 65 && other.error.contains("another one"), "\(other.error)")
      let said = try Weir.run(
        [
          "explain", "changed.csv", "--from", "reg@champion", "--event", "1200", "--against",
          "p.ndjson",
        ], in: folder)
      #expect(said.code == 65 && said.error.contains("other events"), "\(said.error)")
      let beyond = try Weir.run(
        ["explain", "--from", "reg@champion", "--event", "3000"], in: folder)
      #expect(beyond.code == 64 && beyond.error.contains("3000 events"), "\(beyond.error)")
    }
  }

  @Test func `versions are made again of runs that went on, had bad rows last, or labels late`()
    throws
  {
    try Weir.inFolder { folder in
      func rebuildAll(_ registry: String, _ source: String) throws {
        let list = try Weir.run(["models", "list", registry], in: folder)
        let versions = list.out.split(separator: "\n").count - 1
        #expect(versions >= 1, "\(list.out)\(list.error)")
        for version in 1...max(versions, 1) {
          let again = try Weir.run(
            ["models", "rebuild", registry, "\(version)", "--source", source], in: folder)
          #expect(again.code == 0, "\(registry) \(version): \(again.error)")
        }
      }
      let rows = ServingTests.rows
      // Going on, no batch ends at event 1,024, where features could change; made again, one does.
      for (part, count) in [1000, 1500].enumerated() {
        try ServingTests.text(rows.prefix(count)).write(to: folder.appending(path: "grown.csv"))
        let result = try Weir.run(
          ["learn", "grown.csv", "--registry", "went", "--checkpoint", "c", "--resume", "-q"]
            + ServingTests.options, in: folder)
        #expect(result.code == 0, "part \(part): \(result.error)")
      }
      try rebuildAll("went", "grown.csv")
      try ServingTests.text(rows.prefix(700) + ["e,bad", "worse"]).write(
        to: folder.appending(path: "bad.csv"))
      let bad = try Weir.run(
        ["learn", "bad.csv", "--registry", "bad", "-q"] + ServingTests.options, in: folder)
      #expect(bad.code == 0, "\(bad.error)")
      try rebuildAll("bad", "bad.csv")
      // Features now, labels 40 rows later.
      let late = (0..<840).flatMap { i -> [String] in
        let asked =
          i < 800 ? [rows[i].split(separator: ",").dropLast().joined(separator: ",") + ","] : []
        guard i >= 40 else { return asked }
        let answer = rows[i - 40].split(separator: ",")
        return asked + ["\(answer[0]),,,,\(answer[4])"]
      }
      try ServingTests.text(late).write(to: folder.appending(path: "late.csv"))
      let learned = try Weir.run(
        [
          "learn", "late.csv", "--late-labels", "--registry", "late", "-q", "--on-drift", "restart",
          "--detect", "loss=adwin:delta=0.3",
        ] + ServingTests.options, in: folder)
      #expect(learned.code == 0, "\(learned.error)")
      try rebuildAll("late", "late.csv")
    }
  }

  @Test func `a run that goes on after a crash adds no version twice`() throws {
    try Weir.inFolder { folder in
      try ServingTests.text(ServingTests.rows).write(to: folder.appending(path: "in.csv"))
      let arguments =
        [
          "learn", "in.csv", "--registry", "reg", "--checkpoint", "c", "--checkpoint-every", "300",
          "--resume", "-q",
        ] + ServingTests.triggered
      let whole = try Weir.run(arguments, in: folder)
      #expect(whole.code == 0, "\(whole.error)")
      // The run's name and the moment are its own, and so is how far its columns had been read by then.
      func account() throws -> String {
        let list = try Weir.run(["models", "list", "reg", "--json"], in: folder)
        return list.out.replacing(#/"(created|key|sha256)":"[^"]*"|"bytes":\d+/#, with: "")
      }
      let want = try account()
      var random = SplitMix(seed: 3)
      for name in ["reg", "c"] {
        try FileManager.default.removeItem(at: folder.appending(path: name))
      }
      for _ in 0..<6 {
        let process = Weir.process(arguments, in: folder)
        process.standardError = FileHandle.nullDevice
        try process.run()
        usleep(UInt32(1000 * random.below(250)))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
      }
      #expect(try Weir.run(arguments, in: folder).code == 0)
      #expect(try account() == want)
      let verified = try Weir.run(["models", "verify", "reg"], in: folder)
      #expect(verified.code == 0, "\(verified.out)")
    }
  }

  @Test func `whoever starts while others write waits for them`() throws {
    try Weir.inFolder { folder in
      try ServingTests.text(ServingTests.rows.prefix(500)).write(
        to: folder.appending(path: "in.csv"))
      for _ in 0..<2 {
        let learned = try Weir.run(
          ["learn", "in.csv", "--registry", "reg", "-q"] + ServingTests.options, in: folder)
        #expect(learned.code == 0, "\(learned.error)")
      }
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/sh")
      shell.currentDirectoryURL = folder
      shell.arguments = [
        "-c",
        "while [ ! -e stop ]; do \(Weir.path) models promote reg 1; "
          + "\(Weir.path) models promote reg 2; done",
      ]
      shell.standardOutput = FileHandle.nullDevice
      try shell.run()
      for _ in 0..<15 {
        let result = try Weir.run(["predict", "in.csv", "--from", "reg@champion"], in: folder)
        #expect(result.code == 0, "\(result.error)")
      }
      try Data().write(to: folder.appending(path: "stop"))
      shell.waitUntilExit()
    }
  }

  /// One process promotes back and forth while another predicts: each answer is that of the version it names.
  @Test func `an alias is followed as it moves, and no answer is of half a model`() throws {
    let seconds = Double(ProcessInfo.processInfo.environment["WEIR_SECONDS"] ?? "") ?? 2
    try Weir.inFolder { folder in
      try ServingTests.text(ServingTests.rows).write(to: folder.appending(path: "in.csv"))
      let learned = try Weir.run(
        ["learn", "in.csv", "--registry", "reg", "-q"] + ServingTests.triggered, in: folder)
      #expect(learned.code == 0, "\(learned.error)")
      let event = ServingTests.rows[2000]
      let versions = ["1", "2"]
      var right: [String: String] = [:]
      for version in versions {
        let result = try Weir.run(
          ["predict", "--from", "reg@\(version)", "--predictions", "p.ndjson", "-q"],
          input: ServingTests.text([event]), in: folder)
        #expect(result.code == 0, "\(result.error)")
        right[version] = value(try lines(folder, "p.ndjson")[0]).map(String.init)
      }
      #expect(right["1"] != right["2"])
      let process = Weir.process(
        ["predict", "--from", "reg@champion", "--predictions", "out.ndjson", "--max-delay", "0"],
        in: folder)
      let input = Pipe()
      process.standardInput = input
      process.standardError = FileHandle.nullDevice
      try process.run()
      let writer = input.fileHandleForWriting
      try writer.write(contentsOf: Data((ServingTests.header + "\n").utf8))
      let end = Date().addingTimeInterval(seconds)
      var moves = 0
      while Date() < end {
        let moved = try Weir.run(
          ["models", "promote", "reg", versions[moves % 2], "--why", "a test"], in: folder)
        #expect(moved.code == 0, "\(moved.error)")
        moves += 1
        for _ in 0..<50 {
          try writer.write(contentsOf: Data((event + "\n").utf8))
          usleep(200)
        }
      }
      // What comes after the last move is of the version that it was to.
      usleep(400_000)
      try writer.write(contentsOf: Data((event + "\n").utf8))
      try writer.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let answers = try lines(folder, "out.ndjson")
      #expect(answers.count == 50 * moves + 1)
      var served: Set<String> = []
      for answer in answers {
        let version = answer.firstMatch(of: #/"version":(\d+)/#).map { String($0.1) } ?? ""
        served.insert(version)
        let said = value(answer).map(String.init)
        // Before the first move it may have been the run's last version.
        if let want = right[version] { #expect(said == want, "version \(version)") }
      }
      #expect(served.isSuperset(of: versions), "\(served)")
      let last = versions[(moves - 1) % 2]
      #expect(answers.last?.contains("\"version\":\(last),") == true, "\(answers.last ?? "")")
    }
  }
}
