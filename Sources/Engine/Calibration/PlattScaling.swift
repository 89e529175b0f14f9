import Glibc
import Snapshots

/// Probabilities made honest while the stream goes on: p ← σ(a·log-odds(p) + b), with a and b learned
/// from the labels as they come, one Newton step a row, older rows counting less.
///
/// The step is that of recursive least squares on x = (log-odds, 1) with curvature v = p·(1 − p); its
/// 2×2 inverse is kept from growing past its prior, so that a quiet stream cannot wind it up. Until
/// labels say otherwise a = 1 and b = 0.
///
/// Reference: J. Platt, Probabilistic outputs for support vector machines, 1999; the online form as in
/// C. Gupta and A. Ramdas, Online Platt scaling with calibeating, ICML 2023.
struct PlattScaling: Snapshotted, Sendable {
  private static let forgetting = 0.9998
  private static let prior = 0.01

  private(set) var slope = 1.0
  private(set) var offset = 0.0
  // The inverse: of slope, of both, of offset.
  private var (pss, pso, poo) = (prior, 0.0, prior)

  private static func logOdds(_ p: Double) -> Double {
    let bounded = max(1e-9, min(1 - 1e-9, p))
    return log(bounded / (1 - bounded))
  }

  func write(to writer: inout SnapshotWriter) { writer.write([slope, offset, pss, pso, poo]) }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let n = try reader.readDoubles(count: 5)
    (slope, offset) = (n[0], n[1])
    (pss, pso, poo) = (n[2], n[3], n[4])
  }

  func calibrated(_ p: Double) -> Double {
    1 / (1 + exp(-(slope * PlattScaling.logOdds(p) + offset)))
  }

  /// Learns from the label, 0 or 1, of a prediction that was `p` before it was calibrated.
  mutating func observe(_ p: Double, label: Double, weight: Double) {
    guard weight > 0 else { return }
    let z = PlattScaling.logOdds(p)
    let q = calibrated(p)
    let curvature = max(q * (1 - q), 1e-6) * weight
    let (xs, xo) = (pss * z + pso, pso * z + poo)
    let gain = 1 / (PlattScaling.forgetting / curvature + xs * z + xo)
    let error = (label - q) * weight / curvature
    slope = max(0.05, min(20, slope + gain * error * xs))
    offset += gain * error * xo
    pss = (pss - gain * xs * xs) / PlattScaling.forgetting
    pso = (pso - gain * xs * xo) / PlattScaling.forgetting
    poo = (poo - gain * xo * xo) / PlattScaling.forgetting
    let excess = max(pss, poo) / PlattScaling.prior
    if excess > 1 { (pss, pso, poo) = (pss / excess, pso / excess, poo / excess) }
  }
}
