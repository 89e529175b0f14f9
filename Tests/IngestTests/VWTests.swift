import Batches
import TestSupport
import Testing

@testable import Ingest

@Suite struct VWTests {
  private func plain(_ change: (inout IngestOptions) -> Void = { _ in }) -> IngestOptions {
    var options = IngestOptions()
    change(&options)
    return options
  }

  private func place(_ name: String, in space: String = "", bits: Int = 18) -> String {
    let scratch = Scratch()
    let number = FeatureHash.space(scratch.piece(Array(space.utf8)))
    let field = scratch.piece(Array(name.utf8))
    let hash = FeatureHash.number(field, first: FeatureHash.word(field), space: number)
    return "#\(hash & (1 << UInt64(bits) - 1))"
  }

  @Test func `label, importance, tag, namespaces, scales and values`() throws {
    let taken = try take(
      """
      1 2 'first|a x:1.5 word |b:0.5 y:4 z
      -1 |a x:2 other:3|b y:-1e1
      0.5 second|a x:2 |b y:1
      |a x:3 |b y:2
      """, plain { $0.task = .regression })
    #expect(taken.names == ["a^x", "b^y"])
    #expect(taken.dense == [[1.5, 2], [2, -10], [2, 1], [3, 2]])
    #expect(
      taken.sparse == [
        [place("word", in: "a"): 1, place("z", in: "b"): 0.5], [place("other", in: "a"): 3], [:],
        [:],
      ])
    #expect(taken.targets.map { "\($0)" } == ["1.0", "-1.0", "0.5", "nan"])
    #expect(taken.weights == [2, 1, 1, 1])
    #expect(taken.ids == ["first", "", "second", ""])
    #expect(taken.refusals.isEmpty)
  }

  @Test(arguments: [
    ("1 |f a:1\n-1 |f a:2\n", Task.binary, ["-1", "1"]),
    ("0 |f a:1\n1 |f a:2\n", .binary, ["0", "1"]), ("3 |f a:1\n1.5 |f a:2\n", .regression, []),
    ("red |f a:1\nblue |f a:2\ngreen |f a\n", .multiclass, ["red", "blue", "green"]),
  ]) func `the task follows from the labels`(text: String, task: Task, classes: [String]) throws {
    let taken = try take(text, plain { $0.format = "vw" })
    #expect(taken.task == task)
    #expect(taken.classes == classes)
  }

  @Test func `a column is a number given in half of the rows, or what an option names`() throws {
    let text = "1 | a:1 b:7 word c:1\n2 | a:1 word\n3 | word a:1 b:2\n4 | word a:1\n"
    let taken = try take(text, plain())
    #expect(taken.names == ["a", "b"])
    #expect(taken.dense == [[1, 7], [1, 0], [1, 2], [1, 0]])
    #expect(taken.sparse[0] == [place("word"): 1, place("c"): 1])
    let named = try take(text, plain { $0.number = ["c", "word"] })
    #expect(named.names == ["a", "b", "word", "c"])
    #expect(named.dense[0] == [1, 7, 1, 1])
    let category = try take(
      text,
      plain {
        $0.category = ["b"]
        $0.ignore = ["a"]
      })
    #expect(category.names == [])
    #expect(category.sparse[1]["b=0"] == 1)
    #expect(category.sparse[0] == ["b=7": 1, place("word"): 1, place("c"): 1])
  }

  @Test func `a target of another name, and one that is a feature`() throws {
    let text = "1 |f a:1 b:2\n2 |f a:3 b:4\n5 |f a:5 b:6\n"
    let renamed = try take(text, plain { $0.target = "y" })
    #expect(renamed.names == ["a", "b"])
    #expect(renamed.targets == [1, 2, 5])
    let feature = try take(text, plain { $0.target = "b" })
    #expect(feature.names == ["label", "a"])
    #expect(feature.targets == [2, 4, 6])
  }

  @Test func `an index that stands twice has the sum of its values`() throws {
    let taken = try take("1 |f x y:2 x:3 x\n1.5 |f a x\n2 |f a a\n3 |f b\n", plain())
    #expect(taken.sparse[0] == [place("x", in: "f"): 5, place("y", in: "f"): 2])
    #expect(taken.sparse[2] == [place("a", in: "f"): 2])
    let dense = try take("1 | x:1 x:2\n2 | x:3\n3 | x:4 x:-4\n", plain())
    #expect(dense.dense == [[3], [3], [0]])
    let crowded = try take(
      "1 |f " + (0..<50).map { "w\($0)" }.joined(separator: " ") + "\n", plain { $0.hashBits = 1 })
    #expect(crowded.sparse[0].values.reduce(0, +) == 50)
    #expect(crowded.sparse[0].count == 2)
  }

  @Test(arguments: [
    ("1 a:1", "line 3 (byte 23): expected a | before the features, found nothing"),
    ("1 2 3 |f a:1", "line 3 (byte 23): expected a base of 0, found '3'"),
    ("1 |f a:x", "line 3 (byte 23), column a: expected a number, found 'x'"),
    ("1 |f a:", "line 3 (byte 23), column a: expected a number, found nothing"),
    ("1 |f a:1:2", "line 3 (byte 23), column a: expected a number, found '1:'"),
    ("1 |f q:inf", "line 3 (byte 23), column q: expected a finite number, found 'inf'"),
    ("1 |f q:nan", "line 3 (byte 23), column q: expected a number, found 'nan'"),
    ("1 |f q:1e999", "line 3 (byte 23), column q: expected a finite number, found '1e999'"),
    ("1 |f q:1e308 q:1e308", "line 3 (byte 23), column q: expected a finite number, found '1e308'"),
    ("1 |f a:1e308 a:1e308", "line 3 (byte 23), column a: expected a finite number, found '1e308'"),
    ("1 |f :3", "line 3 (byte 23): expected a feature's name, found ':3'"),
    ("1 |f:x a:1", "line 3 (byte 23): expected a number as the scale of a namespace, found 'f:x'"),
    ("x |f a:1", "line 3 (byte 23), column label: expected a number, found 'x'"),
    ("1 -2 |f a:1", "line 3 (byte 23), column weight: expected a weight of at least 0, found -2.0"),
    ("1 'tag 2 |f", "line 3 (byte 23): expected a | after the tag, found '2 |f'"),
  ]) func `a bad row is refused for what it is`(line: String, message: String) throws {
    let taken = try take(
      "1.5 |f a:1\n\n2.5 |f a:2\n".replacingOccurrences("\n\n", "\n ") + line + "\n3 |f a:3\n",
      plain { $0.task = .regression })
    #expect(taken.samples.map(\.message) == [message])
  }

  @Test func `nothing of a bad row is remembered`() throws {
    let good = "1 |f a:1 u\n0 |f a:2 v\n1 |f u a:3\n"
    let bad = "1 |f a:1 u\n1 |f a:9 u:x\n0 |f a:2 v\n1 |f a:7 w:1e400 z\n1 |f u a:3\n"
    let (clean, dirty) = (try take(good, plain()), try take(bad, plain()))
    #expect(clean.dense == dirty.dense)
    #expect(clean.sparse == dirty.sparse)
    #expect(dirty.refusals == [.notANumber: 1, .notFinite: 1])
  }

  @Test func `the order of the features changes no column`() throws {
    var random = SplitMix(seed: 9)
    let names = (0..<12).map { $0 % 3 == 0 ? "a_rather_long_name_\($0)" : "f\($0)" }
    var rows: [String] = []
    var expected: [[Double]] = []
    for _ in 0..<50 {
      let values = names.map { _ in Double(random.below(1000)) / 8 }
      expected.append(values)
      var order = Array(names.indices)
      if !rows.isEmpty { for k in order.indices { order.swapAt(k, random.below(order.count)) } }
      rows.append("1 |n " + order.map { "\(names[$0]):\(values[$0])" }.joined(separator: " "))
    }
    let taken = try take(rows.joined(separator: "\n"), plain())
    #expect(taken.names == names)
    #expect(taken.dense == expected)
  }

  /// Hashes are part of what a model is: they stay.
  @Test func `a feature's place stays what it is, and places are spread as by chance`() throws {
    #expect(place("a") == "#27779")
    #expect(place("12345678", in: "f") == "#128273")
    #expect(place("a feature of more than sixteen bytes", in: "user") == "#7969")
    for names in [
      (0..<100_000).map { "\($0)" }, (0..<100_000).map { "word\($0)" },
      (0..<100_000).map { "a_long_prefix_of_words_\($0)" },
    ] {
      let used = Set(names.map { place($0, in: "w") }).count
      // n balls into m places leave m·(1 − e^(−n/m)) of them used, ± some 120.
      #expect(abs(used - 83_098) < 500, "\(names[0])")
    }
  }

  @Test func `more features of half the rows than there may be columns`() throws {
    let row = (0..<(FeatureSample.mostColumns + 10)).map { "x\($0):1.5" }.joined(separator: " ")
    let taken = try take("1 | \(row)\n2 | \(row)\n", plain())
    #expect(taken.names.count == FeatureSample.mostColumns)
    #expect(taken.sparse[0].count == 10)
  }
}

extension String {
  /// Every piece replaced, without Foundation.
  fileprivate func replacingOccurrences(_ piece: String, _ other: String) -> String {
    split(separator: piece, omittingEmptySubsequences: false).joined(separator: other)
  }
}
