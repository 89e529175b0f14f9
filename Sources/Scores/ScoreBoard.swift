import Catalogues

/// All scores of one model: over everything, and over the last rows.
package struct ScoreBoard: Sendable {
  package let task: ScoreTask
  private var scores: [NamedScore]
  private var recent: [Outcome]
  private let windowRows: Int
  private var next = 0

  /// - Parameters:
  ///   - task: what is predicted.
  ///   - windowRows: rows that the window's scores look back on.
  package init(task: ScoreTask, windowRows: Int) {
    self.task = task
    self.windowRows = windowRows
    scores = Catalogue.scores(for: task)
    recent = []
    recent.reserveCapacity(min(windowRows, 65_536))
  }

  /// Names of the scores, the first to look at first.
  package var names: [String] { scores.map(\.name) }
  /// Outcomes in the window.
  package var windowCount: Int { recent.count }

  package mutating func observe(_ outcomes: ArraySlice<Outcome>) {
    for i in scores.indices { scores[i].score.observe(outcomes) }
    for outcome in outcomes {
      if recent.count < windowRows {
        recent.append(outcome)
      } else {
        recent[next] = outcome
        next = next + 1 == windowRows ? 0 : next + 1
      }
    }
  }

  /// Value of each score over everything; a score that is not defined is left out.
  package var overall: [(name: String, value: Double)] {
    scores.compactMap { score in score.score.value.map { (score.name, $0) } }
  }

  /// Value of each score over the window.
  package var overWindow: [(name: String, value: Double)] {
    var fresh = Catalogue.scores(for: task)
    let ordered = recent[next...] + recent[..<next]
    for i in fresh.indices { fresh[i].score.observe(Array(ordered)[...]) }
    return fresh.compactMap { score in score.score.value.map { (score.name, $0) } }
  }

  /// One score over the window.
  package func overWindow(_ name: String) -> Double? {
    guard var score = try? Catalogue.scores.make(name, task) else { return nil }
    score.score.observe(Array(recent[next...] + recent[..<next])[...])
    return score.score.value
  }

  /// Forgets the window, not the scores over everything.
  package mutating func clearWindow() {
    recent.removeAll(keepingCapacity: true)
    next = 0
  }

  /// Whether more of the named score is better.
  package func isGain(_ name: String) -> Bool {
    scores.first { $0.name == name }?.isGain ?? true
  }

  /// The named score over everything.
  package func overall(_ name: String) -> Double? {
    scores.first { $0.name == name }?.score.value
  }
}
