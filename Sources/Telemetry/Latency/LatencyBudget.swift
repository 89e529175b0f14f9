/// How long an event's answer may take: `5ms` or `5ms@p99.9`.
package struct LatencyBudget: Equatable, Sendable {
  /// In nanoseconds.
  package let limit: Int
  /// Which share of the events has to keep it, .99 unless it is said.
  package let quantile: Double
  package let text: String

  package init?(_ text: String) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count <= 2, let first = parts.first else { return nil }
    let units = [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)]
    guard let unit = units.first(where: { first.hasSuffix($0.0) }),
      let value = Double(first.dropLast(unit.0.count)), value > 0, value * unit.1 < 3.6e12
    else { return nil }
    limit = Int((value * unit.1).rounded(.up))
    guard parts.count == 2 else {
      (quantile, self.text) = (0.99, "\(first)@p99")
      return
    }
    guard parts[1].first == "p", let percent = Double(parts[1].dropFirst()), percent > 0,
      percent < 100
    else { return nil }
    (quantile, self.text) = (percent / 100, text)
  }
}
