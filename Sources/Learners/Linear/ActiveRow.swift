import Batches
import Kernels

/// One row as all experts of a mixture see it: the features that are not 0, by index and value.
///
/// Dense features are scaled as the scaler stands and clamped to ±`limit`; the intercept is the feature
/// that is always 1; sparse ones are raw, clamped too. Indices are those of `LinearLayout`, and those
/// from `most` on are left out. Where the layout has one dense feature more than batches, that is `own`.
struct ActiveRow: Sendable {
  let layout: LinearLayout
  let limit: Double
  private let most: Int
  private var indices: [Int32]
  private var values: [Double]
  private var count = 0
  /// Whether `indices` begins with those of all dense features.
  private var isWhole = false
  /// Σ value².
  private var norm = 0.0
  /// One more than the largest index.
  private var width: Int
  /// A last dense feature that no batch has, as it is.
  var own: Double?
  /// The dense features, standardised and not clamped.
  private(set) var scaled: [Double]

  init(layout: LinearLayout, limit: Double = 5, most: Int = .max) {
    self.layout = layout
    self.limit = limit
    self.most = most
    width = layout.denseCount
    scaled = Array(repeating: 0, count: layout.denseCount)
    indices = Array(repeating: 0, count: layout.denseCount)
    values = Array(repeating: 0, count: layout.denseCount)
  }

  /// Takes row `i` of the batch as `scaler` stands.
  mutating func fill(_ batch: borrowing MicroBatch, _ i: Int, _ scaler: FeatureScaler) {
    let sparse = batch.sparse(i)
    let room = layout.denseWidth + 1 + sparse.count
    if room > indices.count {
      indices.append(contentsOf: repeatElement(0, count: room - indices.count))
      values.append(contentsOf: repeatElement(0, count: room - values.count))
    }
    let (limit, most, dense) = (limit, most, layout.denseWidth)
    var (used, sum, widest) = (0, 1.0, layout.denseCount)
    scaled.withUnsafeMutableBufferPointer { scaled in
      indices.withUnsafeMutableBufferPointer { indices in
        values.withUnsafeMutableBufferPointer { values in
          if let out = scaled.baseAddress { scaler.transform(batch.dense(i), into: out) }
          if let own { scaled[dense - 1] = own }
          if dense > 0, let from = scaled.baseAddress, let to = values.baseAddress {
            let (norm, hasZeros) = Scaling.clamp(from, to: limit, into: to, dense)
            sum += norm
            if hasZeros {
              // A feature that is 0 takes no part; written anyway, so that there is no branch.
              for j in 0..<dense {
                indices[used] = Int32(truncatingIfNeeded: j)
                let value = values[j]
                values[used] = value
                used &+= value != 0 ? 1 : 0
              }
            } else {
              if !isWhole { for j in 0..<dense { indices[j] = Int32(truncatingIfNeeded: j) } }
              used = dense
            }
            isWhole = !hasZeros
          }
          indices[used] = Int32(truncatingIfNeeded: layout.intercept)
          values[used] = 1
          used += 1
          for s in 0..<sparse.count {
            let raw = sparse.values[s]
            let value = raw > limit ? limit : (raw < -limit ? -limit : raw)
            guard value != 0 else { continue }
            let index = layout.sparseOffset + Int(sparse.indices[s])
            guard index < most else { continue }
            indices[used] = Int32(truncatingIfNeeded: index)
            values[used] = value
            used += 1
            sum += value * value
            if index >= widest { widest = index + 1 }
          }
        }
      }
    }
    (count, norm, width) = (used, sum, widest)
  }

  /// Lends the row by pointers, so that what arrays cost at each use is paid once.
  @inline(__always)
  mutating func lend<Result>(_ body: (LentRow) -> Result) -> Result {
    indices.withUnsafeMutableBufferPointer { indices in
      values.withUnsafeMutableBufferPointer { values in
        guard let first = indices.baseAddress, let value = values.baseAddress else {
          preconditionFailure("a row has room for its intercept")
        }
        return body(
          LentRow(indices: first, values: value, count: count, norm: norm, width: width))
      }
    }
  }
}

/// An `ActiveRow` while it is lent.
struct LentRow {
  let indices: UnsafePointer<Int32>
  let values: UnsafePointer<Double>
  let count: Int
  let norm: Double
  let width: Int
}
