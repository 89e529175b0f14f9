import Foundation
import TestSupport
import Testing

/// The automatic recipe on the real bikes: what it uses of the past had arrived.
@Suite struct AutoTests {
  private static let arguments = [
    "learn", "--auto", "--target", "cnt", "--task", "regression", "--time", "dteday,hr", "--ignore",
    "instant,casual,registered", "--model",
    "mixture:second-order=on,memory=100000,forgetting=0.999,errors=on",
    "--interval", "0.9", "--predictions", "p.txt", "--quiet", "--write-config", "c.json",
  ]

  /// `isPinned`: the file that the run wrote is run as well.
  private func predictions(
    _ lines: [Substring], _ extra: [String] = [], isPinned: Bool = false
  ) throws -> [Substring] {
    try Weir.inFolder { folder in
      let input = Data(lines.joined(separator: "\n").utf8)
      var result = try Weir.run(AutoTests.arguments + extra, input: input, in: folder)
      #expect(result.code == 0, "\(result.error)")
      let first = try String(contentsOf: folder.appending(path: "p.txt"), encoding: .utf8)
      if isPinned {
        // The file it wrote does the same without looking.
        result = try Weir.run(["learn", "--config", "c.json"], input: input, in: folder)
        #expect(result.code == 0, "\(result.error)")
        let second = try String(contentsOf: folder.appending(path: "p.txt"), encoding: .utf8)
        #expect(second == first)
      }
      return first.split(separator: "\n")
    }
  }

  @Test func `where batches begin changes nothing while features come and go`() throws {
    var random = SplitMix(seed: 77)
    var lines = ["a,b,n,x,z,y"]
    for _ in 0..<6000 {
      let (a, b, n) = (random.below(3), random.below(3), random.below(9))
      let (x, z) = (random.normal(), random.normal())
      let y = (a == b ? 1.0 : -1.0) + (b == 2 ? x : -x) + random.normal()
      lines.append("a\(a),b\(b),n\(n),\(x),\(z),\(y)")
    }
    let input = Data(lines.joined(separator: "\n").utf8)
    func run(_ extra: [String]) throws -> (predictions: String, journal: String) {
      try Weir.inFolder { folder in
        let result = try Weir.run(
          [
            "learn", "--target", "y", "--task", "regression", "--screen", "on", "-q",
            "--predictions", "p.txt", "--journal", "j.jsonl",
          ] + extra, input: input, in: folder)
        #expect(result.code == 0, "\(result.error)")
        func text(_ name: String) throws -> String {
          try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        }
        return try (text("p.txt"), text("j.jsonl"))
      }
    }
    let expected = try run([])
    for kind in ["feature-added\",\"model\":\"linear\",\"feature\":\"a*b\"", "\"feature\":\"n\""] {
      #expect(expected.journal.contains(kind), "\(kind)")
    }
    for size in ["7", "1000"] {
      #expect(try run(["--batch", size]).predictions == expected.predictions, "batches of \(size)")
    }
    // Labels that come late tell late, and still of the right rows.
    let late = try run(["--label-delay", "100"]).journal
    #expect(late.contains("\"feature\":\"a*b\""))
  }

  private func bikes(_ rows: Int) throws -> [Substring] {
    let file = Golden.project.appending(path: "Datasets/bikes/hour.csv")
    let text = try String(contentsOf: file, encoding: .utf8)
    return Array(text.split(whereSeparator: \.isNewline).prefix(rows + 1))
  }

  /// The recipe that a run settled on.
  private func recipe(_ lines: [Substring], _ extra: [String]) throws -> String {
    try Weir.inFolder { folder in
      let result = try Weir.run(
        [
          "learn", "--auto", "--target", "cnt", "--task", "regression", "--time", "dteday,hr",
          "--ignore", "instant,casual,registered", "-q", "--write-config", "c.json",
        ] + extra, input: Data(lines.joined(separator: "\n").utf8), in: folder)
      #expect(result.code == 0, "\(result.error)")
      return try String(contentsOf: folder.appending(path: "c.json"), encoding: .utf8)
    }
  }

  @Test func `the recipe has shapes of the present and of the past, and can do without the past`()
    throws
  {
    let lines = try bikes(1100)
    let present = [
      "temp*temp", "hr*temp:0.3", "hr*hum:0.3", "hr*workingday",
      "mixture:second-order=on,trees=forest",
    ]
    let past = [
      "weathersit=1h", "weathersit*weathersit@1h", "hr*sqrt(cnt)@2h",
      "hr*sqrt(cnt)@1h*sqrt(cnt)@1h:0.3", "hr*workingday*sqrt(cnt)@1h",
      "sqrt(cnt)=hr*workingday:0.03", "errors=on",
    ]
    let whole = try recipe(lines, [])
    for part in present + past { #expect(whole.contains(part), "\(part)") }
    // A holiday is rare: with the last label it would be too dear.
    #expect(!whole.contains("hr*holiday*sqrt(cnt)@1h"))
    let bare = try recipe(lines, ["--lag", "none"])
    for part in present { #expect(bare.contains(part), "\(part)") }
    for part in past { #expect(!bare.contains(part), "\(part)") }
  }

  @Test(arguments: [0, 24])
  func `labels that have not arrived change no prediction`(delay: Int) throws {
    let lines = try bikes(1600)
    let late = ["--label-delay", "\(delay)"]
    let honest = try predictions(lines, late, isPinned: true)
    var random = SplitMix(seed: 41)
    var noisy = lines
    let cut = 1300
    for row in (cut + 1)..<noisy.count {
      var fields = noisy[row].split(separator: ",")
      fields[fields.count - 1] = Substring("\(random.below(900))")
      noisy[row] = Substring(fields.joined(separator: ","))
    }
    let other = try predictions(noisy, late)
    // Row `cut` is the first whose label is noise; its own prediction is still the same, and so are those
    // of the rows before that label comes.
    #expect(Array(honest[...(cut + delay)]) == Array(other[...(cut + delay)]))
    #expect(honest[cut + delay + 1] != other[cut + delay + 1])
  }
}
