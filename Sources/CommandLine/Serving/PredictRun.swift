import Batches
import Engine
import Ingest
import Kernels
import Learners
import Telemetry

/// One run of `weir predict`: pulls batches, predicts them, writes, and follows aliases as they move.
struct PredictRun {
  private let command: PredictCommand
  private let servers: [Server]
  private var input: SplitInput?
  private let file: PredictionFile
  private let summary: OutputFile?
  private var account: ServingAccount
  private var watch: ServingWatch
  private var meter: LatencyMeter?
  private let started = MonotonicTime.now()

  /// Opens everything: what cannot work is said before the first event is read.
  init(_ command: PredictCommand) throws {
    guard !command.latency || command.split.isEmpty else {
      throw Failure(
        message: "--latency is for one version: leave out --split", code: Exit.usage)
    }
    meter = command.latency ? LatencyMeter() : nil
    let wish = try SplitWish(from: command.origin, splits: command.split, salt: command.salt)
    let interruption = Interruption.install()
    let servers = try wish.origins.enumerated().map { place, name in
      try Server(
        name, share: wish.share(place), maxDelay: command.maxDelay, stamps: command.latency)
    }
    let bytes = try DescriptorSource.open(
      path: command.source, interruption: interruption, inputEndsByItself: interruption >= 0,
      follows: command.follow)
    let lead = servers[0]
    try lead.branch.source.serve(GzipSource(bytes))
    for server in servers.dropFirst() {
      do {
        try server.branch.source.readAlike(lead.branch.source)
      } catch {
        throw Failure(
          message: "--split \(server.name): \(error.message)", code: Failure(error).code)
      }
    }
    file = try PredictionFile(path: command.predictions)
    summary = try command.summary.map { try OutputFile(path: $0) }
    let isSplit = servers.count > 1
    input = isSplit ? SplitInput(TrafficSplit(shares: wish.shares, salt: wish.salt)) : nil
    account = ServingAccount(task: lead.branch.source.schema.task, isSplit: isSplit)
    for (place, server) in servers.enumerated() { account.begin(server.version, place: place) }
    watch = try ServingWatch(command)
    if !isSplit { try watch.begin(lead) }
    (self.command, self.servers) = (command, servers)
  }

  mutating func run() throws {
    let lead = servers[0]
    while true {
      // Looked at before an event is read: what comes after a move is predicted by the new version.
      while try !lead.branch.source.isReady(milliseconds: PredictRun.patience) { try follow() }
      try follow()
      let outcome = try input?.fill(servers.map(\.branch)) ?? lead.branch.fill()
      if input == nil { try answer() } else { try answerInTurn() }
      guard outcome == .full || outcome == .late else { break }
    }
    try finish()
  }

  /// How long a quiet stream is waited for before the aliases are looked at.
  private static let patience = 100

  /// Predicts a batch that one version answers.
  private mutating func answer() throws {
    let server = servers[0]
    let count = server.branch.batch.count
    guard count > 0 else {
      return try watch.observe(server.branch.batch, 0..<0, firstEvent: account.events)
    }
    let taken = meter?.now() ?? 0
    server.predict()
    let predicted = meter?.now() ?? 0
    let predictor = server.predictor
    try file.append(
      server.branch.batch, predictor.predictions, firstEvent: account.events,
      versions: Array(repeating: server.version, count: count),
      intervals: predictor.intervals, task: server.branch.source.schema.task,
      classes: server.branch.source.classNames)
    if let written = meter?.now() {
      meter?.record(
        LatencyMeter.Stamps(
          arrived: server.branch.batch.arrived, filled: server.branch.batch.filled, taken: taken,
          learned: predicted, written: written), events: count)
    }
    // What is no event was not asked for: a label of a row before.
    if (0..<count).allSatisfy({ server.branch.batch.ticket($0).isEvent }) {
      try watch.observe(server.branch.batch, 0..<count, firstEvent: account.events)
      account.take(server.branch.batch, 0..<count, predictor.predictions, place: 0)
    } else {
      for row in 0..<count where server.branch.batch.ticket(row).isEvent {
        try watch.observe(server.branch.batch, row..<row + 1, firstEvent: account.events)
        account.take(server.branch.batch, row..<row + 1, predictor.predictions, place: 0)
      }
    }
  }

  /// Predicts a batch whose events are answered by one version or the other. Each predicts all of it, as it would alone.
  private mutating func answerInTurn() throws {
    guard let answers = input?.answers, !answers.isEmpty else { return }
    for server in servers { server.predict() }
    let task = servers[0].branch.source.schema.task
    let classes = servers.map { $0.branch.source.classNames }
    for answer in answers {
      let server = servers[answer.place]
      let (row, predictor) = (answer.row, server.predictor)
      try file.append(
        server.branch.batch, row, predictor.predictions, event: account.events,
        version: server.version, origin: server.name,
        interval: predictor.intervals.isEmpty ? nil : predictor.intervals[row],
        task: task, classes: classes[answer.place])
      account.take(
        server.branch.batch, row..<row + 1, predictor.predictions, place: answer.place)
    }
    try file.file.flush()
  }

  /// Has versions take over that aliases point at now, where these have moved.
  private mutating func follow() throws {
    for (place, server) in servers.enumerated() {
      let before = server.version
      guard let text = try server.follow(servers[0]) else { continue }
      say((servers.count > 1 ? "\(server.name): " : "") + "from event \(account.events) \(text)")
      if server.version != before { account.begin(server.version, place: place) }
      if servers.count == 1 { try watch.begin(server) }
    }
  }

  private func say(_ text: String) {
    if !command.quiet { Terminal.say("\(text)\n") }
  }

  private mutating func finish() throws {
    for server in servers { server.branch.source.close() }
    let seconds = Double(MonotonicTime.now().nanoseconds - started.nanoseconds) / 1e9
    let refused = servers.reduce(0) { $0 + $1.branch.source.refusals.total }
    let json = JSONValue.members(
      [
        ("events", .int(account.events)), ("refused", .int(refused)),
        ("seconds", .double(seconds)), ("model", .string(servers[0].predictor.name)),
      ] + account.json(servers) + watch.members
        + (meter.map { [("latency", $0.json)] } ?? []))
    try summary?.append(json.indented() + "\n")
    try summary?.flush()
    let metrics = account.metrics.map { "\($0.name) \(Figure.text($0.value))" }
    say(
      "\(account.events) events predicted by \(predictors), \(refused) refused"
        + (metrics.isEmpty ? "" : "; " + metrics.joined(separator: ", "))
        + (meter.map { "\n" + $0.lines.joined(separator: "\n") } ?? ""))
  }

  /// Who predicted, in words.
  private var predictors: String {
    guard servers.count > 1 else {
      return "version " + account.reigns.map { "\($0.version)" }.joined(separator: ", ")
    }
    return servers.enumerated().map { place, server in
      let versions = account.reigns.filter { $0.place == place }.map { "\($0.version)" }
      let events = account.events(place)
      return "\(server.name) (version \(versions.joined(separator: ", "))): \(events)"
    }.joined(separator: ", ")
  }
}
