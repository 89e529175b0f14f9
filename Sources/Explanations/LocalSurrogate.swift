package import Batches
import Glibc
import Kernels
import Learners

/// A simple model of a complicated one in the neighbourhood of a row: LIME.
///
/// Rows are drawn around the row: its numbers moved by a normal variable of each number's own deviation among the usual
/// rows, its categories and products those of a usual row drawn at random, or by an even chance its own. Of each, the
/// model is asked. A ridge regression of the answers on
///
///     number     (value − the row's value) / deviation
///     category   1 if it is the row's own
///
/// weighted by exp(−D²/σ²), D the distance in these terms and σ = 0.75·√d, keeps the `features` that weigh most and is fitted
/// anew on them. How well it does is told by the weighted R² (`fidelity`): a surrogate that does not fit explains nothing.
///
/// Reference: M. Ribeiro, S. Singh and C. Guestrin, "Why should I trust you?" Explaining the predictions of any
/// classifier, KDD 2016; width of the kernel and the choice of features by their weights as in the authors' program.
///
/// Cost: `samples` predictions, and two systems of d unknowns.
package struct LocalSurrogate: Sendable {
  /// Of each feature that was kept its group, and what it adds: a number by a deviation more, a category by being the
  /// row's own. The greatest first.
  package let weights: [(group: Int, weight: Double)]
  /// What the surrogate says of the row itself, and what the model does.
  package let local: Double
  package let prediction: Double
  /// Weighted R² over the rows that were drawn; nil where the model said the same of all of them.
  package let fidelity: Double?
  package let samples: Int
  package let groups: FeatureGroups

  /// One column of the design: a group that varies, with its deviation if it is a number.
  private struct Column {
    let group: Int
    let deviation: Double?
  }

  private static let penalty = 1.0

  /// Fits one to the predictions themselves: values, or probabilities of the class.
  package static func fit(
    _ model: ExplainedModel, _ batch: borrowing MicroBatch, _ row: Int,
    around background: Background, features: Int, samples: Int = 2000, seed: UInt64 = 1
  ) -> LocalSurrogate {
    precondition(background.count > 0, "no usual rows")
    let groups = FeatureGroups(
      batch, row, families: background.families, hasLoose: background.hasLoose)
    let columns = LocalSurrogate.columns(batch, row, groups, background)
    var random = RandomBits(seed: seed)
    let width = columns.count
    var design: [Double] = []
    var answers: [Double] = []
    design.reserveCapacity(samples * width)
    var drawn = MicroBatch(capacity: min(256, samples + 1), denseWidth: batch.denseWidth)
    // The row itself comes first.
    for sample in 0...samples {
      draw(
        batch, row, groups, background, columns, isItself: sample == 0, &random, into: &drawn,
        &design)
      guard drawn.isFull || sample == samples else { continue }
      answers += model.predictions(drawn)
      drawn.removeAll()
    }
    let weights = (0...samples).map { sample in
      let squares = (0..<width).reduce(0.0) { sum, c in
        let value = design[sample * width + c]
        return sum + (columns[c].deviation == nil ? (1 - value) * (1 - value) : value * value)
      }
      return exp(-squares / (0.5625 * Double(max(width, 1))))
    }
    let all = solve(design, width, answers, weights, Array(0..<width))
    let kept = (0..<width).sorted { abs(all[$0]) > abs(all[$1]) }.prefix(features).sorted()
    let fit = solve(design, width, answers, weights, kept)
    func said(_ sample: Int) -> Double {
      kept.enumerated().reduce(fit[kept.count]) {
        $0 + fit[$1.offset] * design[sample * width + $1.element]
      }
    }
    let total = weights.reduce(0, +)
    let mean = zip(weights, answers).reduce(0) { $0 + $1.0 * $1.1 } / total
    var (left, spread) = (0.0, 0.0)
    for sample in 0...samples {
      let (error, deviation) = (answers[sample] - said(sample), answers[sample] - mean)
      left += weights[sample] * error * error
      spread += weights[sample] * deviation * deviation
    }
    let order = kept.indices.sorted { abs(fit[$0]) > abs(fit[$1]) }
    return LocalSurrogate(
      weights: order.map { (columns[kept[$0]].group, fit[$0]) }, local: said(0),
      prediction: answers[0],
      fidelity: spread > 1e-18 * total * mean * mean ? 1 - left / spread : nil,
      samples: samples, groups: groups)
  }

  /// Numbers that vary among the usual rows, and the row's categories and features without a family.
  private static func columns(
    _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups, _ background: Background
  ) -> [Column] {
    var columns: [Column] = []
    let count = Double(background.count)
    for j in 0..<groups.denseWidth {
      var (mean, squares) = (0.0, 0.0)
      for place in background.places { mean += background.rows.dense(place)[j] / count }
      for place in background.places {
        let distance = background.rows.dense(place)[j] - mean
        squares += distance * distance / count
      }
      if squares > 0 { columns.append(Column(group: j, deviation: squares.squareRoot())) }
    }
    let sparse = batch.sparse(row)
    var seen: Set<Int> = []
    for k in 0..<sparse.count {
      let group = groups.group(family: sparse.families[k], index: sparse.indices[k])
      if seen.insert(group).inserted { columns.append(Column(group: group, deviation: nil)) }
    }
    return columns
  }

  /// Adds a row around the row to `drawn`, and its terms to `design`.
  private static func draw(
    _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups, _ background: Background,
    _ columns: [Column], isItself: Bool, _ random: inout RandomBits,
    into drawn: inout MicroBatch, _ design: inout [Double]
  ) {
    let (out, x) = (drawn.nextDense, batch.dense(row))
    out.update(from: x, count: groups.denseWidth)
    for j in 0..<groups.denseWidth where batch.isAbsent(row, j) { drawn.markAbsent(j) }
    let other = background.places[random.below(background.count)]
    let (a, b) = (batch.sparse(row), background.rows.sparse(other))
    var isOwn = Array(repeating: true, count: groups.count)
    for column in columns {
      if let deviation = column.deviation {
        let step = isItself ? 0 : random.normal()
        out[column.group] = x[column.group] + deviation * step
        design.append(step)
      } else {
        isOwn[column.group] = isItself || random.unit() < 0.5
        let isSame =
          isOwn[column.group] || has(a, column.group, groups) == has(b, column.group, groups)
        design.append(isSame ? 1 : 0)
      }
    }
    var (i, k) = (0, 0)
    while i < a.count || k < b.count {
      let takesOwn = k == b.count || (i < a.count && a.families[i] <= b.families[k])
      let (from, at) = takesOwn ? (a, i) : (b, k)
      let group = groups.group(family: from.families[at], index: from.indices[at])
      if isOwn[group] == takesOwn {
        drawn.addSparse(Int(from.indices[at]), from.values[at], family: Int(from.families[at]))
      }
      if takesOwn { i += 1 } else { k += 1 }
    }
    drawn.endRow(
      target: .nan, weight: batch.weights[row], time: batch.times[row], line: batch.lines[row])
  }

  /// What a row has of a group, to be compared.
  private static func has(_ row: SparseRow, _ group: Int, _ groups: FeatureGroups) -> [Int32:
    Double]
  {
    var found: [Int32: Double] = [:]
    for k in 0..<row.count
    where groups.group(family: row.families[k], index: row.indices[k]) == group {
      found[row.indices[k], default: 0] += row.values[k]
    }
    return found
  }

  /// Weighted ridge regression on some columns: a weight for each, and last the intercept, which is free.
  private static func solve(
    _ design: [Double], _ width: Int, _ answers: [Double], _ weights: [Double], _ columns: [Int]
  ) -> [Double] {
    let n = columns.count + 1
    var gram = Array(repeating: 0.0, count: n * n)
    var right = Array(repeating: 0.0, count: n)
    var x = Array(repeating: 1.0, count: n)
    for sample in answers.indices {
      for (k, column) in columns.enumerated() { x[k] = design[sample * width + column] }
      for i in 0..<n {
        let weighted = weights[sample] * x[i]
        for j in 0...i { gram[i * n + j] += weighted * x[j] }
        right[i] += weighted * answers[sample]
      }
    }
    for k in columns.indices { gram[k * n + k] += penalty }
    _ = SymmetricSystem.solve(matrix: gram, right: &right)
    return right
  }
}
