import Kernels
import Snapshots

/// Puts dense features on one scale, learning the scale from the stream itself.
///
/// A prediction sees a row as scaled by what came before it; learning sees it as scaled with it
/// (River's convention). A feature that has never varied becomes 0. Sparse features stay as they
/// are. Memory: 4 doubles a feature.
struct FeatureScaler: Sendable {
  enum Kind: String, Sendable, CaseIterable {
    case none
    /// (x − mean) / population standard deviation.
    case standard
    /// (x − min) / (max − min), so 0…1 on what has been seen.
    case minMax = "min-max"
  }

  let kind: Kind
  /// Scaled values are clamped to ±limit; 0: not at all.
  let limit: Double
  /// Features, rounded up to a multiple of 4; the padding stays 0.
  let stride: Int
  private(set) var rows = 0.0
  /// Means, or minima.
  private(set) var offset: [Double]
  /// One over the deviation or the range.
  private(set) var scale: [Double]
  /// Sums of squared deviations, or maxima.
  private var spread: [Double]

  init(_ kind: Kind, limit: Double, width: Int) {
    self.kind = kind
    self.limit = limit
    stride = (width + 3) & ~3
    offset = Array(repeating: 0, count: stride)
    scale = Array(repeating: kind == .none ? 1 : 0, count: stride)
    spread = offset
  }

  var memoryBytes: Int { 3 * stride * 8 }

  /// Σ w·(the row as scaled now).
  @inline(__always)
  func dot(_ x: UnsafePointer<Double>, _ w: UnsafePointer<Double>) -> Double {
    guard limit > 0 else {
      if kind == .none { return Vectors.dot(x, w, stride) }
      return Scaling.dot(x, mean: offset, scale: scale, w, stride)
    }
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: stride) { scratch in
      guard let out = scratch.baseAddress else { return 0 }
      transform(x, into: out)
      return Vectors.dot(out, w, stride)
    }
  }

  /// The row as scaled now.
  func transform(_ x: UnsafePointer<Double>, into out: UnsafeMutablePointer<Double>) {
    if kind == .none {
      out.update(from: x, count: stride)
    } else {
      Scaling.transform(x, mean: offset, scale: scale, into: out, stride)
    }
    clamp(out)
  }

  /// Takes the row in, and scales it by the result into `out`; the dot products of `w` with the row
  /// as scaled before and after.
  @inline(__always)
  mutating func advance(
    _ x: UnsafePointer<Double>, _ w: UnsafePointer<Double>, into out: UnsafeMutablePointer<Double>
  ) -> (before: Double, after: Double) {
    if kind == .standard, limit <= 0 {
      rows += 1
      return Scaling.advance(
        x, rows: rows, mean: &offset, squares: &spread, scale: &scale, w, into: out, stride)
    }
    let before = dot(x, w)
    observe(x)
    transform(x, into: out)
    return (before, Vectors.dot(out, w, stride))
  }

  /// Takes the row in.
  mutating func observe(_ x: UnsafePointer<Double>) {
    rows += 1
    switch kind {
    case .none: break
    case .standard:
      for j in 0..<stride {
        let deviation = x[j] - offset[j]
        offset[j] += deviation * (1 / rows)
        spread[j] += deviation * (x[j] - offset[j])
        scale[j] = spread[j] > 0 ? (rows / spread[j]).squareRoot() : 0
      }
    case .minMax:
      for j in 0..<stride {
        offset[j] = rows == 1 ? x[j] : min(offset[j], x[j])
        spread[j] = rows == 1 ? x[j] : max(spread[j], x[j])
        scale[j] = spread[j] > offset[j] ? 1 / (spread[j] - offset[j]) : 0
      }
    }
  }

  private func clamp(_ out: UnsafeMutablePointer<Double>) {
    guard limit > 0 else { return }
    for j in 0..<stride {
      if out[j] > limit { out[j] = limit } else if out[j] < -limit { out[j] = -limit }
    }
  }

  /// Forgets all but the weight of `rows` rows, so that new values move the scale again.
  mutating func forget(to rows: Double) {
    guard kind == .standard, self.rows > rows else { return }
    for j in 0..<stride { spread[j] *= rows / self.rows }
    self.rows = rows
  }

  mutating func reset() { self = FeatureScaler(kind, limit: limit, width: stride) }

  func write(to writer: inout SnapshotWriter) {
    writer.write(rows)
    writer.write(offset)
    writer.write(scale)
    writer.write(spread)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    rows = try reader.readDouble()
    offset = try reader.readDoubles()
    scale = try reader.readDoubles()
    spread = try reader.readDoubles()
    guard offset.count == stride, scale.count == stride, spread.count == stride else {
      throw .corrupt
    }
  }
}
