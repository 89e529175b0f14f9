import Glibc
import Kernels
import Snapshots

/// Recursive least squares at one forgetting factor, or a Kalman filter of one memory, for several links at once; for two
/// classes an online Newton step.
///
/// The inverse Gram matrix depends on the rows alone, so that links share it: of the O(d²) a row it is
/// all but O(d). With v = 1, or max(p·(1 − p), 0.01) for classes, u the Huber weight and q = xᵀ·P·x,
///
///     w ← w + (t − p)/v · P·x / (λ/(u·v) + q)
///
/// where t − p is the error of the link's own target (p = z but for classes). u = min(1, 1.5·s/|e|)
/// with s a running scale of the errors of the last link. See `InverseGram` for P, and for weights that
/// wander, when it is a Kalman filter of variances in those of the noise; the intercept then stays.
struct SecondOrderExperts: Sendable {
  private static let huber = 1.5

  let links: [Link]
  let name: String
  private let intercept: Int
  private var inverse: InverseGram
  private var weights: [[Double]]
  private var scale = 0.0
  private var px: [Double] = []

  init(_ name: String, links: [Link], inverse: InverseGram, layout: LinearLayout) {
    self.name = name
    self.links = links
    self.inverse = inverse
    intercept = layout.intercept
    weights = links.map { _ in [] }
    grow(to: layout.denseCount)
  }

  var memoryBytes: Int { inverse.memoryBytes + weights.count * (weights.first?.count ?? 0) * 8 }
  var width: Int { inverse.width }

  mutating func grow(to width: Int) {
    let known = inverse.width
    guard width > known else { return }
    inverse.grow(to: width)
    for l in weights.indices {
      weights[l].append(contentsOf: repeatElement(0, count: width - known))
    }
    px.append(contentsOf: repeatElement(0, count: width - px.count))
  }

  mutating func startIntercepts(at values: [Double]) {
    for l in weights.indices { weights[l][intercept] = values[l] }
  }

  /// Writes the predictor of each link.
  func predict(_ row: LentRow, into z: UnsafeMutablePointer<Double>) {
    for l in weights.indices {
      var sum = 0.0
      weights[l].withUnsafeBufferPointer { buffer in
        guard let w = buffer.baseAddress else { return }
        let known = buffer.count
        for a in 0..<row.count {
          let index = Int(row.indices[a])
          if index < known { sum += w[index] * row.values[a] }
        }
      }
      z[l] = sum
    }
  }

  /// Learns a row; false when rounding had cost the inverse its definiteness and it began again.
  mutating func learn(
    _ row: LentRow, z: UnsafePointer<Double>, targets: UnsafePointer<Double>,
    importance: Double
  ) -> Bool {
    var (error, curvature) = (0.0, 1.0)
    let last = links.count - 1
    if links[last] == .logistic {
      let p = LogOdds.probability(z[last])
      curvature = max(p * (1 - p), 0.01)
      error = (targets[last] - p) / curvature
    } else {
      error = targets[last] - z[last]
    }
    var weight = importance * curvature
    if links[last] != .logistic {
      if scale == 0 { scale = abs(error) }
      if scale > 0 {
        weight *= min(1, SecondOrderExperts.huber * scale / max(abs(error), 1e-300))
        scale += 0.01 * (min(abs(error), 5 * scale) - scale)
      }
    }
    guard weight > 0 else { return true }
    let factor = inverse.observe(row, importance: weight, product: &px)
    guard factor.isFinite, factor >= 0 else {
      inverse.restart()
      return false
    }
    let n = inverse.width
    for l in weights.indices {
      let e = l == last ? error : targets[l] - z[l]
      guard e.isFinite else { continue }
      weights[l].withUnsafeMutableBufferPointer { w in
        if let w = w.baseAddress { Vectors.add(factor * e, px, to: w, n) }
      }
    }
    // The prior that was forgotten is given back one weight at a time.
    if let (turn, gain) = inverse.leak(product: &px) {
      for l in weights.indices {
        let back = -gain * weights[l][turn]
        weights[l].withUnsafeMutableBufferPointer { w in
          if let w = w.baseAddress { Vectors.add(back, px, to: w, n) }
        }
      }
    }
    if let kept = inverse.wander() {
      for l in weights.indices {
        let level = weights[l][intercept]
        for j in 0..<n { weights[l][j] *= kept }
        weights[l][intercept] = level
      }
    }
    return true
  }

  /// Weight `j` of the last link's expert.
  func weight(_ j: Int) -> Double {
    let w = weights[weights.count - 1]
    return j < w.count ? w[j] : 0
  }

  /// Weight `j` of link `l`'s expert.
  func weight(_ j: Int, link l: Int) -> Double { j < weights[l].count ? weights[l][j] : 0 }

  mutating func refresh() { inverse.restart() }

  func write(to writer: inout SnapshotWriter) {
    inverse.write(to: &writer)
    for l in weights.indices { writer.write(weights[l]) }
    writer.write(scale)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try inverse.restore(from: &reader)
    for l in weights.indices {
      weights[l] = try reader.readDoubles()
      guard weights[l].count == inverse.width else { throw .corrupt }
    }
    scale = try reader.readDouble()
    px = Array(repeating: 0, count: inverse.width)
  }
}
