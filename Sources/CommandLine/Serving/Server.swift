import Batches
import Engine
import Ingest
import Learners
import Monitors

/// Whoever answers one share of the events: the model that its origin points at now, with the rows that it reads.
final class Server {
  /// Where the model is from, in the user's words.
  let name: String
  let share: Double
  let branch: SplitBranch
  private(set) var predictor: Predictor
  private(set) var version: Int
  private let origin: ModelOrigin
  private let maxDelay: Int?
  /// Whether batches say when their rows came.
  private let stamps: Bool

  /// Loads the model.
  init(_ name: String, share: Double, maxDelay: Int?, stamps: Bool = false) throws {
    (self.name, self.share, self.maxDelay) = (name, share, maxDelay)
    self.stamps = stamps
    origin = try ModelOrigin(name)
    let snapshot = try origin.snapshot()
    let model = try Server.load(snapshot, maxDelay, stamps: stamps)
    (version, predictor) = (model.version, model.predictor)
    branch = model.branch()
  }

  /// What the data of its version were like; nil where that is not known.
  func profile() throws -> Reference? { try origin.profile(of: version) }

  private static func load(
    _ snapshot: (bytes: [UInt8], version: Int?), _ maxDelay: Int?, stamps: Bool
  ) throws -> ServedModel {
    try ServedModel(snapshot.bytes, version: snapshot.version) { options in
      options.stampsBatches = stamps
      if let maxDelay { options.delayMilliseconds = max(maxDelay, 0) }
    }
  }

  /// Has the version take over that the origin points at now, if it has moved; `lead` reads the input.
  ///
  /// - Returns: what is to be said of it; nil: it has not moved.
  func follow(_ lead: Server) throws -> String? {
    guard let snapshot = try origin.moved(from: version) else { return nil }
    do {
      var next = try Server.load(snapshot, maxDelay, stamps: stamps)
      if self === lead {
        try next.source.takeInput(of: &branch.source)
      } else {
        try next.source.readAlike(lead.branch.source)
      }
      let text = "on version \(next.version) serves, until then \(version)"
      (version, predictor) = (next.version, next.predictor)
      branch.become(next.source, rows: predictor.predictions.rows)
      return text
    } catch let error as IngestError {
      return "on version \(version) goes on, as version \(snapshot.version ?? 0) cannot take over: "
        + error.message
    }
  }

  /// Predicts the rows at hand.
  func predict() {
    predictor.predict(branch.batch)
    _ = branch.source.takeNotices()
  }
}
