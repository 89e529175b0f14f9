import Batches
import TestSupport
import Testing

@testable import Ingest

@Suite struct NDJSONTests {
  @Test func `the same events as CSV give the same rows`() throws {
    let csv = "a,b,y\n1,x,3\n-2.5e3,z,4\n,x,\n"
    let json = """
      {"a":1,"b":"x","y":3}
      {"a":-2.5e3,"b":"z","y":4}
      {"a":null,"b":"x"}
      """
    let (first, second) = (
      try take(csv, options(target: "y")), try take(json, options(target: "y"))
    )
    #expect(first.dense == second.dense)
    #expect(first.sparse == second.sparse)
    #expect(first.targets.map { "\($0)" } == second.targets.map { "\($0)" })
  }

  @Test func `keys in any order, blanks, escapes, unknown and inner keys`() throws {
    let json = """
      {"a":1,"in":{"b":2,"c":"t"},"y":3.5}
      { "y" : 4.5 , "in" : { "c" : "\\u0074", "b" : 5 } , "new":[1,{"q":[]}], "\\u0061" : 6 }
      {"y":5.5,"a":true}
      """
    let taken = try take(json, options(target: "y"))
    #expect(taken.names == ["a", "in.b"])
    #expect(taken.dense == [[1, 2], [6, 5], [1, 3.5]])
    #expect(taken.sparse == [["in.c=t": 1], ["in.c=t": 1], ["in.c=": 1]])
    #expect(taken.refusals.isEmpty)
  }

  @Test(arguments: [
    ("{\"a\":1,\"a\":2,\"y\":3}", Refusal.Kind.duplicateKey),
    ("{\"a\":[1],\"y\":3}", .nestedValue), ("{\"a\":1,\"y\":3", .malformed),
    ("{\"a\":1 \"y\":3}", .malformed), ("[1,2]", .malformed), ("{\"a\":01,\"y\":3}", .malformed),
    ("{\"a\":1.,\"y\":3}", .malformed), ("{\"a\":+1,\"y\":3}", .malformed),
    ("{\"a\":nan,\"y\":3}", .malformed), ("{\"a\":\"x\",\"y\":3}", .notANumber),
    ("{\"a\":1e400,\"y\":3}", .notFinite), ("{\"a\":1,\"y\":\"\\ud800\"}", .malformed),
    ("{\"a\":1,\"y\":3} x", .malformed), ("{\"a\":\"\\q\",\"y\":3}", .malformed),
    ("{\"a\":{\"b\":1},\"y\":3}", .nestedValue),
  ]) func `a bad row is refused for what it is`(line: String, kind: Refusal.Kind) throws {
    let good = "{\"a\":1,\"y\":2.5}\n"
    let taken = try take(
      good + line + "\n" + good, options(target: "y") { $0.number = ["a", "y"] })
    #expect(taken.refusals == [kind: 1])
    #expect(taken.targets == [2.5, 2.5])
    #expect(taken.samples.first?.line == 2)
  }

  @Test func `the order of keys changes nothing, an object where a value is wanted included`()
    throws
  {
    let good = "{\"a\":1,\"b\":2,\"y\":2.5}\n"
    let pinned = options(target: "y") { $0.number = ["a", "b", "y"] }
    for line in ["{\"a\":{\"c\":1},\"b\":2,\"y\":3}", "{\"b\":2,\"y\":3,\"a\":{\"c\":1}}"] {
      #expect(try take(good + good + line + "\n", pinned).refusals == [.nestedValue: 1])
    }
  }

  @Test func `deep nesting is refused, not followed`() throws {
    let deep = String(repeating: "{\"a\":", count: 5000) + "1" + String(repeating: "}", count: 5000)
    let lists =
      "{\"z\":" + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000) + "}"
    let mixed = "{\"z\":" + String(repeating: "[{\"a\":", count: 60_000)
    let taken = try take(
      "{\"a\":1,\"y\":2.5}\n\(deep)\n\(lists)\n\(mixed)\n", options(target: "y"))
    #expect(taken.refusals.values.reduce(0, +) == 3)
  }
}
