import Foundation
import TestSupport
import Testing

/// Streams with late labels, from `weir replay` to `weir learn`.
@Suite struct LateLabelStreamTests {
  /// The first so many hours of bikes.
  private func bikes(_ rows: Int, in folder: URL) throws -> Data {
    let all = try String(
      contentsOf: Golden.project.appending(path: "Datasets/bikes/hour.csv"), encoding: .utf8)
    let lines = all.split(whereSeparator: \.isNewline).prefix(rows + 1)
    let text = lines.joined(separator: "\n") + "\n"
    try Data(text.utf8).write(to: folder.appending(path: "b.csv"))
    return Data(text.utf8)
  }

  private static let columns = [
    "--target", "cnt", "--task", "regression", "--time", "dteday,hr", "--category", "hr", "--lag",
    "cnt=1,3h,24h", "--mean", "cnt=hr*workingday", "--season", "24h", "-q",
  ]

  private static let model = ["--model", "mixture", "--model", "rls"]

  @Test func `labels that are all as late by id are as with a delay, to the byte`() throws {
    try Weir.inFolder { folder in
      let plain = try bikes(900, in: folder)
      let late = try Weir.run(
        [
          "replay", "b.csv", "--label-delay", "24", "--target", "cnt", "--id", "instant",
          "--withhold", "casual,registered",
        ], in: folder)
      let byID = try Weir.run(
        ["learn", "--late-labels", "--id", "instant", "--ignore", "casual,registered"]
          + LateLabelStreamTests.columns + LateLabelStreamTests.model
          + ["--predictions", "p1", "--losses", "l1"],
        input: Data(late.out.utf8), in: folder)
      #expect(byID.code == 0, "\(byID.error)")
      let delayed = try Weir.run(
        ["learn", "--label-delay", "24", "--ignore", "instant,casual,registered"]
          + LateLabelStreamTests.columns + LateLabelStreamTests.model
          + ["--predictions", "p2", "--losses", "l2"],
        input: plain, in: folder)
      #expect(delayed.code == 0, "\(delayed.error)")
      for (one, other) in [("p1", "p2"), ("l1", "l2")] {
        let a = try Data(contentsOf: folder.appending(path: one))
        #expect(!a.isEmpty)
        #expect(a == (try Data(contentsOf: folder.appending(path: other))), "\(one)")
      }
    }
  }

  private struct Summary: Decodable {
    struct Labels: Decodable {
      let rows: Int
      let atOnce: Int
      let joined: Int
      let expired: Int
      let waiting: Int
      let unmatched: Int
      let afterExpiry: Int
      let duplicates: Int
      let repeatedRows: Int
    }
    let events: Int
    let learned: Int
    let labels: Labels
  }

  @Test(arguments: 1...3) func `out of order, lost and doubled labels are learned once`(
    seed: Int
  ) throws {
    try Weir.inFolder { folder in
      _ = try bikes(700, in: folder)
      let late = try Weir.run(
        [
          "replay", "b.csv", "--label-delay", "24h", "--label-jitter", "48h", "--label-loss", "0.1",
          "--label-repeat", "0.2", "--seed", "\(seed)", "--time", "dteday,hr", "--target", "cnt",
          "--id", "instant", "--withhold", "casual,registered",
        ], in: folder)
      #expect(late.code == 0, "\(late.error)")
      let lines = late.out.split(separator: "\n").dropFirst()
      let labels = lines.filter { $0.contains(",,,") && !$0.hasSuffix(",,,") }
      let ids = Set(labels.map { $0.prefix { $0 != "," } })
      #expect(lines.count == 700 + labels.count)
      var said: [String] = []
      for options in [["--batch", "1"], ["--batch", "256"], ["--batch", "33", "--threads", "2"]] {
        let result = try Weir.run(
          ["learn", "--late-labels", "--id", "instant", "--ignore", "casual,registered"]
            + LateLabelStreamTests.columns
            + ["--ttl", "60h", "--predictions", "-", "--summary", "s.json"] + options,
          input: Data(late.out.utf8), in: folder)
        #expect(result.code == 0, "\(result.error)")
        said.append(result.out)
        let summary = try JSONDecoder().decode(
          Summary.self, from: Data(contentsOf: folder.appending(path: "s.json")))
        let n = summary.labels
        #expect(summary.events == 700 && n.rows == 700)
        #expect(n.rows == n.atOnce + n.joined + n.expired + n.waiting, "seed \(seed)")
        #expect(summary.learned == n.joined + n.atOnce)
        // Each label that came was learned, or its row had expired; its double was passed over.
        #expect(labels.count == n.joined + n.duplicates + n.afterExpiry, "seed \(seed)")
        #expect(n.joined < ids.count && n.expired > 0 && n.duplicates > 0, "seed \(seed)")
        #expect(n.unmatched == 0 && n.repeatedRows == 0)
      }
      #expect(said[0] == said[1] && said[1] == said[2], "seed \(seed)")
      #expect(said[0].split(separator: "\n").count == 700)
    }
  }

