import Batches
import TestSupport
import Testing

@testable import Ingest

@Suite struct ARFFTests {
  static let header = """
    % The first line is a comment,
    @RELATION 'made by hand'

    @attribute width real
    @Attribute 'the kind' {plain,'with blank','it\\'s', "q\\"d"}
    @ATTRIBUTE code {0, 1,2}
    @attribute note string
    @attribute day date "yyyy-MM-dd"
    @attribute y integer
    @data

    """

  @Test func `names, quotes, missing values and comments`() throws {
    let taken = try take(
      ARFFTests.header + """
        1.5,plain,0,'a, b',2011-01-01,3
        % between
        ?, 'with blank' ,2,?,2011-01-02, 4
        2e1,'it\\'s',1,"x",?,5
        3,"q\\"d",?,'',2011-01-04,6
        """, options(target: "y"))
    #expect(taken.names == ["width"])
    #expect(taken.dense == [[1.5], [1.5], [20], [3]])
    #expect(
      taken.sparse == [
        ["the kind=plain": 1, "code=0": 1, "note=a, b": 1],
        ["the kind=with blank": 1, "code=2": 1, "note=": 1],
        ["the kind=it's": 1, "code=1": 1, "note=x": 1],
        ["the kind=q\"d": 1, "code=": 1, "note=": 1],
      ])
    #expect(taken.targets == [3, 4, 5, 6])
    #expect(taken.refusals.isEmpty)
  }

  @Test func `what is declared is a type, and a date is a feature only if it is named`() throws {
    let rows = "1,plain,1,n,2011-01-02,1\n2,plain,1,n,2011-01-03,0\n"
    let timed = try take(
      ARFFTests.header + rows,
      options(target: "code") {
        $0.time = ["day"]
        $0.ignore = ["note", "the kind"]
      })
    #expect(timed.task == .multiclass)
    #expect(timed.names == ["width", "y"])
    #expect(timed.times[1] - timed.times[0] == 86_400)
    let two = "@relation r\n@attribute a numeric\n@attribute c {UP,DOWN}\n@data\n1,UP\n2,UP\n"
    let taken = try take(two, options(target: "c"))
    #expect(taken.task == .binary)
    #expect(taken.classes == ["DOWN", "UP"])
  }

  @Test(arguments: [
    ("{1 2, 3 4}", "expected a dense row: sparse ones are not read, found '{1 2, 3 4}'"),
    ("1,plain", ": expected 6 fields, found 2"), ("1,'plain',0", ": expected 6 fields, found 3"),
    ("1,'plain,0,n,2011-01-01,3", ", column the kind: expected a closing quote, found "),
    ("1,'plain'x,0,n,2011-01-01,3", ", column the kind: expected a comma after a closing quote"),
    ("x,plain,0,n,2011-01-01,3", ", column width: expected a number, found 'x'"),
    ("inf,'plain',0,n,2011-01-01,3", ", column width: expected a finite number, found 'inf'"),
  ]) func `a bad row is refused for what it is`(line: String, message: String) throws {
    let good = "1,plain,0,n,2011-01-01,3.5\n"
    let taken = try take(
      ARFFTests.header + good + line + "\n" + good, options(target: "y"))
    #expect(taken.targets == [3.5, 3.5])
    let sample = try #require(taken.samples.first)
    #expect(sample.line == 12)
    #expect(sample.message.contains(message), "\(sample.message)")
  }

  @Test(arguments: [
    ("@relation r\n@attribute a numeric\n", "the input ends before its data begin"),
    ("@relation r\n@data\n1\n", "no @attribute before @data"),
    ("@relation r\n@attribute a relational\n", "found 'relational'"),
    ("@relation r\n@attribute a\n", "expected a name and a type"),
    ("@relation r\n@attribute a {x,y\n", "expected {a, b, …}"),
    ("@relation r\n@attribute a real\n@attribute a real\n", "'a' stands twice"),
    ("@relation r\na,b\n", "line 2: expected @relation, @attribute or @data, found 'a,b'"),
  ]) func `a header that cannot be read is named`(text: String, reason: String) {
    do {
      _ = try take(text, options(target: "a"))
      Issue.record("taken")
    } catch let error as IngestError {
      #expect(error.message.contains(reason), "\(error.message)")
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func `the target has to be named, and the names are told`() {
    #expect(throws: IngestError.noTarget(known: ["a", "c"])) {
      _ = try take(
        "@relation r\n@attribute a numeric\n@attribute c {x,y}\n@data\n1,x\n", IngestOptions())
    }
  }
}
