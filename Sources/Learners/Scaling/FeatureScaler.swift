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
  /// `kind == .standard`, asked once: comparing an enum with raw values goes through a generic call.
  private let isStandard: Bool
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
    isStandard = kind == .standard
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
      if case .none = kind { return Vectors.dot(x, w, stride) }
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
    FeatureScaler.transform(x, kind, offset, scale, limit: limit, into: out, stride)
  }

  /// `stride` elements of `x`, shifted, scaled and clamped into `out`.
  @inline(__always)
  static func transform(
    _ x: UnsafePointer<Double>, _ kind: Kind, _ offset: UnsafePointer<Double>,
    _ scale: UnsafePointer<Double>, limit: Double, into out: UnsafeMutablePointer<Double>,
    _ stride: Int
  ) {
    if case .none = kind {
      out.update(from: x, count: stride)
    } else {
      Scaling.transform(x, mean: offset, scale: scale, into: out, stride)
    }
    if limit > 0 { Scaling.clamp(out, to: limit, stride) }
  }

  /// Takes the row in.
  mutating func observe(_ x: UnsafePointer<Double>) { lend { $0.observe(x) } }

  /// Lends the state for a run of rows, so that what arrays cost at each use is paid once.
  @inline(__always)
  mutating func lend<Result>(_ body: (inout LentScaler) -> Result) -> Result {
    offset.withUnsafeMutableBufferPointer { offset in
      scale.withUnsafeMutableBufferPointer { scale in
        spread.withUnsafeMutableBufferPointer { spread in
          // Never nil but for rows without dense features, of which nothing is ever read.
          let nothing = LentScaler.nothing
          var lent = LentScaler(
            kind: kind, isStandard: isStandard, limit: limit, stride: stride, rows: rows,
            offset: offset.baseAddress ?? nothing, scale: scale.baseAddress ?? nothing,
            spread: spread.baseAddress ?? nothing)
          defer { rows = lent.rows }
          return body(&lent)
        }
      }
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
