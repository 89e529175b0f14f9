import Batches
import TestSupport
import Testing

@testable import Ingest

@Suite struct LibSVMTests {
  private func plain(_ change: (inout IngestOptions) -> Void = { _ in }) -> IngestOptions {
    var options = IngestOptions()
    change(&options)
    return options
  }

  @Test func `labels, indices in any order, groups and comments`() throws {
    let taken = try take(
      """
      # made by hand
      +1 qid:3 1:0.5 7:2 # a comment: with 9:9
      -1 7:3 01:4 900000000:1
      +1 1:6#7:9
      2:1 1:8
      """, plain())
    #expect(taken.task == .binary)
    #expect(taken.names == ["1", "7"])
    #expect(taken.dense == [[0.5, 2], [4, 3], [6, 0], [8, 0]])
    #expect(taken.sparse == [[:], ["#\(900_000_000 % (1 << 18))": 1], [:], ["#2": 1]])
    #expect(taken.targets.map { "\($0)" } == ["1.0", "0.0", "1.0", "nan"])
    #expect(taken.lines == [2, 3, 4, 5])
  }

  @Test func `a group can be an id, a key or a category`() throws {
    let text = "1 qid:3 1:0.5\n2 qid:4 1:1\n3 qid:3 1:2\n"
    #expect(try take(text, plain { $0.id = "qid" }).ids == ["3", "4", "3"])
    let keyed = try take(
      text,
      plain {
        $0.key = "qid"
        $0.lags = ["label=1"]
      })
    #expect(keyed.names == ["1", "label@1"])
    #expect(keyed.dense.map { $0[1] } == [0, 0, 1])
    #expect(try take(text, plain { $0.category = ["qid"] }).sparse[1] == ["qid=4": 1])
    #expect(try take(text, plain()).names == ["1"])
  }

  @Test(arguments: [
    ("1 x:1", "line 2 (byte 6): expected an index, a whole number from 0, found 'x'"),
    ("1 -1:1", "line 2 (byte 6): expected an index, a whole number from 0, found '-1'"),
    ("1 1:1 2", "line 2 (byte 6): expected index:value, found '2'"),
    ("1 3:x", "line 2 (byte 6), column 3: expected a number, found 'x'"),
    ("1 3:", "line 2 (byte 6), column 3: expected a number, found nothing"),
    ("1 3:1:2", "line 2 (byte 6), column 3: expected a number, found '1:'"),
    ("1 3:nan", "line 2 (byte 6), column 3: expected a number, found 'nan'"),
    ("1 3:-inf", "line 2 (byte 6), column 3: expected a finite number, found '-inf'"),
    ("1 1:1e999", "line 2 (byte 6), column 1: expected a finite number, found '1e999'"),
    ("x 1:1", "line 2 (byte 6), column label: expected a number, found 'x'"),
    ("inf 1:1", "line 2 (byte 6), column label: expected a finite number, found 'inf'"),
  ]) func `a bad row is refused for what it is`(line: String, message: String) throws {
    let taken = try take(
      "5 1:2\n" + line + "\n2 1:3\n",
      plain {
        $0.task = .regression
        $0.number = ["label"]
      })
    #expect(taken.samples.map(\.message) == [message])
    #expect(taken.targets == [5, 2])
  }

  @Test func `wide rows are dense, up to a limit`() throws {
    let row = { (k: Int) in "1 " + (1...k).map { "\($0):\($0).25" }.joined(separator: " ") + "\n" }
    #expect(try take(row(1000) + row(1000), plain()).names.count == 1000)
    let beyond = try take(row(5000), plain())
    #expect(beyond.names.count == FeatureSample.mostColumns)
    #expect(beyond.sparse[0].count == 5000 - FeatureSample.mostColumns)
  }
}
