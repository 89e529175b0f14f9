import Kernels

/// A `FeatureScaler`'s state by pointers, valid while it is lent.
struct LentScaler {
  let kind: FeatureScaler.Kind
  let isStandard: Bool
  let limit: Double
  let stride: Int
  var rows: Double
  let offset: UnsafeMutablePointer<Double>
  let scale: UnsafeMutablePointer<Double>
  let spread: UnsafeMutablePointer<Double>

  static nonisolated(unsafe) let nothing = UnsafeMutablePointer<Double>.allocate(capacity: 1)

  /// Takes the row in, and scales it by the result into `out`; the dot products of `w` with the row
  /// as scaled before and after.
  @inline(__always)
  mutating func advance(
    _ x: UnsafePointer<Double>, _ w: UnsafePointer<Double>, into out: UnsafeMutablePointer<Double>
  ) -> (before: Double, after: Double) {
    if isStandard {
      rows += 1
      guard limit > 0 else {
        return Scaling.advance(
          x, rows: rows, mean: offset, squares: spread, scale: scale, w, into: out, stride)
      }
      transform(x, into: out)
      let before = Vectors.dot(out, w, stride)
      _ = Scaling.advance(
        x, rows: rows, mean: offset, squares: spread, scale: scale, w, into: out, stride)
      Scaling.clamp(out, to: limit, stride)
      return (before, Vectors.dot(out, w, stride))
    }
    transform(x, into: out)
    let before = Vectors.dot(out, w, stride)
    observe(x)
    transform(x, into: out)
    return (before, Vectors.dot(out, w, stride))
  }

  /// Σ w·(the row as scaled now); `out` is where the row is scaled.
  @inline(__always)
  func dot(
    _ x: UnsafePointer<Double>, _ w: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>
  ) -> Double {
    if limit <= 0, isStandard { return Scaling.dot(x, mean: offset, scale: scale, w, stride) }
    transform(x, into: out)
    return Vectors.dot(out, w, stride)
  }

  @inline(__always)
  private func transform(
    _ x: UnsafePointer<Double>, into out: UnsafeMutablePointer<Double>
  ) {
    FeatureScaler.transform(x, kind, offset, scale, limit: limit, into: out, stride)
  }

  /// Takes the row in.
  mutating func observe(_ x: UnsafePointer<Double>) {
    rows += 1
    switch kind {
    case .none: break
    case .standard:
      Scaling.observe(x, rows: rows, mean: offset, squares: spread, scale: scale, stride)
    case .minMax:
      for j in 0..<stride {
        offset[j] = rows == 1 ? x[j] : min(offset[j], x[j])
        spread[j] = rows == 1 ? x[j] : max(spread[j], x[j])
        scale[j] = spread[j] > offset[j] ? 1 / (spread[j] - offset[j]) : 0
      }
    }
  }
}
