import Batches
import Foundation
import Kernels
import TestSupport
import Testing

@testable import Ingest

@Suite struct SourceTests {
  static let csv = #"""
    name,a,t,y
    "quoted, ""twice""",1.5,2012-01-01,3
    plain,,2012-01-02,4
    "two
    lines",-2e-3,2012-01-03T10:00:00Z,5
    bad,x,2012-01-04,6
    short,1
    last,17.25,2012-01-05,7
    """#
  static let json = #"""
    {"name":"a","a":1.5,"y":3}
    {"a":-2,"name":"\u00e9","y":4}
    {"name":"x","a":"no","y":4}
    {"broken
    {"name":"z","y":5,"a":null}
    """#

  static let vw = #"""
    3 |f a:1.5 word other:2
    4 2 'tag|f a:-2e-3 |g:2 word:7 a:1
    |f word a:4
    no bar
    5 |f a:x
    6.5 |f a:1 a_feature_with_a_long_name a_feature_with_a_long_name
    """#
  static let libsvm = #"""
    3 1:1.5 900000:2
    4 qid:7 1:-2e-3 8:1 # and so on
    1:4 5:1
    5 x:1
    6 1:x
    7.5 1:1 12:3 12:4
    """#
  static let arff = #"""
    % A comment
    @relation 'some rows'
    @attribute name {'a, b',"c",d}
    @attribute a numeric
    @attribute y real
    @data
    'a, b',1.5,3
    c, ? ,4
    % between
    'd',-2e-3,5
    {0 d, 1 3}
    d,x,6
    "c",17.25,7
    """#

  /// Names the target where rows have no names for it.
  private func wish(_ text: String) -> IngestOptions {
    var wish = wish()
    if text == SourceTests.vw || text == SourceTests.libsvm {
      wish.number = ["y"]
      wish.format = text == SourceTests.vw ? "vw" : "libsvm"
    }
    return wish
  }

  private func wish() -> IngestOptions {
    options(target: "y") {
      $0.number = ["a", "y"]
      $0.lags = ["y=1"]
    }
  }

  @Test func `any split of the bytes gives the same records`() throws {
    for text in [
      SourceTests.csv, SourceTests.json, SourceTests.vw, SourceTests.libsvm, SourceTests.arff,
    ] {
      let wish = wish(text)
      let whole = try take(text, wish)
      #expect(whole.targets.count >= 3)
      for size in 1...text.utf8.count {
        #expect(try take(text, wish, pieces: [size]) == whole, "pieces of \(size)")
      }
      var random = SplitMix(seed: 12)
      for _ in 0..<200 {
        let pieces = (0..<9).map { _ in 1 + random.below(40) }
        #expect(
          try take(text, wish, pieces: pieces, batch: 1 + random.below(5)) == whole, "\(pieces)")
      }
    }
  }

  /// Random damage to good input: nothing crashes, hangs or is taken twice. Seeds are in the message.
  @Test(arguments: [csv, json, vw, libsvm, arff]) func `fuzzed input never crashes`(text: String)
    throws
  {
    let original = Array(text.utf8)
    let alphabet =
      Array("\",\n\r{}[]:0123456789.eE-+\\untf \u{0}|#'%@?\t".utf8) + [0xFF, 0xC3, 0xEF]
    for seed in 0..<3000 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      var bytes = original
      for _ in 0...random.below(8) {
        let at = random.below(bytes.count)
        switch random.below(4) {
        case 0: bytes[at] = alphabet[random.below(alphabet.count)]
        case 1: bytes.insert(alphabet[random.below(alphabet.count)], at: at)
        case 2: bytes.remove(at: at)
        default: bytes.replaceSubrange(at..., with: bytes[random.below(bytes.count)...])
        }
        if bytes.isEmpty { bytes = original }
      }
      let records = bytes.count { $0 == 0x0A } + 1
      do {
        let taken = try take(bytes, wish(text), pieces: [1 + random.below(50)])
        let total = taken.targets.count + taken.refusals.values.reduce(0, +)
        #expect(total <= records, "seed \(seed)")
        #expect(taken.dense.allSatisfy { $0.allSatisfy { $0.isFinite } }, "seed \(seed)")
      } catch is IngestError {
        continue
      }
    }
  }

  /// Fails at the n-th read.
  struct FailingSource: ByteSource {
    var base: MemorySource
    var left: Int

    mutating func read(
      into buffer: UnsafeMutableRawBufferPointer, until deadline: MonotonicTime?
    ) throws(IngestError) -> ReadOutcome {
      guard left > 0 else { throw .cannotRead(reason: "it broke") }
      left -= 1
      return try base.read(into: buffer, until: deadline)
    }
  }

  @Test func `a read that fails, whichever it is, ends the run with its reason`() {
    let bytes = Array(SourceTests.csv.utf8)
    for reads in 0..<(bytes.count / 9 + 1) {
      #expect(throws: IngestError.cannotRead(reason: "it broke"), "read \(reads)") {
        let source = FailingSource(base: MemorySource(bytes, pieces: [9]), left: reads)
        _ = try take(source, wish())
      }
    }
  }

  /// Says "late" before every piece, as a slow pipe does.
  struct SlowSource: ByteSource {
    var base: MemorySource
    var isLate = false

    mutating func read(
      into buffer: UnsafeMutableRawBufferPointer, until deadline: MonotonicTime?
    ) throws(IngestError) -> ReadOutcome {
      isLate.toggle()
      if isLate, deadline != nil { return .late }
      return try base.read(into: buffer, until: deadline)
    }
  }

  @Test func `a slow writer changes no row`() throws {
    let text = "a,y\n" + (0..<50).map { "\($0),\(Double($0) / 2)" }.joined(separator: "\n") + "\n"
    let whole = try take(text, options(target: "y"))
    let slow = SlowSource(base: MemorySource(Array(text.utf8), pieces: [5, 11]))
    #expect(try take(slow, options(target: "y")) == whole)
  }

  @Test func `a slow pipe gets its batch when it is late`() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    defer { ends.forEach { close($0) } }
    func send(_ text: String) { _ = text.withCString { write(ends[1], $0, strlen($0)) } }
    send("a,y\n1,2\n3,4\n")
    var events = try EventSource.open(
      DescriptorSource(descriptor: ends[0]), options(target: "y") { $0.delayMilliseconds = 5 })
    var batch = MicroBatch(capacity: 100, denseWidth: 1)
    #expect(try events.fill(&batch, upTo: nil) == .late)
    #expect(batch.count == 2)
    send("5,6\n")
    batch.removeAll()
    #expect(try events.fill(&batch, upTo: nil) == .late)
    #expect(batch.count == 1)
  }

  @Test func `gzip is read as it is, member after member, and damage is named`() throws {
    let plain = Array("a,y\n1,2.5\n3,4\n".utf8)
    let folder = FileManager.default.temporaryDirectory.appending(path: "weir-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "x.csv")
    try Data(plain).write(to: file)
    let zip = Process()
    zip.executableURL = URL(filePath: "/bin/gzip")
    zip.arguments = [file.path]
    try zip.run()
    zip.waitUntilExit()
    let packed = [UInt8](try Data(contentsOf: folder.appending(path: "x.csv.gz")))
    for pieces in [[], [1], [3, 7]] {
      let taken = try take(GzipSource(MemorySource(packed, pieces: pieces)), options(target: "y"))
      #expect(taken.targets == [2.5, 4])
    }
    let unchanged = try take(GzipSource(MemorySource(plain, pieces: [1])), options(target: "y"))
    #expect(unchanged.targets == [2.5, 4])
    let twice = try take(
      GzipSource(MemorySource(packed + packed)),
      options(target: "y") {
        $0.number = ["a", "y"]
        $0.task = .regression
      })
    #expect(twice.targets == [2.5, 4, 2.5, 4])
    #expect(throws: IngestError.damagedCompression(reason: "it ends in the middle")) {
      _ = try take(GzipSource(MemorySource(Array(packed.dropLast(9)))), options(target: "y"))
    }
  }
}
