import CLanes

/// Standardising rows one after another, fused with the dot products that use them.
///
/// A row goes through twice: as the scaler stood before it (what a prediction sees) and as it
/// stands with it (what is learned). Fused, one pass over the row serves both dot products and the
/// update. Every `count` is a multiple of 4, and sums are taken in four lanes, so that a dot product is the same
/// number wherever it is taken.
package enum Scaling {
  /// Σ wⱼ·(xⱼ − meanⱼ)·scaleⱼ over `count` elements.
  package static func dot(
    _ x: UnsafePointer<Double>, mean: UnsafePointer<Double>, scale: UnsafePointer<Double>,
    _ w: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    weir_standardised_dot(x, mean, scale, w, Int64(count))
  }

  /// out ← (x − mean)·scale over `count` elements.
  package static func transform(
    _ x: UnsafePointer<Double>, mean: UnsafePointer<Double>, scale: UnsafePointer<Double>,
    into out: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    weir_standardise(x, mean, scale, Int64(count), out)
  }

  /// Takes a row into running means and sums of squares (Welford 1962) and scales it by the result.
  ///
  /// - Parameters:
  ///   - x: the row, `count` elements, a multiple of 4.
  ///   - rows: how many rows there are with this one, as a Double.
  ///   - mean: running means, updated.
  ///   - squares: sums of squared deviations, updated.
  ///   - scale: one over the population standard deviation, 0 where that is 0, updated.
  ///   - w: weights for the two dot products.
  ///   - out: the row as scaled by the updated scaler.
  ///   - count: elements of every vector.
  /// - Returns: the dot product of `w` with the row as scaled before, and as scaled after.
  package static func advance(
    _ x: UnsafePointer<Double>, rows: Double, mean: UnsafeMutablePointer<Double>,
    squares: UnsafeMutablePointer<Double>, scale: UnsafeMutablePointer<Double>,
    _ w: UnsafePointer<Double>, into out: UnsafeMutablePointer<Double>, _ count: Int
  ) -> (before: Double, after: Double) {
    var dots = (0.0, 0.0)
    withUnsafeMutableBytes(of: &dots) {
      weir_standardise_learning(
        x, rows, mean, squares, scale, w, Int64(count), out,
        $0.baseAddress?.assumingMemoryBound(to: Double.self))
    }
    return (dots.0, dots.1)
  }

  /// The same without the dot products and the scaled row.
  package static func observe(
    _ x: UnsafePointer<Double>, rows: Double, mean: UnsafeMutablePointer<Double>,
    squares: UnsafeMutablePointer<Double>, scale: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    weir_learn_scale(x, rows, mean, squares, scale, Int64(count))
  }

  /// Clamps `count` elements to ±limit.
  @inlinable
  package static func clamp(
    _ x: UnsafeMutablePointer<Double>, to limit: Double, _ count: Int
  ) {
    for j in 0..<count { x[j] = x[j] > limit ? limit : (x[j] < -limit ? -limit : x[j]) }
  }

  /// Clamps `count` elements, any number, to ±limit into `out`.
  ///
  /// - Returns: the sum of their squares, and whether any of them is 0.
  package static func clamp(
    _ x: UnsafePointer<Double>, to limit: Double, into out: UnsafeMutablePointer<Double>,
    _ count: Int
  ) -> (norm: Double, hasZeros: Bool) {
    var norm = 0.0
    let hasZeros = weir_clamp(x, Int64(count), limit, out, &norm)
    return (norm, hasZeros != 0)
  }
}
