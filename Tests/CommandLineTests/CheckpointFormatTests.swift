import Foundation
import TestSupport
import Testing

/// Checkpoints of every released layout are read, and go on as they did when they were written.
///
/// `WEIR_WRITE_GOLDEN=1 swift test --filter CheckpointFormatTests` writes those of the present layout.
@Suite struct CheckpointFormatTests {
  private static let folder = Golden.project.appending(path: "Tests/Golden/checkpoints/1")
  private static let options = [
    "--target", "y", "--time", "t", "--category", "c", "--lag", "y=1,2h", "--mean", "y=c",
    "--cross",
    "c*x", "--interval", "0.8", "--detect", "loss=adwin", "--on-drift", "restart", "--model",
    "linear:optimizer=sgd,rate=0.02", "--quiet",
  ]

  /// Written once and kept: 600 rows.
  private static var events: String {
    var random = SplitMix(seed: 90)
    let rows = (0..<600).map { i in
      let (x, c) = (random.below(1000), random.below(4))
      let y = (i < 350 ? 2 * x : 900 - x) + 50 * c + random.below(9)
      return "\(3600 * i),\(x),k\(c),\(y)"
    }
    return "t,x,c,y\n" + rows.joined(separator: "\n") + "\n"
  }

  private func values(_ text: String) -> [Double] {
    text.split(separator: "\n").compactMap { Double($0) }
  }

  @Test func `a checkpoint of layout 1 goes on`() throws {
    let (state, said, journal) = (
      CheckpointFormatTests.folder.appending(path: "state.weir"),
      CheckpointFormatTests.folder.appending(path: "predictions.txt"),
      CheckpointFormatTests.folder.appending(path: "journal.jsonl")
    )
    let events = CheckpointFormatTests.events
    let half = events.split(separator: "\n", omittingEmptySubsequences: false).prefix(401)
    try Weir.inFolder { folder in
      if ProcessInfo.processInfo.environment["WEIR_WRITE_GOLDEN"] != nil {
        try FileManager.default.createDirectory(
          at: CheckpointFormatTests.folder, withIntermediateDirectories: true)
        let first = try Weir.run(
          ["learn", "--checkpoint", "state.weir"] + CheckpointFormatTests.options,
          input: Data(half.map { $0 + "\n" }.joined().utf8), in: folder)
        #expect(first.code == 0, "\(first.error)")
        try? FileManager.default.removeItem(at: state)
        try FileManager.default.copyItem(at: folder.appending(path: "state.weir"), to: state)
      } else {
        try FileManager.default.copyItem(at: state, to: folder.appending(path: "state.weir"))
      }
      let rest = try Weir.run(
        [
          "learn", "--checkpoint", "state.weir", "--resume", "--predictions", "p", "--journal", "j",
        ] + CheckpointFormatTests.options, input: Data(events.utf8), in: folder)
      #expect(rest.code == 0, "\(rest.error)")
      let now = try String(contentsOf: folder.appending(path: "p"), encoding: .utf8)
      let told = try String(contentsOf: folder.appending(path: "j"), encoding: .utf8)
      if ProcessInfo.processInfo.environment["WEIR_WRITE_GOLDEN"] != nil {
        try now.write(to: said, atomically: true, encoding: .utf8)
        try told.write(to: journal, atomically: true, encoding: .utf8)
      }
      let then = values(try String(contentsOf: said, encoding: .utf8))
      let found = values(now)
      #expect(then.count == 200 && found.count == 200)
      // Another machine's kernels may round otherwise.
      for (a, b) in zip(found, then) { #expect(abs(a - b) <= 1e-6 * max(1, abs(b))) }
      let kinds = { (text: String) in
        text.matches(of: #/"event":\d+,"kind":"[a-z-]+"/#).map { String($0.0) }
      }
      #expect(kinds(told) == kinds(try String(contentsOf: journal, encoding: .utf8)))
    }
  }
}
