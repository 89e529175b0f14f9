import Monitors
import Registry
import Telemetry

/// A version with the names that point at it, as text and as JSON.
struct VersionText {
  let version: ModelVersion
  /// Aliases that point at it.
  let aliases: [String]

  private var record: VersionRecord { version.record }

  /// What a field that holds JSON text says; text that is none is shown as it stands.
  static func value(_ text: String) -> JSONValue {
    (try? JSONValue(parsing: text)) ?? .string(text)
  }

  private static func value(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

  /// The version without what is long.
  var brief: [(String, JSONValue)] {
    [
      ("version", .int(version.number)), ("parent", record.parent.map { .int($0) } ?? .null),
      ("created", .string(record.created)), ("model", .string(record.model)),
      ("reason", .string(record.reason)), ("evidence", VersionText.value(record.evidenceJSON)),
      (
        "events",
        record.events.map { .array([.int($0.lowerBound), .int($0.upperBound)]) } ?? .null
      ),
      (
        "times",
        record.times.map { .array([.double($0.lowerBound), .double($0.upperBound)]) } ?? .null
      ),
      ("learned", .int(record.learned)), ("source", VersionText.value(record.source)),
      ("dataHash", VersionText.value(record.dataHash)),
      ("key", VersionText.value(record.key)),
      ("scores", VersionText.value(record.scoresJSON)),
      ("aliases", .array(aliases.map { .string($0) })),
      (
        "tags",
        .members(version.tags.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
      ),
      ("sha256", .string(version.blob)), ("bytes", .int(version.size)),
      ("pruned", VersionText.value(version.pruned)),
    ]
  }

  /// All that the registry has of it: its manifest.
  var json: JSONValue {
    .members(
      brief + [
        ("configuration", VersionText.value(record.configurationJSON)),
        ("schema", VersionText.value(record.schemaJSON)),
        ("profile", VersionText.value(record.profileJSON)),
        ("software", VersionText.value(record.softwareJSON)),
      ])
  }

  /// Aliases and tags, and whether the snapshot is gone.
  var names: String {
    let tags = version.tags.sorted { $0.key < $1.key }
      .map { $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)" }
    return (aliases + tags + (version.pruned == nil ? [] : ["(pruned)"])).joined(separator: ", ")
  }

  var events: String {
    record.events.map { "\($0.lowerBound)–\($0.upperBound)" } ?? ""
  }

  var times: String {
    guard let times = record.times, abs(times.lowerBound) < 1e11, abs(times.upperBound) < 1e11
    else { return "" }
    return "\(UTCTime.text(Int(times.lowerBound))) to \(UTCTime.text(Int(times.upperBound)))"
  }

  /// The first score there is, by its name.
  var firstScore: String {
    let leaf = JSONLeaves(VersionText.value(record.scoresJSON)).leaves.first { $0.number != nil }
    guard let leaf, let number = leaf.number else { return "" }
    return "\(leaf.path) \(Figure.text(number))"
  }

  /// The page.
  func page(moves: [AliasMove]) -> String {
    var lines: [(String, String)] = [
      ("model", record.model),
      (
        "made",
        "\(record.created), \(record.reason)"
          + (record.parent.map { ", from version \($0)" } ?? "")
      ),
    ]
    if let events = record.events { lines.append(("events", "\(self.events) (\(events.count))")) }
    if record.learned > 0 { lines.append(("learned", "\(record.learned) rows by then")) }
    if !times.isEmpty { lines.append(("times", times)) }
    let data = [record.source, record.dataHash].compactMap(\.self)
    if !data.isEmpty { lines.append(("data", data.joined(separator: ", "))) }
    if let key = record.key { lines.append(("key", key)) }
    lines.append(("snapshot", "\(version.size) bytes, sha256:\(version.blob)"))
    if let pruned = version.pruned { lines.append(("pruned", pruned)) }
    if !names.isEmpty { lines.append(("names", names)) }
    for move in moves { lines.append(("moved", move.line)) }
    for (name, text) in [
      ("evidence", record.evidenceJSON), ("scores", record.scoresJSON),
      ("configuration", record.configurationJSON),
      ("schema", record.schemaJSON), ("software", record.softwareJSON),
    ] {
      for leaf in JSONLeaves(VersionText.value(text)).leaves {
        lines.append((name, leaf.path.isEmpty ? leaf.text : "\(leaf.path) \(leaf.text)"))
      }
    }
    var page = "version \(version.number)\n"
    var last = ""
    for (name, text) in lines {
      let label = name == last ? "" : name
      page += "  \(label)\(String(repeating: " ", count: 15 - label.count))\(text)\n"
      last = name
    }
    if let profile = Reference(VersionText.value(record.profileJSON)) {
      page += "\nthe data that it was shown: " + ProfilePage(profile).text
    }
    return page
  }
}

extension AliasMove {
  var json: JSONValue {
    .members([
      ("sequence", .int(sequence)), ("alias", .string(alias)),
      ("version", version.map { .int($0) } ?? .null), ("kind", .string(kind.rawValue)),
      ("reason", .string(reason)), ("evidence", VersionText.value(evidenceJSON)),
      ("created", .string(created)),
    ])
  }

  /// The beginning of the evidence; JSON has all of it.
  private var shownEvidence: String {
    if evidenceJSON == "{}" { return "" }
    return " " + (evidenceJSON.count > 60 ? evidenceJSON.prefix(60) + "…" : evidenceJSON[...])
  }

  /// One line for people.
  var line: String {
    "\(created)  \(alias) → \(version.map { String($0) } ?? "nowhere"), \(kind.rawValue)"
      + (reason.isEmpty ? "" : ": \(reason)") + shownEvidence
  }
}
