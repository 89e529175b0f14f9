/// After how long a stream is expected to repeat itself.
package enum Season: Sendable, Equatable {
  case rows(Int)
  /// A stretch of event time, which gaps in the stream do not shift.
  case seconds(Double)

  /// Reads `168` (rows) or `7d`; nil for anything else.
  package init?(_ text: some StringProtocol) {
    if let rows = Int(text) {
      guard (1...10_000_000).contains(rows) else { return nil }
      self = .rows(rows)
      return
    }
    guard let seconds = Duration.seconds(text) else { return nil }
    self = .seconds(seconds)
  }
}
