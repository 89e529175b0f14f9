import Catalogues
import Testing

@Suite struct CatalogueTests {
  static let things = Catalogue<Void, String>(
    "thing",
    [
      Entry(
        "small-one", "a small thing",
        parameters: [
          Parameter("size", .real(default: 2, in: 0...10), "how large"),
          Parameter("count", .integer(default: 3, in: 1...5), "how many"),
          Parameter("kind", .choice(default: "a", of: ["a", "b"]), "which"),
          Parameter("sizes", .reals(default: [1], in: 0...9), "several"),
        ],
        make: { settings, _ in
          "\(settings.real("size")) \(settings.integer("count")) \(settings.word("kind")) "
            + "\(settings.reals("sizes"))"
        })
    ])

  @Test func `defaults stand where nothing is said`() throws {
    #expect(try CatalogueTests.things.make("small-one", ()) == "2.0 3 a [1.0]")
  }

  @Test func `every kind of parameter is read`() throws {
    let made = try CatalogueTests.things.make("small-one:size=0.5,count=5,kind=b,sizes=1/2.5", ())
    #expect(made == "0.5 5 b [1.0, 2.5]")
  }

  @Test(arguments: [
    ("smal-one", "unknown thing 'smal-one'; known: small-one — did you mean small-one?"),
    ("small-one:siz=1", "small-one has no parameter 'siz'; known: size, count, kind, sizes"),
    ("small-one:size=11", "size=11 is out of range 0…10"),
    ("small-one:size=x", "size=x: expected a number"),
    ("small-one:size=nan", "size=nan: expected a number"),
    ("small-one:count=1.5", "count=1.5: expected a whole number"),
    ("small-one:kind=c", "kind=c: expected one of a, b"),
    ("small-one:size", "'size' has no value; write key=value"),
    ("small-one:size=1,size=2", "'size' is given twice"),
    (":size=1", "':size=1' names nothing; write NAME or NAME:key=value,key=value"),
  ])
  func `what cannot be taken is said with the way out`(text: String, message: String) {
    do {
      _ = try CatalogueTests.things.make(text, ())
      Issue.record("\(text) was taken")
    } catch {
      #expect(error.message == message)
    }
  }

  @Test func `near names are found and far ones are not`() {
    #expect(nearestNames(to: "windsped", among: ["windspeed", "hum", "temp"]) == ["windspeed"])
    #expect(nearestNames(to: "CNT", among: ["cnt", "hr"]) == ["cnt"])
    #expect(nearestNames(to: "zebra", among: ["cnt", "hr"]).isEmpty)
  }
}
