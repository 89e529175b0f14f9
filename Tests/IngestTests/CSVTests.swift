import Batches
import Foundation
import TestSupport
import Testing

@testable import Ingest

@Suite struct CSVTests {
  @Test func `types and roles are inferred from the first events`() throws {
    let taken = try take("a,b,y\n1,x,3\n2.5,z,4\n", options(target: "y"))
    #expect(taken.names == ["a"])
    #expect(taken.dense == [[1], [2.5]])
    #expect(taken.sparse == [["b=x": 1], ["b=z": 1]])
    #expect(taken.targets == [3, 4])
    #expect(taken.task == .regression)
    #expect(taken.lines == [2, 3])
  }

  @Test(arguments: [
    ("\r\n", true), ("\n", true), ("\n", false), ("\r\n", false),
  ]) func `line ends, with and without the last`(end: String, last: Bool) throws {
    let text = ["a,y", "1,2", "3,4"].joined(separator: end) + (last ? end : "")
    let taken = try take(text, options(target: "y"))
    #expect(taken.dense == [[1], [3]])
    #expect(taken.targets == [2, 4])
  }

  @Test func `a byte-order mark is taken off and UTF-16 is named`() throws {
    #expect(try take("\u{FEFF}a,y\n1,2\n", options(target: "y")).names == ["a"])
    #expect(
      throws: IngestError.notText(reason: "it is UTF-16; pass it through: iconv -f UTF-16 -t UTF-8")
    ) {
      _ = try take([0xFF, 0xFE, 0x61, 0x00, 0x0A, 0x00], options(target: "y"))
    }
  }

  @Test func `quotes hold delimiters, line ends and quotes`() throws {
    let taken = try take(
      "name,y\n\"a,b\",1\n\"two\nlines\",2\n\"say \"\"hi\"\"\",\"3\"\n5\" pipe,4\n",
      options(target: "y"))
    #expect(
      taken.sparse == [
        ["name=a,b": 1], ["name=two\nlines": 1], ["name=say \"hi\"": 1], ["name=5\" pipe": 1],
      ])
    #expect(taken.targets == [1, 2, 3, 4])
    #expect(taken.lines == [2, 3, 5, 6])
  }

  @Test func `a quote that is never closed costs its own line only`() throws {
    let taken = try take("b,y\nx,1\n\"open,2\nz,3\n", options(target: "y"))
    #expect(taken.targets == [1, 3])
    #expect(taken.refusals == [.openQuote: 1])
    #expect(taken.samples.first?.line == 3)
  }

  @Test func `bad rows say where, what was expected and what was found`() throws {
    let text = "a,b,y\n1,2,3\n4,5\n1,oops,3\n1,2,3,4\n1,inf,2\n1,1e400,2\n1,2,word\n7,8,9\n"
    let taken = try take(
      text,
      options(target: "y") {
        $0.number = ["a", "b", "y"]; $0.task = .regression
      })
    #expect(taken.dense == [[1, 2], [7, 8]])
    #expect(
      taken.refusals == [.wrongFieldCount: 2, .notANumber: 2, .notFinite: 2])
    #expect(
      taken.samples.map(\.message) == [
        "line 3 (byte 12): expected 3 fields, found 2",
        "line 4 (byte 16), column b: expected a number, found 'oops'",
        "line 5 (byte 25): expected 3 fields, found 4",
        "line 6 (byte 33), column b: expected a finite number, found 'inf'",
        "line 7 (byte 41), column b: expected a finite number, found '1e400'",
      ])
  }

  @Test func `nothing of a bad row is remembered`() throws {
    let good = "c,a,y\nu,1,1\nv,2,2\nu,3,3\n"
    let bad = "c,a,y\nu,1,1\nNEW,x,9\nv,2,2\nw,5,no\nu,3,3\n"
    let wish = options(target: "y") {
      $0.number = ["a", "y"]
      $0.task = .regression
      $0.category = ["c"]
      $0.lags = ["y=1,2"]
      $0.means = ["y=c"]
      $0.crosses = ["c*a"]
    }
    let (clean, dirty) = (try take(good, wish), try take(bad, wish))
    #expect(clean.dense == dirty.dense)
    #expect(clean.sparse == dirty.sparse)
    #expect(dirty.refusals == [.notANumber: 2])
  }

  @Test func `missing numbers follow their policy`() throws {
    let text = "a,b,c,y\n1,1,1,0.5\n3,,3,0.5\n,NA,,0.5\n5,nan,null,0.5\n"
    let taken = try take(text, options(target: "y") { $0.missing = ["b=zero", "c=last"] })
    #expect(taken.dense == [[1, 1, 1], [3, 0, 3], [2, 0, 3], [5, 0, 3]])
    let refused = try take(text, options(target: "y") { $0.missing = ["a=refuse"] })
    #expect(refused.refusals == [.missingValue: 1])
  }

  @Test func `a missing label is an event without a label`() throws {
    let taken = try take("a,y\n1,2\n2,\n3,NA\n4,5\n", options(target: "y"))
    #expect(taken.targets.map(\.isNaN) == [false, true, true, false])
  }

  @Test func `a third value of two classes is refused, at once or when it comes`() throws {
    let binary = options(target: "y") {
      $0.task = .binary
      $0.positive = "DOWN"
    }
    #expect(throws: IngestError.self) {
      _ = try take("a,y\n1,DOWN\n2,UP\n3,DOWN\n4,SIDE\n", binary)
    }
    let rows = (0..<150).map { "\($0),\($0 % 2 == 0 ? "UP" : "DOWN")\n" }.joined()
    let taken = try take("a,y\n" + rows + "4,SIDE\n5,UP\n", binary)
    #expect(taken.classes == ["UP", "DOWN"])
    #expect(taken.refusals == [.badTarget: 1])
    #expect(taken.samples.first?.expected == "UP or DOWN")
    #expect(taken.targets.suffix(2) == [1, 0])
  }

  @Test(arguments: [
    ("a,y\n1,0\n2,1\n", Task.binary, ["0", "1"]), ("a,y\n1,-1\n2,1\n", .binary, ["-1", "1"]),
    ("a,y\n1,yes\n2,no\n", .binary, ["no", "yes"]),
    ("a,y\n1,UP\n2,DOWN\n", .binary, ["DOWN", "UP"]),
    ("a,y\n1,r\n2,g\n3,b\n", .multiclass, ["r", "g", "b"]), ("a,y\n1,7\n2,8\n", .regression, []),
  ]) func `the task is inferred`(text: String, task: Task, classes: [String]) throws {
    let taken = try take(text, options(target: "y"))
    #expect(taken.task == task)
    #expect(taken.classes == classes)
  }

  @Test func `lags and means use only what had arrived`() throws {
    let taken = try take(
      "k,h,y\nA,1,10\nA,2,20\nB,1,30\nA,1,40\nB,2,50\n",
      options(target: "y") {
        $0.category = ["h"]
        $0.ignore = ["k", "h"]
        $0.lags = ["y=1,2"]
        $0.means = ["y=h:0.5"]
        $0.key = "k"
      })
    #expect(taken.names == ["y@1", "y@2", "y~h"])
    // Where nothing had arrived, the mean of the feature so far stands in.
    #expect(taken.dense.map { $0[0] } == [0, 10, 10, 20, 30])
    #expect(taken.dense.map { $0[1] } == [0, 0, 0, 10, 10])
    #expect(taken.dense.map { $0[2] } == [0, 0, 10, 20, 20])
  }

  @Test func `lags in event time look past gaps`() throws {
    let rows = [
      "2012-01-01T00:00,1", "2012-01-01T01:00,2", "2012-01-01T04:00,3", "2012-01-01T05:00,4",
    ]
    let taken = try take(
      "t,y\n" + rows.joined(separator: "\n"),
      options(target: "y") {
        $0.time = ["t"]
        $0.lags = ["y=1h,3h"]
      })
    #expect(taken.dense.map { $0[0] } == [0, 1, 2, 3])
    #expect(taken.dense.map { $0[1] } == [0, 0, 2, 2])
    #expect(taken.times[3] == 1_325_394_000)
  }

  @Test func `labels that come later change no earlier row`() throws {
    var random = SplitMix(seed: 4)
    let lines = (0..<300).map { "\($0 % 7),\(random.below(50)),\(random.below(100))" }
    let noisy = lines.enumerated().map { i, line in
      i < 200
        ? line : line.split(separator: ",")[..<2].joined(separator: ",") + ",\(random.below(9))"
    }
    let wish = options(target: "y") {
      $0.category = ["c"]
      $0.task = .regression
      $0.lags = ["y=1,7", "a=2"]
      $0.means = ["y=c"]
      $0.crosses = ["c*y@1"]
    }
    let first = try take("c,a,y\n" + lines.joined(separator: "\n"), wish)
    let second = try take("c,a,y\n" + noisy.joined(separator: "\n"), wish)
    #expect(first.dense[...200] == second.dense[...200])
    #expect(first.sparse[...200] == second.sparse[...200])
    #expect(first.dense[201] != second.dense[201])
  }

  @Test func `crosses of three categories do not collide`() throws {
    var rows: [String] = []
    for a in 0..<4 { for b in 0..<4 { for c in 0..<4 { rows.append("p\(a),q\(b),r\(c),1.5") } } }
    let taken = try take(
      "a,b,c,y\n" + rows.joined(separator: "\n"),
      options(target: "y") {
        $0.ignore = ["a", "b", "c"]; $0.crosses = ["a*b*c"]
      })
    #expect(Set(taken.sparse.flatMap(\.keys)).count == 64)
  }

  @Test func `a category with more values than its limit is bounded, and that is said`() throws {
    let rows = (0..<5000).map { "v\($0),0.5" }
    let taken = try take(
      "c,y\n" + rows.joined(separator: "\n"), options(target: "y") { $0.categoryLimit = 100 })
    #expect(Set(taken.sparse.flatMap(\.keys)).count == 101)
    #expect(taken.notices.contains { $0.kind == "category-limit" })
    #expect(taken.notices.filter { $0.kind == "new-category" }.count == 10)
  }

  @Test func `a class in a refused row is not remembered`() throws {
    let rows = (0..<150).map { _ in "1,1,maybe\n" }.joined()
    let taken = try take(
      "a,w,y\n" + rows + "1,-1,garbage\n1,1,sure\n",
      options(target: "y") {
        $0.task = .binary
        $0.weight = "w"
      })
    #expect(taken.refusals == [.badWeight: 1])
    #expect(Set(taken.classes) == ["maybe", "sure"])
  }

  @Test func `a long line among the first events costs only itself`() throws {
    let long = String(repeating: "x", count: 5000)
    for text in ["a,y\n1,2\n3,4\n\(long)", "a,y\n\(long)\n1,2\n3,4\n"] {
      let taken = try take(text, options(target: "y") { $0.lineLimit = 1000 }, pieces: [500])
      #expect(taken.targets == [2, 4])
      #expect(taken.refusals == [.tooLong: 1])
    }
  }

  @Test func `the target is never part of its own features`() {
    for change in [
      { (options: inout IngestOptions) in options.means = ["y=y"] },
      { options in options.means = ["y=c*y"] }, { options in options.key = "y" },
      { options in options.means = ["y=*"] },
    ] {
      #expect(throws: IngestError.self) {
        _ = try take("c,y\nu,1.5\nv,2\n", options(target: "y", change))
      }
    }
  }

  @Test func `products and crosses stay finite and bounded`() throws {
    let taken = try take(
      "a,b,y\n1e200,1e200,1.5\n2,3,2\n", options(target: "y") { $0.crosses = ["a*b"] })
    #expect(taken.dense.allSatisfy { $0.allSatisfy { $0.isFinite } })
    let rows = (0..<3000).map { "p\($0),q\($0),0.5\n" }.joined()
    let bounded = try take(
      "a,b,y\n" + rows,
      options(target: "y") {
        $0.ignore = ["a", "b"]
        $0.crosses = ["a*b"]
        $0.categoryLimit = 100
      })
    #expect(Set(bounded.sparse.flatMap(\.keys)).count <= 101)
  }

  @Test func `lines longer than the limit are refused without being kept`() throws {
    let long = String(repeating: "x", count: 10_000_000)
    let taken = try take("a,y\n1,2\n\(long),3\n4,5\n", options(target: "y") { $0.lineLimit = 4096 })
    #expect(taken.targets == [2, 5])
    #expect(taken.refusals == [.tooLong: 1])
    #expect(taken.lines == [2, 4])
  }

  @Test func `NUL and invalid UTF-8 are refused where text is read`() throws {
    let bytes =
      Array("c,y\nok,1.5\n".utf8) + [0xC3, 0x28, 0x2C, 0x32, 0x0A] + [0x61, 0x00, 0x2C, 0x33, 0x0A]
    let taken = try take(bytes + Array("fine,4\n".utf8), options(target: "y"))
    #expect(taken.targets == [1.5, 4])
    #expect(taken.refusals == [.notUTF8: 2])
  }

  @Test func `what the header cannot give is said with the nearest names`() {
    let text = "hr,temp,cnt\n1,2,3\n"
    func message(_ change: @escaping (inout IngestOptions) -> Void) -> String {
      do {
        _ = try take(text, options(target: "cnt", change))
        return "taken"
      } catch { return (error as? IngestError)?.message ?? "\(error)" }
    }
    #expect(message { $0.target = "count" }.contains("there is no such column"))
    #expect(message { $0.target = "cn" }.contains("did you mean cnt?"))
    #expect(message { $0.target = nil }.contains("--target (the columns are hr, temp, cnt)"))
    #expect(message { $0.crosses = ["hr"] } == "--cross hr: expected COLUMN*COLUMN[:SCALE]")
    #expect(message { $0.lags = ["cnt=0"] }.hasPrefix("--lag cnt=0: expected COLUMN=1,24,168"))
    #expect(message { $0.lags = ["cnt=1h"] }.contains("needs --time"))
    #expect(
      message {
        $0.number = ["hr"]; $0.category = ["hr"]
      }.contains("cannot be both"))
    #expect(message { $0.missing = ["hr=gone"] }.contains("mean, zero, last, refuse"))
    #expect(message { $0.crosses = ["hr*cnt"] }.contains("is the target"))
  }

  @Test func `an input without a header, or with a bad one`() throws {
    #expect(throws: IngestError.noHeader) { _ = try take("", options(target: "y")) }
    #expect(throws: IngestError.self) { _ = try take("1,2\n3,4\n", options(target: "y")) }
    #expect(throws: IngestError.self) { _ = try take("a,a\n3,4\n", options(target: "a")) }
    #expect(try take("a,y\n", options(target: "y")).targets.isEmpty)
    let named = try take("1,2\n3,4\n", options(target: "y") { $0.columns = ["x", "y"] })
    #expect(named.targets == [2, 4])
  }

  @Test(arguments: [";", "\t", "|"]) func `other delimiters are found`(delimiter: String) throws {
    let text = "a,b,y\n1,2,3\n".replacingOccurrences(of: ",", with: delimiter)
    #expect(try take(text, options(target: "y")).dense == [[1, 2]])
  }

  @Test func `too many bad rows end the run`() {
    let text = "a,y\n1,1.5\n" + String(repeating: "x,2\n", count: 3)
    let number = { (options: inout IngestOptions) in options.number = ["a"] }
    #expect(throws: IngestError.self) {
      _ = try take(
        text,
        options(target: "y") {
          number(&$0); $0.badRows = BadRowPolicy(limit: .count(2))
        })
    }
    #expect(throws: IngestError.self) {
      _ = try take(
        text,
        options(target: "y") {
          number(&$0); $0.badRows = BadRowPolicy(limit: .percent(50))
        })
    }
    #expect(throws: IngestError.self) {
      _ = try take(
        text,
        options(target: "y") {
          number(&$0); $0.badRows = BadRowPolicy(action: .fail)
        })
    }
    #expect(throws: Never.self) {
      _ = try take(
        text,
        options(target: "y") {
          number(&$0); $0.badRows = BadRowPolicy(limit: .count(3))
        })
    }
  }

  @Test func `ids and weights are handed on`() throws {
    let taken = try take(
      "who,w,a,y\nann,2,1,0\nbob,,1,1\ncy,-1,1,1\n",
      options(target: "y") {
        $0.id = "who"; $0.weight = "w"; $0.classWeights = ["1=10"]
      })
    #expect(taken.ids == ["ann", "bob"])
    #expect(taken.weights == [2, 10])
    #expect(taken.refusals == [.badWeight: 1])
  }
}
