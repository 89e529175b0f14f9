import ArgumentParser
import Monitors
import Telemetry

/// `weir monitor`: whether a stream, or a run by its journal, is in order.
struct MonitorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "monitor",
    abstract: "Watch a stream by every check without learning, or follow the journal of a run.",
    discussion: """
      EXAMPLES
        weir monitor today.csv --reference models@champion || page-someone
        weir monitor requests.fifo --follow --reference yesterday.profile.json --silence 30s
        weir monitor events.csv --reference-rows 5000 --journal findings.jsonl
        weir monitor decisions.jsonl --follow

      Without --reference the first events are it (--reference-rows). With --reference REGISTRY@REF columns
      have the roles that they had for that version.

      EXIT CODES: the gravest state that the stream was in
        0 ok · 1 data-broken · 2 model-wrong · 3 model-decaying · 4 program-broken · 5 silent
        64 usage · 65 the input cannot be used · 74 input or output failed
      """)

  @Argument(help: "A file, a named pipe, - for standard input, or the journal of weir learn.")
  var source = "-"
  @OptionGroup var input: WatchOptions
  @Option(
    help:
      "A check, NAME:key=value,… with action=note, alarm or retrain; the others stay as they are. Repeatable."
  )
  var check: [String] = []
  @Flag(help: "Only the checks that --check names.")
  var only = false
  @Option(help: "What the input is to be like: REGISTRY@REF, or what weir profile --json wrote.")
  var reference: String?
  @Option(help: "Without --reference: events that are it (1000).")
  var referenceRows: Int?
  @Option(
    help: "How long no event may come by the clock, such as 30s or 5m: then the stream is silent.")
  var silence: String?
  @Option(help: "Every finding and change of health as a line of JSON.")
  var journal: String?
  @Option(help: "One JSON object at the end.")
  var summary: String?
  @Flag(help: "The state at the end makes the exit code, not the gravest one.")
  var last = false
  @Flag(name: [.short, .long], help: "Say nothing on standard error but errors.")
  var quiet = false

  func run() throws {
    var state = HealthState.ok
    try reporting {
      let patience = try silence.map { try Silence.milliseconds($0) }
      try FileClash.refuse(
        reads: [source, reference], writes: [("--journal", journal), ("--summary", summary)])
      if let run = try JournalRun.open(self, patience: patience) {
        state = try run.run()
      } else {
        var run = try MonitorRun.open(self, patience: patience)
        state = try run.run()
      }
    }
    guard state == .ok else { throw ExitCode(state.exitCode) }
  }
}

extension HealthState {
  /// What `weir monitor` ends with.
  var exitCode: Int32 {
    switch self {
    case .ok: 0
    case .dataBroken: 1
    case .modelWrong: 2
    case .modelDecaying: 3
    case .programBroken: 4
    case .silent: 5
    }
  }

  /// The graver, the smaller.
  private var rank: Int {
    switch self {
    case .programBroken: 0
    case .silent: 1
    case .dataBroken: 2
    case .modelWrong: 3
    case .modelDecaying: 4
    case .ok: 5
    }
  }

  /// The graver of the two.
  func graver(_ other: HealthState) -> HealthState { other.rank < rank ? other : self }
}
