import ArgumentParser
import Batches
import Ingest
import Kernels
import Monitors
import Telemetry

/// `weir profile`: what the columns of an input are like, in one pass.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "What the columns of an input are like: one pass, memory that does not grow.",
    discussion: """
      EXAMPLES
        weir profile events.csv
        weir replay bikes | weir profile --target cnt --json > bikes.profile.json
        weir profile today.csv --against models@champion
        weir profile today.csv --against bikes.profile.json

      Numbers: moments exactly, quantiles within 2 % of the rows, distinct values within 10 %. Categories: how often the
      most frequent came, with bounds. A profile is what --reference of learn and monitor reads.
      """)

  @Argument(help: "A file, a named pipe, or - for standard input.")
  var source = "-"
  @OptionGroup var input: WatchOptions
  @Flag(help: "One JSON object, which --reference and --against read.")
  var json = false
  @Option(help: "Compare with a version, REGISTRY@REF, or another profile.")
  var against: String?

  func run() throws {
    try reporting {
      let reference = try against.map { try ReferenceOrigin.load($0) }
      let interruption = Interruption.install()
      let bytes = try DescriptorSource.open(
        path: source, interruption: interruption, inputEndsByItself: interruption >= 0,
        follows: input.follow)
      let meter = bytes.meter
      var events = try EventSource.open(GzipSource(bytes), try input.ingest(like: against))
      events.watchInput()
      var recorder = ProfileRecorder(events.inputColumns, sketchedRows: 0)
      var rows = ReadAhead(events, rows: 256, isAhead: true)
      var progress = WorkProgress("reading \(source)")
      defer { progress.finish() }
      var batch = MicroBatch(capacity: 256, denseWidth: rows.schema.denseWidth)
      while true {
        batch.removeAll()
        let outcome = try rows.fill(&batch, upTo: nil)
        recorder.observe(batch, 0..<batch.count)
        progress.update(meter)
        guard outcome == .full || outcome == .late else { break }
      }
      rows.close()
      let profile = recorder.profile.reference
      let out = try OutputFile(path: "-")
      if let reference {
        let page = ProfileComparison(before: reference, after: profile)
        try out.append(json ? page.json.indented() + "\n" : page.text)
      } else {
        try out.append(json ? profile.json.indented() + "\n" : ProfilePage(profile).text)
      }
      try out.flush()
    }
  }
}
