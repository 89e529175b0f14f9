import Kernels
import Snapshots

/// Weights of K experts by their polynomial regret: parameter-free, and indifferent to the scale of the
/// loss.
///
/// For experts' predictions pₖ, their mixture P = Σ wₖ·pₖ and g = ∂loss/∂P once the label has come,
///
///     rₖ = g·(P − pₖ)    Rₖ ← Rₖ + rₖ    Vₖ ← Vₖ + rₖ²    wₖ ∝ max(Rₖ, 0) / Vₖ
///
/// and equal weights while no expert has a positive regret. For convex losses the regret to the best
/// expert grows like √(K·T) up to logarithms.
///
/// Reference: P. Gaillard, G. Stoltz and T. van Erven, A second-order bound with excess losses,
/// COLT 2014 (ML-Poly with one learning rate an expert, as in opera's MLpol).
struct MLpoly: Sendable {
  /// Rₖ, what not having followed expert k has cost so far, in the loss's unit.
  private(set) var regrets: [Double]
  private var squares: [Double]
  /// wₖ for the next prediction; they add up to 1.
  private(set) var weights: [Double]
  /// Sums of the weights over the updates, for saying who was listened to.
  private var served: [Double]
  private var updates = 0.0

  init(experts: Int) {
    precondition(experts > 0, "a mixture of nothing")
    regrets = Array(repeating: 0, count: experts)
    squares = regrets
    served = regrets
    weights = Array(repeating: 1 / Double(experts), count: experts)
  }

  /// Mean weight of each expert over all updates.
  var shares: [Double] { updates > 0 ? served.map { $0 / updates } : weights }

  /// Σ wₖ·pₖ.
  @inline(__always)
  func mix(_ predictions: UnsafePointer<Double>) -> Double {
    Experts.mix(weights, predictions, weights.count)
  }

  /// Takes what the mixture `mixed` of `predictions` has cost: `gradient` is ∂loss/∂mixed.
  mutating func update(
    gradient: Double, mixed: Double, _ predictions: UnsafePointer<Double>
  ) {
    let count = weights.count
    updates += 1
    regrets.withUnsafeMutableBufferPointer { regrets in
      squares.withUnsafeMutableBufferPointer { squares in
        weights.withUnsafeMutableBufferPointer { weights in
          served.withUnsafeMutableBufferPointer { served in
            guard let regrets = regrets.baseAddress, let squares = squares.baseAddress,
              let weights = weights.baseAddress, let served = served.baseAddress
            else { return }
            Experts.follow(
              predictions, count, gradient: gradient, mixed: mixed, regrets: regrets,
              squares: squares, weights: weights, served: served)
          }
        }
      }
    }
  }

  /// Starts the comparison again; what was listened to so far is remembered.
  mutating func reset() {
    for k in weights.indices {
      regrets[k] = 0
      squares[k] = 0
      weights[k] = 1 / Double(weights.count)
    }
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(regrets)
    writer.write(squares)
    writer.write(weights)
    writer.write(served)
    writer.write(updates)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let count = weights.count
    regrets = try reader.readDoubles()
    squares = try reader.readDoubles()
    weights = try reader.readDoubles()
    served = try reader.readDoubles()
    updates = try reader.readDouble()
    guard regrets.count == count, squares.count == count, weights.count == count,
      served.count == count
    else { throw .corrupt }
  }
}
