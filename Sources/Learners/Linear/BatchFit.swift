import Batches
import Kernels

/// Fits a linear model to a window of rows at once, by LAPACK.
///
/// Minimises Σ weightᵢ·loss(w·xᵢ, yᵢ) + penalty over w, the intercept free, where the penalty is
/// ridge·|w|² for the squared loss and ½·ridge·|w|² for the others (as scikit-learn has them).
/// The squared loss is ridge regression by its normal equations: one syrk, one posv. The others take
/// Newton steps, which for a generalised linear model is iteratively reweighted least squares, with
/// the step halved until the objective falls.
///
/// Reference: P. Green, Iteratively reweighted least squares, JRSS B 46 (1984); for quantiles the
/// majorisation of D. Hunter and K. Lange, JCGS 9 (2000).
enum BatchFit {
  struct Settings: Sendable {
    var ridge = 1.0
    var iterations = 50
    var tolerance = 1e-11
    /// A system of more unknowns than this would take more than 8·n² = 128 MB.
    var mostUnknowns = 4000
  }

  typealias Solution = (weights: [Double], scaler: FeatureScaler)

  /// The value of the objective at some weights, with its slope and curvature.
  private struct Quadratic {
    var objective = 0.0
    var gradient: [Double]
    /// n×n, lower triangle.
    var hessian: [Double]

    init(_ n: Int) {
      gradient = Array(repeating: 0, count: n)
      hessian = Array(repeating: 0, count: n * n)
    }
  }

  static func fit(
    _ window: borrowing MicroBatch, loss: Loss, layout: LinearLayout, scaler: FeatureScaler,
    count: Int, settings: Settings
  ) -> (RefitReport, Solution?) {
    let method = loss == .squared ? "ridge by normal equations" : "Newton (IRLS)"
    var rows: [Int] = []
    for i in 0..<window.count where !window.targets[i].isNaN { rows.append(i) }
    guard !rows.isEmpty else {
      return (RefitReport(rows: 0, method: method, failure: "the window holds no labels"), nil)
    }
    guard count <= settings.mostUnknowns else {
      let reason = "\(count) weights are more than a direct solve takes (\(settings.mostUnknowns))"
      return (RefitReport(rows: rows.count, method: method, failure: reason), nil)
    }
    var scaler = scaler
    scaler.reset()
    for i in rows { scaler.observe(window.dense(i)) }
    // Newton's method for a convex loss converges from anywhere; 0 is where no step has overflowed.
    var w = Array(repeating: 0.0, count: count)
    var here = quadratic(window, rows, w, loss, layout, scaler, settings)
    var addedRidge = 0.0
    for _ in 0..<(loss == .squared ? 1 : settings.iterations) {
      var step = here.gradient
      guard let outcome = SymmetricSystem.solve(matrix: here.hessian, right: &step) else {
        let failure = "the system could not be solved, even with a ridge"
        return (RefitReport(rows: rows.count, method: method, failure: failure), nil)
      }
      addedRidge = max(addedRidge, outcome.addedRidge)
      var size = 1.0
      var next = w
      for _ in 0..<30 {
        for j in next.indices { next[j] = w[j] - size * step[j] }
        if loss == .squared { break }
        let there = quadratic(window, rows, next, loss, layout, scaler, settings)
        if there.objective <= here.objective + 1e-12 * abs(here.objective) {
          here = there
          break
        }
        size /= 2
      }
      let moved = zip(w, next).map { abs($0 - $1) }.max() ?? 0
      let largest = next.map(abs).max() ?? 0
      w = next
      if moved <= settings.tolerance * (1 + largest) { break }
    }
    return (RefitReport(rows: rows.count, method: method, addedRidge: addedRidge), (w, scaler))
  }

  private static func quadratic(
    _ window: borrowing MicroBatch, _ rows: [Int], _ w: [Double], _ loss: Loss,
    _ layout: LinearLayout, _ scaler: FeatureScaler, _ settings: Settings
  ) -> Quadratic {
    let n = w.count
    var result = Quadratic(n)
    let chunk = 256
    var design = Array(repeating: 0.0, count: chunk * n)
    var z = Array(repeating: 0.0, count: chunk)
    var start = 0
    while start < rows.count {
      let count = min(chunk, rows.count - start)
      DesignMatrix.fill(&design, window, rows[start..<(start + count)], layout, scaler, width: n)
      BLAS.multiply(1, design, stride: n, rows: count, columns: n, w, plus: 0, &z)
      for k in 0..<count {
        let row = rows[start + k]
        let (y, weight) = (window.targets[row], window.weights[row])
        result.objective += weight * loss.value(z[k], y)
        let root = (weight * loss.curvature(z[k], y)).squareRoot()
        let slope = weight * loss.gradient(z[k], y)
        // One matrix serves both: rows times √curvature, and the slope divided by it again.
        for j in 0..<n { design[k * n + j] *= root }
        z[k] = root > 0 ? slope / root : 0
      }
      BLAS.accumulateTransposed(
        1, design, stride: n, rows: count, columns: n, z, into: &result.gradient)
      BLAS.accumulateGram(
        design, stride: n, rows: count, width: n, into: &result.hessian, stride: n)
      start += count
    }
    let factor = loss == .squared ? 2.0 : 1.0
    for j in 0..<n where j != layout.intercept {
      result.objective += factor / 2 * settings.ridge * w[j] * w[j]
      result.gradient[j] += factor * settings.ridge * w[j]
      // The unused places between dense and sparse weights must not make the system singular.
      let isUnused = j > layout.intercept && j < layout.sparseOffset
      result.hessian[j * n + j] += isUnused ? 1 : factor * settings.ridge
    }
    return result
  }
}

/// Rows as a dense matrix of scaled features, for BLAS.
enum DesignMatrix {
  /// Writes `rows` of the window, `width` elements each, row-major.
  static func fill(
    _ design: inout [Double], _ window: borrowing MicroBatch, _ rows: ArraySlice<Int>,
    _ layout: LinearLayout, _ scaler: FeatureScaler, width: Int
  ) {
    design.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for (k, row) in rows.enumerated() {
        let out = base + k * width
        for j in 0..<width { out[j] = 0 }
        scaler.transform(window.dense(row), into: out)
        out[layout.intercept] = 1
        let sparse = window.sparse(row)
        for s in 0..<sparse.count {
          out[layout.sparseOffset + Int(sparse.indices[s])] += sparse.values[s]
        }
      }
    }
  }
}
