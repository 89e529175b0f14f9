import Batches
import Engine
import Learners
import Scores
import Telemetry

/// What was answered, and how that did where labels came along: in all, and by each version.
struct ServingAccount {
  /// One version's part.
  private struct Part {
    let place: Int
    let version: Int
    var events = 0
    var scores: ServedScores
  }

  /// Events so far.
  private(set) var events = 0
  /// Which version served from which event on, and for whom.
  private(set) var reigns: [(place: Int, version: Int, from: Int)] = []
  private let task: Task
  private let isSplit: Bool
  private var scores: ServedScores
  private var parts: [Part] = []
  /// The part of whoever is at a place now.
  private var current: [Int] = []

  init(task: Task, isSplit: Bool) {
    (self.task, self.isSplit) = (task, isSplit)
    scores = ServedScores(task: task, windowRows: 1)
  }

  /// From here on the version serves at a place.
  mutating func begin(_ version: Int, place: Int) {
    reigns.append((place, version, events))
    let known = parts.firstIndex { $0.place == place && $0.version == version }
    if known == nil {
      parts.append(
        Part(
          place: place, version: version, scores: ServedScores(task: task, windowRows: 1)))
    }
    while current.count <= place { current.append(0) }
    current[place] = known ?? parts.count - 1
  }

  /// Takes events that the version at a place has answered.
  mutating func take(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>,
    _ predictions: borrowing Predictions, place: Int
  ) {
    events += rows.count
    parts[current[place]].events += rows.count
    parts[current[place]].scores.observe(batch, rows, predictions)
    if hasTotal { scores.observe(batch, rows, predictions) }
  }

  /// Versions of different runs number three and more classes in different ways: their scores are not added up.
  private var hasTotal: Bool { !isSplit || task != .multiclass }

  var metrics: [(name: String, value: Double)] { scores.board.overall }

  /// Events that were answered at a place.
  func events(_ place: Int) -> Int {
    parts.reduce(0) { $0 + ($1.place == place ? $1.events : 0) }
  }

  /// The members of a summary.
  func json(_ servers: [Server]) -> [(String, JSONValue)] {
    func origin(_ place: Int) -> [(String, JSONValue)] {
      guard isSplit else { return [] }
      return [
        ("origin", .string(servers[place].name)), ("share", .double(servers[place].share)),
      ]
    }
    let turns = reigns.map { reign in
      JSONValue.members(
        [("version", .int(reign.version)), ("from", .int(reign.from))] + origin(reign.place))
    }
    let byVersion = parts.map { part in
      JSONValue.members(
        [("version", .int(part.version))] + origin(part.place) + [
          ("events", .int(part.events)),
          ("metrics", RunAccount.scores(part.scores.board.overall)),
        ])
    }
    return [
      ("versions", .array(turns)), ("metrics", RunAccount.scores(metrics)),
      ("byVersion", .array(byVersion)),
    ]
  }
}
