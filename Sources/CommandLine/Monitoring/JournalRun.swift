import Glibc
import Ingest
import Kernels
import Monitors
import Telemetry

/// One run of `weir monitor` over the journal of another run: says what stands in it of checks, alarms and health.
struct JournalRun {
  private let command: MonitorCommand
  private let patience: Int?
  private let descriptor: Int32

  /// Nil: the source is no journal.
  static func open(_ command: MonitorCommand, patience: Int?) throws -> JournalRun? {
    guard command.source != "-" else { return nil }
    var about = stat()
    guard stat(command.source, &about) == 0, about.st_mode & S_IFMT == S_IFREG else { return nil }
    let descriptor = Glibc.open(command.source, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    var start = [UInt8](repeating: 0, count: 64)
    let read = Glibc.read(descriptor, &start, start.count)
    let beginning = String(decoding: start[..<max(0, read)], as: UTF8.self)
    guard beginning.hasPrefix("{\"event\":0,\"kind\":\"start\"") else {
      close(descriptor)
      return nil
    }
    lseek(descriptor, 0, SEEK_SET)
    return JournalRun(command: command, patience: patience, descriptor: descriptor)
  }

  /// Reads to the end of the run, or of the file; the state that the exit code tells.
  func run() throws -> HealthState {
    defer { close(descriptor) }
    let interruption = Interruption.install()
    let out = try OutputFile(path: "-")
    var (state, gravest) = (HealthState.ok, HealthState.ok)
    var line: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var waited = 0
    var isOver = false
    while !isOver {
      let count = read(descriptor, &piece, piece.count)
      if count <= 0 {
        try out.flush()
        guard command.input.follow, !Interruption.hasCome(interruption) else { break }
        usleep(100_000)
        waited += 100
        if let patience, waited >= patience {
          Terminal.say("health: silent: the journal has not grown for \(command.silence ?? "")\n")
          return .silent
        }
        continue
      }
      waited = 0
      for byte in piece[..<count] {
        guard byte == UInt8(ascii: "\n") else {
          line.append(byte)
          continue
        }
        if let entry = try? JSONValue(parsing: String(decoding: line, as: UTF8.self)) {
          if let next = try tell(entry, out) { (state, gravest) = (next, gravest.graver(next)) }
          isOver = isOver || entry["kind"] == .string("end")
        }
        line.removeAll(keepingCapacity: true)
      }
    }
    try out.flush()
    if !command.quiet {
      Terminal.say("health: \(state.rawValue), at its gravest \(gravest.rawValue)\n")
    }
    return command.last ? state : gravest
  }

  /// Says what an entry has to tell; the state that it says the run is in.
  private func tell(_ entry: JSONValue, _ out: OutputFile) throws -> HealthState? {
    guard case .string(let kind)? = entry["kind"], let event = entry["event"]?.asInt else {
      return nil
    }
    switch kind {
    case "check":
      if case .string(let text)? = entry["text"], case .string(let check)? = entry["check"],
        case .string(let severity)? = entry["severity"]
      {
        try out.append("\(event)  \(severity): \(text) (\(check))\n")
      }
    case "health":
      guard case .string(let word)? = entry["state"], let state = HealthState(rawValue: word),
        case .string(let why)? = entry["why"]
      else { return nil }
      try out.append("\(event)  health: \(word): \(why)\n")
      return state
    default: break
    }
    return nil
  }
}
