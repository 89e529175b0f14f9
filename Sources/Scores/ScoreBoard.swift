import Catalogues
package import Snapshots

/// All scores of one model: over everything, and over the last rows.
package struct ScoreBoard: Snapshotted, Sendable {
  package let task: ScoreTask
  private var scores: [NamedScore]
  /// The same with nothing seen.
  private let blank: [NamedScore]
  /// For each score the first of its type, which counts for all of them.
  private let counting: [Int]
  private var recent: [Outcome]
  private let windowRows: Int
  private var next = 0

  /// - Parameters:
  ///   - task: what is predicted.
  ///   - windowRows: rows that the window's scores look back on.
  package init(task: ScoreTask, windowRows: Int) {
    self.task = task
    self.windowRows = windowRows
    let scores = Catalogue.scores(for: task)
    counting = scores.map { score in
      scores.firstIndex { type(of: $0.score) == type(of: score.score) } ?? 0
    }
    self.scores = scores
    blank = scores
    recent = []
    recent.reserveCapacity(min(windowRows, 65_536))
  }

  /// Names of the scores, the first to look at first.
  package var names: [String] { scores.map(\.name) }
  /// Outcomes in the window.
  package var windowCount: Int { recent.count }

  package mutating func observe(_ outcomes: ArraySlice<Outcome>) {
    for i in scores.indices where counting[i] == i { scores[i].score.observe(outcomes) }
    // Of more rows than the window holds only the last ones stay.
    var rest = outcomes.suffix(windowRows)
    if recent.count < windowRows {
      let some = rest.prefix(windowRows - recent.count)
      recent.append(contentsOf: some)
      rest = rest.dropFirst(some.count)
    }
    guard !rest.isEmpty else { return }
    recent.withUnsafeMutableBufferPointer { recent in
      for outcome in rest {
        recent[next] = outcome
        next = next + 1 == windowRows ? 0 : next + 1
      }
    }
  }

  private func value(_ index: Int, _ scores: [NamedScore]) -> Double? {
    scores[index].score.value(from: scores[counting[index]].score)
  }

  private func values(_ scores: [NamedScore]) -> [(name: String, value: Double)] {
    scores.indices.compactMap { index in value(index, scores).map { (scores[index].name, $0) } }
  }

  /// Value of each score over everything; a score that is not defined is left out.
  package var overall: [(name: String, value: Double)] { values(scores) }

  /// Value of each score over the window.
  package var overWindow: [(name: String, value: Double)] {
    var fresh = blank
    for i in fresh.indices where counting[i] == i {
      // Oldest first.
      fresh[i].score.observe(recent[next...])
      fresh[i].score.observe(recent[..<next])
    }
    return values(fresh)
  }

  /// One score over the window.
  package func overWindow(_ name: String) -> Double? {
    guard var score = blank.first(where: { $0.name == name }) else { return nil }
    score.score.observe(recent[next...])
    score.score.observe(recent[..<next])
    return score.score.value
  }

  package func write(to writer: inout SnapshotWriter) {
    for i in scores.indices where counting[i] == i { scores[i].score.write(to: &writer) }
    writer.write(recent.flatMap(\.numbers))
    writer.write(next)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    for i in scores.indices where counting[i] == i { try scores[i].score.restore(from: &reader) }
    let numbers = try reader.readDoubles()
    guard numbers.count % Outcome.width == 0, numbers.count / Outcome.width <= windowRows else {
      throw .corrupt
    }
    recent = stride(from: 0, to: numbers.count, by: Outcome.width).map {
      Outcome(numbers[$0..<$0 + Outcome.width])
    }
    next = try reader.readInt()
    guard next == 0 || recent.indices.contains(next) else { throw .corrupt }
  }

  /// Takes over what the board of another model or of other rows has counted over everything; its window stays its own.
  package mutating func merge(_ other: ScoreBoard) {
    precondition(other.names == names, "boards of \(other.names) and \(names)")
    for i in scores.indices where counting[i] == i { scores[i].score.merge(other.scores[i].score) }
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
    scores.firstIndex { $0.name == name }.flatMap { value($0, scores) }
  }
}

extension Outcome {
  /// Numbers of an outcome in a snapshot.
  fileprivate static let width = 6

  fileprivate var numbers: [Double] {
    [label, prediction, guess, labelProbability, previousLabel, loss]
  }

  fileprivate init(_ numbers: ArraySlice<Double>) {
    let n = Array(numbers)
    self.init(
      label: n[0], prediction: n[1], guess: n[2], labelProbability: n[3], previousLabel: n[4],
      loss: n[5])
  }
}
