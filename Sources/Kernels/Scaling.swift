/// Standardising rows one after another, fused with the dot products that use them.
///
/// A row goes through twice: as the scaler stood before it (what a prediction sees) and as it
/// stands with it (what is learned). Fused, one pass over the row serves both dot products and the
/// update, at one square root and one division a feature.
package enum Scaling {
  /// Σ wⱼ·(xⱼ − meanⱼ)·scaleⱼ over `count` elements, a multiple of 4.
  @inlinable
  package static func dot(
    _ x: UnsafePointer<Double>, mean: UnsafePointer<Double>, scale: UnsafePointer<Double>,
    _ w: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    var sum = SIMD4<Double>()
    var i = 0
    while i < count {
      let deviation = Vectors.load(x, i) - Vectors.load(mean, i)
      sum += deviation * Vectors.load(scale, i) * Vectors.load(w, i)
      i &+= 4
    }
    return sum.sum()
  }

  /// out ← (x − mean)·scale over `count` elements, a multiple of 4.
  @inlinable
  package static func transform(
    _ x: UnsafePointer<Double>, mean: UnsafePointer<Double>, scale: UnsafePointer<Double>,
    into out: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    var i = 0
    while i < count {
      let deviation = Vectors.load(x, i) - Vectors.load(mean, i)
      Vectors.store(deviation * Vectors.load(scale, i), out, i)
      i &+= 4
    }
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
  @inlinable
  package static func advance(
    _ x: UnsafePointer<Double>, rows: Double, mean: UnsafeMutablePointer<Double>,
    squares: UnsafeMutablePointer<Double>, scale: UnsafeMutablePointer<Double>,
    _ w: UnsafePointer<Double>, into out: UnsafeMutablePointer<Double>, _ count: Int
  ) -> (before: Double, after: Double) {
    var before = SIMD4<Double>()
    var after = SIMD4<Double>()
    let share = SIMD4(repeating: 1 / rows)
    let total = SIMD4(repeating: rows)
    let zero = SIMD4<Double>()
    var i = 0
    while i < count {
      let value = Vectors.load(x, i)
      let oldMean = Vectors.load(UnsafePointer(mean), i)
      let weight = Vectors.load(w, i)
      let deviation = value - oldMean
      before += deviation * Vectors.load(UnsafePointer(scale), i) * weight
      let newMean = oldMean + deviation * share
      let rest = value - newMean
      let sum = Vectors.load(UnsafePointer(squares), i) + deviation * rest
      let newScale = (total / sum).squareRoot().replacing(with: zero, where: sum .<= zero)
      let scaled = rest * newScale
      after += scaled * weight
      Vectors.store(newMean, mean, i)
      Vectors.store(sum, squares, i)
      Vectors.store(newScale, scale, i)
      Vectors.store(scaled, out, i)
      i &+= 4
    }
    return (before.sum(), after.sum())
  }
}
