import Telemetry

/// The scores over time of models and baselines, as the journal tells them.
package struct ScoreHistory: Sendable {
  /// One score of one model or baseline.
  package struct Metric: Sendable {
    package let name: String
    fileprivate let bytes: [UInt8]
    package fileprivate(set) var series = ThinnedSeries()
    /// Over all events, and from `--score-since` on: told once, at the end.
    package fileprivate(set) var overall: Double?
    package fileprivate(set) var since: Double?
  }

  /// A model or a baseline with its scores.
  package struct Owner: Sendable {
    package let name: String
    package let isBaseline: Bool
    fileprivate let bytes: [UInt8]
    package fileprivate(set) var metrics: [Metric] = []

    package subscript(metric: String) -> Metric? { metrics.first { $0.name == metric } }

    fileprivate mutating func place(of name: UnsafeRawBufferPointer) -> Int {
      if let place = metrics.firstIndex(where: { name.isText($0.bytes) }) { return place }
      metrics.append(Metric(name: plain(name), bytes: Array(name)))
      return metrics.count - 1
    }
  }

  /// Scores and owners that are kept; a journal that has more is none of ours.
  private static let most = 64

  package private(set) var owners: [Owner] = []
  /// Events that windows look back on.
  package private(set) var window: Int?

  package init() {}

  package var models: [Owner] { owners.filter { !$0.isBaseline } }
  package var baselines: [Owner] { owners.filter(\.isBaseline) }
  package var isEmpty: Bool { !owners.contains { $0.metrics.contains { $0.series.count > 0 } } }

  /// Takes an entry of kind `scores`.
  mutating func take(_ line: UnsafeRawBufferPointer, event: Int) {
    guard var walk = ObjectWalk(line) else { return }
    var model: UnsafeRawBufferPointer?
    var isOverAll = false
    var (metrics, since, baselines): (ObjectWalk?, ObjectWalk?, ObjectWalk?)
    while let member = walk.next() {
      if member.name.isText("model") {
        model = member.value
      } else if member.name.isText("over") {
        isOverAll = member.value.isText("\"all\"")
        if let rows = member.value.whole { window = max(window ?? 0, rows) }
      } else if member.name.isText("metrics") {
        metrics = ObjectWalk(member.value)
      } else if member.name.isText("since") {
        since = ObjectWalk(member.value)
      } else if member.name.isText("baselines") {
        baselines = ObjectWalk(member.value)
      }
    }
    guard let model, model.count >= 2 else { return }
    let name = UnsafeRawBufferPointer(rebasing: model[1..<model.count - 1])
    if let owner = owner(name, isBaseline: false) {
      take(metrics, of: owner, event: event, isOverAll ? \.overall : nil)
      take(since, of: owner, event: event, \.since)
    }
    while let member = baselines?.next() {
      guard let owner = owner(member.name, isBaseline: true) else { return }
      take(ObjectWalk(member.value), of: owner, event: event, isOverAll ? \.overall : nil)
    }
  }

  private mutating func owner(_ name: UnsafeRawBufferPointer, isBaseline: Bool) -> Int? {
    if let place = owners.firstIndex(where: { $0.isBaseline == isBaseline && name.isText($0.bytes) }
    ) {
      return place
    }
    guard owners.count < ScoreHistory.most else { return nil }
    owners.append(Owner(name: plain(name), isBaseline: isBaseline, bytes: Array(name)))
    return owners.count - 1
  }

  /// `total`: where a value over all belongs; nil for one of the series.
  private mutating func take(
    _ scores: ObjectWalk?, of owner: Int, event: Int, _ total: WritableKeyPath<Metric, Double?>?
  ) {
    guard var scores else { return }
    while let score = scores.next() {
      guard let value = score.value.approximateNumber,
        owners[owner].metrics.count < ScoreHistory.most
      else { continue }
      let place = owners[owner].place(of: score.name)
      if let total {
        owners[owner].metrics[place][keyPath: total] = value
      } else {
        owners[owner].metrics[place].series.append(value, event: event)
      }
    }
  }

  /// The baseline that does best at a score, over all where that is known, or at the end.
  package func bestBaseline(_ metric: String) -> Owner? {
    func value(_ owner: Owner) -> Double? {
      owner[metric].flatMap { $0.overall ?? $0.series.last?.value }
    }
    return baselines.filter { value($0) != nil }.min { left, right in
      guard let a = value(left), let b = value(right) else { return false }
      return ScoreWords.isGain(metric) ? a > b : a < b
    }
  }
}

/// The content of a JSON string that lies between its quotes, its escapes undone.
func plain(_ content: UnsafeRawBufferPointer) -> String {
  let text = content.text
  guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
  guard case .string(let plain)? = try? JSONValue(parsing: "\"\(text)\"") else { return text }
  return plain
}