  @Test func `the same labels by a second file are as on one pipe`() throws {
    try Weir.inFolder { folder in
      _ = try bikes(600, in: folder)
      let late = try Weir.run(
        [
          "replay", "b.csv", "--label-delay", "20", "--label-jitter", "15", "--target", "cnt",
          "--id", "instant", "--withhold", "casual,registered",
        ], in: folder)
      var (rows, labels) = (
        ["\(late.out.split(separator: "\n")[0].dropLast(22))"], ["instant,n,cnt"]
      )
      for line in late.out.split(separator: "\n").dropFirst() {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        if fields[1].isEmpty {
          labels.append("\(fields[0]),\(rows.count - 1),\(fields[16])")
        } else {
          rows.append(fields.dropLast(3).joined(separator: ","))
        }
      }
      let text = rows.joined(separator: "\n") + "\n"
      try Data((labels.joined(separator: "\n") + "\n").utf8)
        .write(to: folder.appending(path: "l.csv"))
      let one = try Weir.run(
        ["learn", "--late-labels", "--id", "instant", "--ignore", "casual,registered"]
          + LateLabelStreamTests.columns + ["--predictions", "-"],
        input: Data(late.out.utf8), in: folder)
      let two = try Weir.run(
        ["learn", "--labels", "l.csv", "--arrival", "n", "--id", "instant"]
          + LateLabelStreamTests.columns + ["--predictions", "-"],
        input: Data(text.utf8), in: folder)
      #expect(two.code == 0, "\(two.error)")
      #expect(one.out == two.out)
      #expect(one.out.split(separator: "\n").count == 600)
    }
  }

  @Test func `labels by a named pipe are learned as they come`() throws {
    try Weir.inFolder { folder in
      for name in ["rows", "labels"] {
        #expect(mkfifo(folder.appending(path: name).path, 0o600) == 0)
      }
      let process = Weir.process(
        [
          "learn", "rows", "--labels", "labels", "--target", "y", "--id", "who", "--task",
          "regression", "--model", "no-change", "--max-delay", "0", "--predictions", "p", "-q",
          "--summary", "s.json",
        ], in: folder)
      try process.run()
      let rows = try FileHandle(forWritingTo: folder.appending(path: "rows"))
      let labels = try FileHandle(forWritingTo: folder.appending(path: "labels"))
      func said() -> [Substring] {
        let text = try? String(contentsOf: folder.appending(path: "p"), encoding: .utf8)
        return (text ?? "").split(separator: "\n")
      }
      func waitFor(_ count: Int) {
        for _ in 0..<2_000 where said().count < count { usleep(5_000) }
      }
      rows.write(Data("who,a\nann,1\n".utf8))
      waitFor(1)
      labels.write(Data("who,y\nann,2.5\n".utf8))
      // Nothing tells that a label has been taken: rows are asked until it shows.
      var count = 1
      while count < 400, said().last != "2.5" {
        rows.write(Data("r\(count),1\n".utf8))
        count += 1
        waitFor(count)
      }
      #expect(said().first == "0")
      #expect(said().last == "2.5")
      try rows.close()
      labels.write(Data("r1,7.5\n".utf8))
      try labels.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let summary = try JSONDecoder().decode(
        Summary.self, from: Data(contentsOf: folder.appending(path: "s.json")))
      #expect(summary.labels.joined == 2 && summary.events == count)
    }
  }
}
