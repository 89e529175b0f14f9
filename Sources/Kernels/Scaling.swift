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
    // In the order of `advance`, so that both round alike.
    var sum = SIMD2<Double>()
    var i = 0
    while i < count {
      let deviation = Vectors.pair(x, i) - Vectors.pair(mean, i)
      sum += deviation * Vectors.pair(scale, i) * Vectors.pair(w, i)
      i &+= 2
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
    var before = SIMD2<Double>()
    var after = SIMD2<Double>()
    let share = SIMD2(repeating: 1 / rows)
    var i = 0
    // Two at a time: with four the loop's values no longer fit in the registers.
    while i < count {
      let value = Vectors.pair(x, i)
      let oldMean = Vectors.pair(UnsafePointer(mean), i)
      let oldScale = Vectors.pair(UnsafePointer(scale), i)
      let weight = Vectors.pair(w, i)
      let deviation = value - oldMean
      before += deviation * oldScale * weight
      let newMean = oldMean + deviation * share
      let rest = value - newMean
      let sum = Vectors.pair(UnsafePointer(squares), i) + deviation * rest
      let newScale = reciprocalRoot(of: sum, rows: rows, share: share, near: oldScale)
      let scaled = rest * newScale
      after += scaled * weight
      Vectors.store(newMean, mean, i)
      Vectors.store(sum, squares, i)
      Vectors.store(newScale, scale, i)
      Vectors.store(scaled, out, i)
      i &+= 2
    }
    return (before.sum(), after.sum())
  }

  /// The same without the dot products and the scaled row.
  @inlinable
  package static func observe(
    _ x: UnsafePointer<Double>, rows: Double, mean: UnsafeMutablePointer<Double>,
    squares: UnsafeMutablePointer<Double>, scale: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    let share = SIMD2(repeating: 1 / rows)
    var i = 0
    while i < count {
      let value = Vectors.pair(x, i)
      let oldMean = Vectors.pair(UnsafePointer(mean), i)
      let deviation = value - oldMean
      let newMean = oldMean + deviation * share
      let sum = Vectors.pair(UnsafePointer(squares), i) + deviation * (value - newMean)
      let near = Vectors.pair(UnsafePointer(scale), i)
      Vectors.store(newMean, mean, i)
      Vectors.store(sum, squares, i)
      Vectors.store(reciprocalRoot(of: sum, rows: rows, share: share, near: near), scale, i)
      i &+= 2
    }
  }

  /// Clamps `count` elements to ±limit.
  @inlinable
  package static func clamp(
    _ x: UnsafeMutablePointer<Double>, to limit: Double, _ count: Int
  ) {
    for j in 0..<count { x[j] = x[j] > limit ? limit : (x[j] < -limit ? -limit : x[j]) }
  }

  /// √(rows / sum), 0 where the sum is 0, from a value that is near it as a rule.
  ///
  /// With r = 1 − near²·sum/rows the root is near·(1 − r)^−½. Where every |r| is at most 2⁻¹¹, as for
  /// all but the first rows and the outliers, four terms of the series in r leave an error under one
  /// unit in the last place, at a third of the cost of a division and a square root.
  @inlinable @inline(__always)
  static func reciprocalRoot(
    of sum: SIMD2<Double>, rows: Double, share: SIMD2<Double>, near: SIMD2<Double>
  ) -> SIMD2<Double> {
    let zero = SIMD2<Double>()
    // What has never varied has r = 1, and is no reason to go the long way.
    let r = (1 - near * near * (sum * share)).replacing(with: zero, where: sum .<= zero)
    guard all(r * r .<= SIMD2(repeating: 0x1p-22)) else {
      return (SIMD2(repeating: rows) / sum).squareRoot().replacing(with: zero, where: sum .<= zero)
    }
    return near + near * (r * (0.5 + r * (0.375 + r * (0.3125 + r * 0.2734375))))
  }
}
