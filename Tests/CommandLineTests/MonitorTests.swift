import Foundation
import Glibc
import TestSupport
import Testing

/// `weir profile`, `weir monitor`, and what learning and predicting say of their input.
@Suite struct MonitorTests {
  /// Hourly rows of a temperature, a colour and what follows from them; `unit` changes what is written of the first.
  private func rows(_ count: Int, seed: UInt64, unit: (Double) -> Double = { $0 }) -> Data {
    var random = SplitMix(seed: seed)
    var text = "hour,temp,colour,y\n"
    for hour in 0..<count {
      let temp = 15 + 6 * random.normal()
      let colour = ["red", "green", "blue"][random.below(3)]
      text += "\(hour * 3600),\((unit(temp) * 100).rounded() / 100),\(colour),"
      text += "\(((2 * temp + random.normal()) * 10).rounded() / 10)\n"
    }
    return Data(text.utf8)
  }

  private static let roles = ["--target", "y", "--time", "hour"]

  @Test func `a profile is kept, compared, and what differs is named by an exit code`() throws {
    try Weir.inFolder { folder in
      let trained = try Weir.run(
        ["profile", "--json"] + MonitorTests.roles, input: rows(3_000, seed: 1), in: folder)
      #expect(trained.code == 0, "\(trained.error)")
      try Data(trained.out.utf8).write(to: folder.appending(path: "p.json"))
      let page = try Weir.run(
        ["profile"] + MonitorTests.roles, input: rows(3_000, seed: 1), in: folder)
      #expect(page.out.hasPrefix("3000 rows, 0 refused\n") && page.out.contains("colour"))
      let arguments = ["monitor", "--reference", "p.json"] + MonitorTests.roles
      let same = try Weir.run(arguments, input: rows(2_000, seed: 2), in: folder)
      #expect(same.code == 0 && same.out.isEmpty, "\(same.out)\(same.error)")
      #expect(same.error.contains("health: ok"))
      let other = rows(300, seed: 3) { $0 * 1.8 + 32 }
      let broken = try Weir.run(
        arguments + ["--journal", "j", "--summary", "s"], input: other, in: folder)
      #expect(broken.code == 1)
      #expect(broken.out.contains("as before once °C to °F is taken back"))
      #expect(broken.error.contains("health: data-broken at event"))
      let journal = try String(contentsOf: folder.appending(path: "j"), encoding: .utf8)
      #expect(journal.contains(#""kind":"check","check":"range""#))
      #expect(journal.contains(#""kind":"health","state":"data-broken""#))
      let against = try Weir.run(
        ["profile", "--against", "p.json"] + MonitorTests.roles, input: other, in: folder)
      let lines = against.out.split(separator: "\n")
      #expect(lines.contains { $0.hasPrefix("temp") } && lines[2].hasPrefix("temp"))
      let only = try Weir.run(
        arguments + ["--only", "--check", "missing"], input: other, in: folder)
      #expect(only.code == 0)
    }
  }

  @Test func `a version carries its profile, and predicting says at once what is served otherwise`()
    throws
  {
    try Weir.inFolder { folder in
      let learned = try Weir.run(
        ["learn", "--registry", "m", "-q"] + MonitorTests.roles, input: rows(3_000, seed: 1),
        in: folder)
      #expect(learned.code == 0, "\(learned.error)")
      let page = try Weir.run(["models", "show", "m@champion"], in: folder)
      #expect(page.out.contains("the data that it was shown: 3000 rows"))
      let arguments = ["predict", "--from", "m@champion", "--summary", "s", "--predictions", "p"]
      let same = try Weir.run(arguments, input: rows(1_000, seed: 2), in: folder)
      #expect(same.code == 0 && !same.error.contains("check:"), "\(same.error)")
      let other = rows(300, seed: 3) { $0 * 1.8 + 32 }
      let served = try Weir.run(arguments + ["--journal", "j"], input: other, in: folder)
      #expect(served.error.contains("°C to °F") && served.error.contains("health: data-broken"))
      let summary = try String(contentsOf: folder.appending(path: "s"), encoding: .utf8)
      #expect(summary.contains(#""state": "data-broken""#))
      let unwatched = try Weir.run(arguments + ["--unwatched"], input: other, in: folder)
      #expect(!unwatched.error.contains("check:"))
      let watched = try Weir.run(
        ["monitor", "--reference", "m@champion", "-q"], input: other, in: folder)
      #expect(watched.code == 1)
    }
  }

