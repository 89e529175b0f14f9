package import Telemetry

/// What a journal tells of a run, in bounded memory but for the places of its alarms and reactions.
package struct RunHistory: Sendable {
  /// An entry as it was told.
  package struct Entry: Sendable {
    package let event: Int
    package let kind: String
    package let value: JSONValue

    package subscript(key: String) -> JSONValue? { value[key] }
  }

  /// How many entries there are of a kind.
  package struct Count: Sendable {
    package let kind: String
    fileprivate let bytes: [UInt8]
    fileprivate let shelf: Shelf
    package fileprivate(set) var count = 0
  }

  /// What becomes of the entries of a kind.
  fileprivate enum Shelf: Sendable {
    case start, end, scores, alarm, cause, reaction, importance, check, health
    /// Numbers over time: some of them are enough.
    case spread
    case other
  }

  /// Entries that are kept whole of each kind.
  private static let mostKept = 2000
  private static let mostKinds = 200

  package private(set) var start: Entry?
  package private(set) var end: Entry?
  package private(set) var lastEvent = 0
  package private(set) var lines = 0
  /// Lines that are no entries, and the number of the first, from 1.
  package private(set) var unreadable = 0
  package private(set) var firstUnreadable: Int?
  package private(set) var counts: [Count] = []
  package private(set) var alarms = AlarmLog()
  package private(set) var scores = ScoreHistory()
  package private(set) var causes: [Entry] = []
  /// What was done about drifts, and what came of it, promotions among them.
  package private(set) var reactions: [Entry] = []
  package private(set) var checks: [Entry] = []
  package private(set) var health: [Entry] = []
  package private(set) var importances = Spread<Entry>(most: 512)
  private var spreads: [String: Spread<Entry>] = [:]
  /// The first entries of all other kinds.
  package private(set) var others: [Entry] = []
  private var lastPlace = 0

  package init() {}

  package func count(_ kind: String) -> Int { counts.first { $0.kind == kind }?.count ?? 0 }

  /// Some of the entries of a kind that tells numbers over time.
  package func series(_ kind: String) -> [Entry] { spreads[kind]?.kept ?? [] }

  /// Takes an entry of a run that is going on.
  package mutating func take(_ entry: JournalEntry) {
    var text = entry.json.text
    text.withUTF8 { take(line: UnsafeRawBufferPointer($0)) }
  }

  /// Takes a line, without its end.
  package mutating func take(line: UnsafeRawBufferPointer) {
    lines += 1
    guard line.contains(where: { $0 > 0x20 }) else { return }
    guard let (event, kind) = RunHistory.heading(line) else { return refuse() }
    let place = place(of: kind)
    counts[place].count += 1
    lastEvent = max(lastEvent, event)
    file(line, event, counts[place])
  }

  /// Passes over a line that is too long to be looked at.
  mutating func passOver() {
    lines += 1
    refuse()
  }

  private mutating func refuse() {
    unreadable += 1
    if firstUnreadable == nil { firstUnreadable = lines }
  }

  /// The event and the kind of an entry, which are its first members as a rule.
  private static func heading(
    _ line: UnsafeRawBufferPointer
  ) -> (Int, UnsafeRawBufferPointer)? {
    // A line that was cut off has no end.
    guard let last = line.last(where: { $0 > 0x20 }), last == UInt8(ascii: "}"),
      var walk = ObjectWalk(line)
    else { return nil }
    var (event, kind): (Int?, UnsafeRawBufferPointer?)
    while let member = walk.next() {
      if member.name.isText("event") { event = member.value.whole }
      if member.name.isText("kind"), member.value.count >= 2, member.value[0] == UInt8(ascii: "\"")
      {
        kind = .init(rebasing: member.value[1..<member.value.count - 1])
      }
      if let event, let kind { return event >= 0 ? (event, kind) : nil }
    }
    return nil
  }

  private mutating func place(of kind: UnsafeRawBufferPointer) -> Int {
    if lastPlace < counts.count, kind.isText(counts[lastPlace].bytes) { return lastPlace }
    let found = counts.firstIndex { kind.isText($0.bytes) }
    if found == nil {
      let isTooMany = counts.count >= RunHistory.mostKinds
      let name = isTooMany ? Array("other kinds".utf8) : Array(kind)
      let text = name.withUnsafeBytes { plain($0) }
      if let place = counts.firstIndex(where: { $0.bytes == name }) { return place }
      counts.append(Count(kind: text, bytes: name, shelf: RunHistory.shelf(of: text)))
    }
    lastPlace = found ?? counts.count - 1
    return lastPlace
  }

  private static func shelf(of kind: String) -> Shelf {
    switch kind {
    case "start": .start
    case "end": .end
    case "scores": .scores
    case "alarm": .alarm
    case "cause": .cause
    case "window-reset", "retrain", "retrain-failed", "restart", "kept", "undone", "promotion",
      "rollback", "challenger-started", "challenger-ended", "shadow-better", "comparison":
      .reaction
    case "importance": .importance
    case "check": .check
    case "health": .health
    case "latency", "group", "group-gap", "estimate", "decay": .spread
    default: .other
    }
  }

  private mutating func file(_ line: UnsafeRawBufferPointer, _ event: Int, _ count: Count) {
    func entry() -> Entry? {
      (try? JSONValue(parsing: line.text)).map { Entry(event: event, kind: count.kind, value: $0) }
    }
    func keep(_ entries: inout [Entry], most: Int = RunHistory.mostKept) {
      if entries.count < most, let entry = entry() { entries.append(entry) }
    }
    switch count.shelf {
    case .start: if start == nil { start = entry() }
    case .end: end = entry()
    case .scores: scores.take(line, event: event)
    case .alarm: alarms.take(line, event: event)
    case .cause: keep(&causes)
    case .reaction: keep(&reactions)
    case .check: keep(&checks)
    case .health: keep(&health)
    case .importance: importances.append(entry)
    case .spread: spreads[count.kind, default: Spread(most: 2048)].append(entry)
    case .other: keep(&others, most: 200)
    }
  }
}

extension RunHistory.Entry {
  /// A text among the members; nil where there is none.
  package func text(_ key: String) -> String? {
    if case .string(let text)? = value[key] { return text }
    return nil
  }

  /// A number among the members.
  package func number(_ key: String) -> Double? { value[key]?.number }

  package func whole(_ key: String) -> Int? {
    if case .int(let whole)? = value[key] { return whole }
    return nil
  }
}

extension JSONValue {
  /// A number, however it was written.
  var number: Double? {
    switch self {
    case .int(let whole): Double(whole)
    case .double(let number): number
    default: nil
    }
  }

  var texts: [String] {
    guard case .array(let values) = self else { return [] }
    return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
  }

  var numbers: [Double] {
    guard case .array(let values) = self else { return [] }
    return values.compactMap(\.number)
  }
}
