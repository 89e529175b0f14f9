import CLanes

/// Twelve linear models whose weights stand side by side (see `FirstOrderExperts`), a row at a time.
package enum Experts {
  /// Numbers that a feature takes: eight weights and four, and four inverse roots.
  package static let stride = 16

  /// The twelve predictors of a row of `count` features; indices from `known` on have no weights yet.
  @inline(__always)
  package static func predict(
    _ table: UnsafePointer<Double>, known: Int, _ indices: UnsafePointer<Int32>,
    _ values: UnsafePointer<Double>, _ count: Int, into z: UnsafeMutablePointer<Double>
  ) {
    weir_experts_predict(table, Int64(known), indices, values, Int64(count), z)
  }

  /// Moves the eight weights of each feature by −move·value, the four by −step·g/√G, where g = gradient·value
  /// and G has grown by g².
  @inline(__always)
  package static func learn(
    _ table: UnsafeMutablePointer<Double>, _ indices: UnsafePointer<Int32>,
    _ values: UnsafePointer<Double>, _ count: Int, move: SIMD8<Double>, gradient: SIMD4<Double>,
    step: SIMD4<Double>
  ) {
    var (move, gradient, step) = (move, gradient, step)
    withUnsafeBytes(of: &move) { move in
      withUnsafeBytes(of: &gradient) { gradient in
        withUnsafeBytes(of: &step) { step in
          weir_experts_learn(
            table, indices, values, Int64(count),
            move.baseAddress?.assumingMemoryBound(to: Double.self),
            gradient.baseAddress?.assumingMemoryBound(to: Double.self),
            step.baseAddress?.assumingMemoryBound(to: Double.self))
        }
      }
    }
  }

  /// p ← 1/(1 + e⁻ᶻ) of `count` log-odds, clamped to ±most; `count` is a multiple of 4.
  @inline(__always)
  package static func probabilities(
    _ z: UnsafePointer<Double>, _ count: Int, most: Double, into p: UnsafeMutablePointer<Double>
  ) {
    weir_probabilities(z, Int64(count), most, p)
  }
}
