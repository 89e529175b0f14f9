import ArgumentParser
import Glibc
import Ingest
import Kernels
import Telemetry

/// `weir replay`: a data set as a stream.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract:
      "Write a data set as a stream, as fast as possible or at a speed-up of its own clock.",
    discussion: """
      DATA SETS
      \(Datasets.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

      EXAMPLES
        weir replay bikes | weir learn --config Datasets/bikes/recipe.json
        weir replay bikes --speed 36000        ten hours of rentals a second
        weir replay log.csv --time timestamp --speed 1
        weir replay bikes --label-delay 24h --label-jitter 12h |
          weir learn --late-labels --id instant --target cnt --time dteday,hr
      """)

  @Argument(help: "A data set or a file.")
  var source: String
  @Option(help: "How many times faster than its own clock; without it, as fast as possible.")
  var speed: Double?
  @Option(
    help: "The columns that hold the clock of a file: a timestamp, or a date and an hour: A[,B].")
  var time: String?
  @Option(help: "Stop after so many events.")
  var limit: Int?
  @OptionGroup var late: LateReplayOptions

  func run() throws {
    try reporting {
      if let speed, !(speed > 0) {
        throw Failure(message: "--speed \(speed): expected more than 0", code: Exit.usage)
      }
      let known = Datasets.all.first { $0.name == source }
      let path = try known.map { try Datasets.path(of: $0) } ?? source
      var clock = time?.split(separator: ",").map(String.init) ?? known?.time ?? []
      let plan = try late.plan()
      let isTimed = plan?.isTimed ?? false
      if isTimed, clock.isEmpty {
        throw Failure(
          message: "--label-delay in time needs --time, the column with the clock", code: Exit.usage
        )
      }
      if speed == nil, !isTimed { clock = [] }
      guard speed == nil || !clock.isEmpty else {
        throw Failure(message: "--speed needs --time, the column with the clock", code: Exit.usage)
      }
      let interruption = Interruption.install()
      let bytes = try DescriptorSource.open(path: path, interruption: interruption)
      let out = try OutputFile(path: "-")
      if speed == nil, limit == nil, plan == nil {
        try copy(GzipSource(bytes), bytes.meter, to: out)
      } else {
        try pace(GzipSource(bytes), bytes.meter, clock, interruption, plan, known, to: out)
      }
    }
  }

  /// All bytes, unread.
  private func copy(
    _ bytes: GzipSource<DescriptorSource>, _ meter: InputMeter?, to out: OutputFile
  ) throws {
    var bytes = bytes
    var progress = WorkProgress("replaying \(source)", writes: true)
    defer { progress.finish() }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    defer { buffer.deallocate() }
    while case .bytes(let count) = try bytes.read(into: buffer, until: nil) {
      try out.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      progress.update(meter)
    }
    try out.flush()
  }

  /// Line by line, each when its time has come.
  private func pace(
    _ bytes: GzipSource<DescriptorSource>, _ meter: InputMeter?, _ clock: [String],
    _ interruption: Int32,
    _ plan: LateReplay.Plan?, _ known: Datasets.DataSet?, to out: OutputFile
  ) throws {
    var lines = try LineReplay.open(bytes, time: clock)
    let start = MonotonicTime.now()
    var firstTime: Double?
    var events = -1
    var replay: LateReplay?
    var progress = WorkProgress("replaying \(source)", writes: true)
    defer { progress.finish() }
    while case .line(let line, let time) = try lines.next() {
      if let speed, let time {
        if firstTime == nil { firstTime = time }
        let due = (time - (firstTime ?? time)) / speed * 1e9
        let left = due - Double(MonotonicTime.now().nanoseconds - start.nanoseconds)
        if left > 0 {
          try out.flush()
          if sleep(nanoseconds: left, interruption) { break }
        }
      }
      if let plan, events < 0 {
        let made = try delayed(plan, line, known)
        try out.append(made.header)
        replay = made
      } else if let text = try replay?.take(line, time: time) {
        try out.append(text)
      } else {
        try out.append(line)
      }
      events += 1
      progress.update(meter)
      if let limit, events >= limit { break }
    }
    if let text = replay?.finish() { try out.append(text) }
    try out.flush()
  }

  /// What makes labels late, once the header is known.
  private func delayed(
    _ plan: LateReplay.Plan, _ header: [UInt8], _ known: Datasets.DataSet?
  ) throws -> LateReplay {
    guard let target = late.target ?? known?.target else {
      throw Failure(
        message: "--label-delay needs --target, the label's column", code: Exit.usage)
    }
    let withheld = late.withhold?.split(separator: ",").map(String.init) ?? known?.withheld ?? []
    return try LateReplay(
      plan, header: header, target: target, id: late.id ?? known?.id, withheld: withheld)
  }

  /// Sleeps; true when the user asked for an end meanwhile.
  private func sleep(nanoseconds: Double, _ interruption: Int32) -> Bool {
    var watched = pollfd(fd: interruption, events: Int16(POLLIN), revents: 0)
    let milliseconds = Int32(min(nanoseconds / 1e6, 1e9).rounded(.up))
    return poll(&watched, 1, milliseconds) > 0
  }
}
