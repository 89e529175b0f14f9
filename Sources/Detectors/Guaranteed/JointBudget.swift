/// One budget of false alarms over many detectors: e-BH on e-detectors.
///
/// Of K statistics M at some moment, sorted from the largest, let k be the greatest number for which the k-th is at
/// least K·B/k; those k streams are declared to have changed. Whatever the streams have to do with each other,
///
///     E[share of declared streams that did not change, at τ] ≤ E[τ]/B
///
/// for any time τ at which one may decide to look: with Mᵢ of mean at most E[τ] for each stream that did not change, a
/// false declaration among k has Mᵢ ≥ K·B/k, so the share is at most Σ Mᵢ/(K·B). While none changes that share
/// is 1 at the first alarm: B events pass before it at least, on average, over all K together. Where many change at once
/// each needs only a k-th of the evidence that it would need alone with a K-th of the budget (Bonferroni).
///
/// References: S. Dandapanthula and A. Ramdas, Multiple testing in multi-stream sequential change detection, 2025
/// (arXiv:2501.04130): the error over patience, and e-BH on e-detectors; R. Wang and A. Ramdas, False discovery rate
/// control with e-values, Journal of the Royal Statistical Society B 84 (2022), for e-BH.
package struct JointBudget: Sendable, Equatable {
  /// B: events from one false alarm to the next, over all detectors.
  package let events: Double

  package init(events: Double) {
    precondition(events >= 1, "a budget of \(events) events")
    self.events = events
  }

  /// Which streams are declared to have changed, the surest first; by their positions. O(K) where none is near.
  package func declared(_ evidence: [Double]) -> [Int] {
    // Even if all were declared each would need this much.
    guard evidence.contains(where: { $0 >= events }) else { return [] }
    let order = evidence.indices.sorted { (evidence[$1], $0) < (evidence[$0], $1) }
    let needed = Double(evidence.count) * events
    let count = (1...order.count).last { Double($0) * evidence[order[$0 - 1]] >= needed } ?? 0
    return Array(order.prefix(count))
  }
}