  @Test func `a run that is cut in two finds what one run finds`() throws {
    try Weir.inFolder { folder in
      var text = String(decoding: rows(4_000, seed: 4), as: UTF8.self)
        .split(separator: "\n").map(String.init)
      for line in 2_500..<text.count {
        var fields = text[line].split(separator: ",", omittingEmptySubsequences: false)
        if line < 3_200 { fields[1] = line % 2 == 0 ? "" : "x" }
        if line > 3_300 { fields[2] = "violet" }
        text[line] = fields.joined(separator: ",")
      }
      let learn = ["learn", "--monitor", "--reference-rows", "1000", "-q"] + MonitorTests.roles
      let all = Data((text.joined(separator: "\n") + "\n").utf8)
      let whole = try Weir.run(
        learn + ["--journal", "whole", "--summary", "ws"], input: all, in: folder)
      #expect(whole.code == 0, "\(whole.error)")
      let part = Data((text[..<2_900].joined(separator: "\n") + "\n").utf8)
      let going = learn + ["--journal", "parts", "--summary", "s", "--checkpoint", "c"]
      #expect(try Weir.run(going, input: part, in: folder).code == 0)
      let rest = try Weir.run(
        going + ["--resume", "--batch", "17"], input: all, in: folder)
      #expect(rest.code == 0, "\(rest.error)")
      func findings(_ name: String) throws -> [Substring] {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
          .split(separator: "\n").filter { $0.contains(#""kind":"check""#) }
      }
      let found = try findings("whole")
      #expect(found.contains { $0.contains("not-a-number") })
      #expect(found.contains { $0.contains("unseen-category") })
      #expect(try findings("parts") == found)
      let followed = try Weir.run(["monitor", "whole"], in: folder)
      #expect(followed.code == 1 && followed.out.contains("health: data-broken"))
    }
  }

  @Test func `a check has the model fitted anew, and what that bought is told`() throws {
    try Weir.inFolder { folder in
      let broken = rows(1_500, seed: 8) { $0 * 1.8 + 32 }.split(separator: UInt8(ascii: "\n"))
      let input = rows(2_000, seed: 7) + Data(broken.dropFirst().flatMap { $0 + [0x0A] })
      let run = try Weir.run(
        [
          "learn", "--target", "y", "--ignore", "hour", "--model", "linear:rate=0.01", "--update",
          "triggered", "--warmup", "1000", "--on-drift", "retrain",
          // No detector that would speak first.
          "--detect", "loss=cusum:threshold=1000000000", "--check", "range:action=retrain",
          "--journal", "j", "-q",
        ], input: input, in: folder)
      #expect(run.code == 0, "\(run.error)")
      let journal = try String(contentsOf: folder.appending(path: "j"), encoding: .utf8)
      let lines = journal.split(separator: "\n")
      let fits = lines.filter { $0.contains(#""kind":"retrain""#) }
      #expect(fits.count == 2 && fits[0].contains(#""reason":"warm-up""#), "\(fits)")
      #expect(fits.last?.contains(#""reason":"check range of temp at event 2048""#) == true)
      let kept = lines.filter { $0.contains(#""kind":"kept""#) }
      #expect(kept.count == 1 && kept[0].contains("check range of temp"), "\(kept)")
    }
  }

  @Test func `what never changes is no skew, and a column that is gone stays gone`() throws {
    try Weir.inFolder { folder in
      var text = "a,b,c,d,e,f,x\n"
      for row in 0..<4_000 { text += "w,w,w,w,w,w,\(row % 10)\n" }
      let same = try Weir.run(["monitor"], input: Data(text.utf8), in: folder)
      #expect(same.code == 0 && same.out.isEmpty, "\(same.out)")
      let profile = try Weir.run(["profile", "--json"], input: Data(text.utf8), in: folder)
      try Data(profile.out.utf8).write(to: folder.appending(path: "p.json"))
      let fewer = "a,x\n" + (0..<5_000).map { "w,\($0 % 10)\n" }.joined()
      let gone = try Weir.run(
        ["monitor", "--reference", "p.json", "--last"], input: Data(fewer.utf8), in: folder)
      #expect(gone.code == 1 && gone.out.contains("column b is no longer there"), "\(gone.out)")
      #expect(!gone.error.contains("health: ok"), "\(gone.error)")
    }
  }

  @Test func `where nothing could be compared that is said`() throws {
    try Weir.inFolder { folder in
      let few = try Weir.run(["monitor"], input: rows(100, seed: 1), in: folder)
      #expect(few.code == 0 && few.error.contains("nothing was compared: the first 1000 events"))
      let bad = try Weir.run(
        ["monitor"], input: Data("a,b\n\(String(repeating: "1,2,3\n", count: 300))".utf8),
        in: folder)
      #expect(bad.code == 1 && bad.error.contains("every record was refused"), "\(bad.error)")
      let none = try Weir.run(["monitor", "--only"], input: rows(10, seed: 1), in: folder)
      #expect(none.code == 64 && none.error.contains("name one"))
      let score = try Weir.run(
        ["monitor", "--check", "metric:when=mae>6"], input: rows(10, seed: 1), in: folder)
      #expect(score.code == 64 && score.error.contains("no model"))
      let unknown = try Weir.run(
        ["learn", "--check", "metric:when=mea>6"] + MonitorTests.roles, input: rows(500, seed: 1),
        in: folder)
      #expect(unknown.code == 64 && unknown.error.contains("mae"), "\(unknown.error)")
    }
  }

  @Test func `no file is read and written at once, or written twice`() throws {
    try Weir.inFolder { folder in
      let file = folder.appending(path: "in.csv")
      try rows(50, seed: 1).write(to: file)
      let before = try Data(contentsOf: file)
      for arguments in [
        ["monitor", "in.csv", "--journal", "in.csv"],
        ["learn", "in.csv", "--target", "y", "--predictions", "./in.csv"],
        ["learn", "in.csv", "--target", "y", "--write-config", "in.csv"],
        ["inject", "shift:column=temp,by=1@5", "--source", "in.csv", "--truth", "in.csv"],
        ["learn", "in.csv", "--target", "y", "--journal", "one", "--summary", "one"],
      ] {
        let run = try Weir.run(arguments, in: folder)
        let isSaid =
          run.error.contains("is what is read") || run.error.contains("is written by --journal")
        #expect(run.code == 64 && isSaid, "\(arguments): \(run.error)")
        #expect(try Data(contentsOf: file) == before, "\(arguments)")
      }
      let told = try Weir.run(
        ["learn", "in.csv", "--target", "y", "--journal", "run.jsonl", "-q"], in: folder)
      #expect(told.code == 0, "\(told.error)")
      let report = try Weir.run(["report", "run.jsonl", "-o", "run.jsonl"], in: folder)
      #expect(report.code == 64 && report.error.contains("is what is read"), "\(report.error)")
    }
  }

  @Test func `a stream that stops is silent`() throws {
    try Weir.inFolder { folder in
      let process = Weir.process(
        ["monitor", "--silence", "300ms", "--last"] + MonitorTests.roles, in: folder)
      let pipe = Pipe()
      let errors = Pipe()
      process.standardInput = pipe
      process.standardOutput = FileHandle.nullDevice
      process.standardError = errors
      try process.run()
      try pipe.fileHandleForWriting.write(contentsOf: rows(200, seed: 5))
      // Until it has said so, however long that takes.
      var said = ""
      while !said.contains("silent") {
        let piece = errors.fileHandleForReading.availableData
        guard !piece.isEmpty else { break }
        said += String(decoding: piece, as: UTF8.self)
      }
      #expect(said.contains("health: silent at event"))
      process.terminate()
      process.waitUntilExit()
      #expect(process.terminationStatus == 5)
    }
  }

  @Test func `a stream that stops while it is learned is silent, and is well when it goes on`()
    throws
  {
    try Weir.inFolder { folder in
      let process = Weir.process(
        ["learn", "--monitor", "--silence", "300ms", "--journal", "j"] + MonitorTests.roles,
        in: folder)
      let (pipe, errors) = (Pipe(), Pipe())
      process.standardInput = pipe
      process.standardError = errors
      try process.run()
      let all = rows(600, seed: 5).split(
        separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      func lines(_ range: Range<Int>) -> Data { Data(all[range].flatMap { $0 + [0x0A] }) }
      var said = ""
      func wait(for text: String) {
        while !said.contains(text) {
          let piece = errors.fileHandleForReading.availableData
          guard !piece.isEmpty else { return }
          said += String(decoding: piece, as: UTF8.self)
        }
      }
      try pipe.fileHandleForWriting.write(contentsOf: lines(0..<401))
      wait(for: "health: silent at event 400: no event came for 300ms")
      try pipe.fileHandleForWriting.write(contentsOf: lines(401..<601))
      wait(for: "health: ok")
      try pipe.fileHandleForWriting.close()
      while !errors.fileHandleForReading.availableData.isEmpty {}
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let journal = try String(contentsOf: folder.appending(path: "j"), encoding: .utf8)
      let health = journal.split(separator: "\n").filter { $0.contains(#""kind":"health""#) }
      #expect(health.count == 2 && health[0].contains("silent") && health[1].contains("ok"))
      #expect(journal.contains(#"{"event":600,"kind":"end""#))
      let refused = try Weir.run(["learn", "--silence", "1s"] + MonitorTests.roles, in: folder)
      #expect(refused.code == 64 && refused.error.contains("need --monitor"))
    }
  }

  @Test
  func `what one writer of a pipe leaves without an end is not glued to the next one's first line`()
    throws
  {
    try Weir.inFolder { folder in
      let path = folder.appending(path: "pipe").path
      #expect(mkfifo(path, 0o600) == 0)
      let process = Weir.process(
        ["learn", "pipe", "--follow", "--monitor", "--silence", "300ms", "--summary", "s"]
          + ["--target", "y"], in: folder)
      let errors = Pipe()
      process.standardError = errors
      try process.run()
      func write(_ text: String) throws {
        let pipe = try FileHandle(forWritingTo: URL(filePath: path))
        try pipe.write(contentsOf: Data(text.utf8))
        try pipe.close()
      }
      var said = ""
      func wait(for text: String) {
        while !said.contains(text) {
          let piece = errors.fileHandleForReading.availableData
          guard !piece.isEmpty else { return }
          said += String(decoding: piece, as: UTF8.self)
        }
      }
      try write("x,y\n" + (0..<200).map { "\($0 % 9),\($0 % 7)\n" }.joined() + "3,5")
      // The writer is gone: that is silence too.
      wait(for: "health: silent at event 201")
      try write("4,6\n1,2\n")
      wait(for: "health: silent at event 203")
      process.interrupt()
      while !errors.fileHandleForReading.availableData.isEmpty {}
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && said.contains("at event 203"), "\(said)")
      let summary = try String(contentsOf: folder.appending(path: "s"), encoding: .utf8)
      // Ended while silent, and it says so.
      #expect(summary.contains(#""events": 203"#) && summary.contains(#""silent""#), "\(summary)")
    }
  }

  @Test func `runbooks are printed, and what nobody knows is refused`() throws {
    try Weir.inFolder { folder in
      let page = try Weir.run(["runbook", "skew"], in: folder)
      #expect(page.out.hasPrefix("## skew\n") && page.out.contains("Do:"))
      let unknown = try Weir.run(["runbook", "missin"], in: folder)
      #expect(unknown.code == 64 && unknown.error.contains("did you mean missing"))
      let catalogue = try Weir.run(["catalogue", "missing"], in: folder)
      #expect(catalogue.out.contains("CHECKS\n  missing: "))
      let lonely = try Weir.run(["learn", "--target", "y", "--reference", "p"], in: folder)
      #expect(lonely.code == 64 && lonely.error.contains("need --monitor or --check"))
    }
  }
}
