import Glibc
import Kernels
import TestSupport
import Testing

@Suite struct KernelTests {
  static let shapes = [0, 1, 3, 4, 7, 8, 9, 16, 31, 100]

  private func vector(_ count: Int, _ random: inout SplitMix) -> [Double] {
    (0..<count).map { _ in random.normal() }
  }

  @Test(arguments: shapes) func `dot and add agree with loops`(count: Int) {
    var random = SplitMix(seed: UInt64(count))
    let (a, b) = (vector(count, &random), vector(count, &random))
    let expected = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(Vectors.dot(a, b, count) - expected) < 1e-12)
    var c = b
    Vectors.add(0.5, a, to: &c, count)
    for i in 0..<count { #expect(c[i] == b[i] + 0.5 * a[i]) }
  }

  @Test(arguments: [0, 4, 8, 32]) func `scaling in one pass agrees with its steps`(count: Int) {
    var random = SplitMix(seed: 5)
    var (mean, squares, scale) = (
      [Double](repeating: 0, count: count), [Double](repeating: 0, count: count),
      [Double](repeating: 0, count: count)
    )
    var out = mean
    let w = vector(count, &random)
    var rows: [[Double]] = []
    for n in 1...50 {
      let x = vector(count, &random)
      let before = Scaling.dot(x, mean: mean, scale: scale, w, count)
      let result = Scaling.advance(
        x, rows: Double(n), mean: &mean, squares: &squares, scale: &scale, w, into: &out, count)
      rows.append(x)
      #expect(result.before == before)
      #expect(abs(result.after - Vectors.dot(out, w, count)) < 1e-12)
      for j in 0..<count {
        let values = rows.map { $0[j] }
        let m = values.reduce(0, +) / Double(n)
        let v = values.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(n)
        #expect(abs(mean[j] - m) < 1e-12)
        let expected = v > 0 ? (x[j] - m) / v.squareRoot() : 0
        #expect(abs(out[j] - expected) < 1e-9)
      }
    }
  }

  /// Past some thousand rows the root comes from a series; outliers and jumps take the long way.
  @Test func `a scale is the reciprocal of the deviation to the last place or two`() {
    var random = SplitMix(seed: 8)
    let count = 4
    var (mean, squares, scale) = (
      [Double](repeating: 0, count: count), [Double](repeating: 0, count: count),
      [Double](repeating: 0, count: count)
    )
    var worst = 0.0
    for n in 1...30_000 {
      var x = vector(count, &random)
      if n % 5_000 == 0 { x[1] *= 1e6 }
      if n > 20_000 { x[2] = x[2] * 1e-3 + 40 }
      x[3] = 7
      Scaling.observe(
        x, rows: Double(n), mean: &mean, squares: &squares, scale: &scale, count)
      for j in 0..<3 where n > 1 {
        let exact = (Double(n) / squares[j]).squareRoot()
        worst = max(worst, abs(scale[j] / exact - 1))
      }
      #expect(scale[3] == 0)
    }
    #expect(worst <= 4 * Double.ulpOfOne)
  }

  @Test(arguments: [1, 2, 7, 30]) func `twelve experts agree with loops`(count: Int) {
    var random = SplitMix(seed: UInt64(count))
    let features = 2 * count
    var table = vector(features * Experts.stride, &random)
    for j in 0..<features { for k in 12..<16 { table[j * 16 + k] = abs(table[j * 16 + k]) + 1 } }
    let indices = (0..<count).map { Int32(2 * $0 + 1) }
    let values = vector(count, &random)
    // Some steps go by the series, some the long way.
    for size in [1e-3, 1] {
      var z = [Double](repeating: 0, count: 12)
      Experts.predict(table, known: features - 1, indices, values, count, into: &z)
      for k in 0..<12 {
        var expected = 0.0
        for a in 0..<count where Int(indices[a]) < features - 1 {
          expected += values[a] * table[Int(indices[a]) * 16 + k]
        }
        #expect(abs(z[k] - expected) < 1e-12)
      }
      let said = (0..<12).map { _ in Double(random.below(1000)) / 1000 }
      let rates = (0..<12).map { _ in size * Double(random.below(1000)) / 1000 }
      let (target, importance, norm, scale) = (1.0, 1.5, 3.0, 2.0)
      let before = table
      Experts.learn(
        &table, indices, values, count, said: said, rates: rates,
        Experts.Lesson(
          target: target, importance: importance, norm: norm, scale: scale,
          isLogistic: size == 1))
      let move = (0..<8).map { (k: Int) -> Double in
        let curvature: Double = size == 1 ? max(said[k] * (1 - said[k]), 0.05) : 1
        let gain: Double = importance * rates[k]
        return gain * (said[k] - target) / (1 + gain * curvature * norm)
      }
      let gradient = (8..<12).map { (k: Int) -> Double in importance * (said[k] - target) }
      let step = (8..<12).map { (k: Int) -> Double in scale * rates[k] }
      for a in 0..<count {
        let base = Int(indices[a]) * 16
        for k in 0..<8 {
          let moved: Double = before[base + k] - move[k] * values[a]
          #expect(abs(table[base + k] - moved) < 1e-14)
        }
        for k in 0..<4 {
          let g = gradient[k] * values[a]
          let sum = 1 / (before[base + 12 + k] * before[base + 12 + k]) + g * g
          let root = 1 / sum.squareRoot()
          #expect(abs(table[base + 12 + k] / root - 1) < 4e-16 * 4)
          let weight = before[base + 8 + k] - step[k] * g * root
          #expect(abs(table[base + 8 + k] - weight) < 1e-14)
        }
      }
    }
  }

  @Test func `many probabilities are one probability`() {
    var random = SplitMix(seed: 3)
    var worst = 0.0
    for _ in 0..<2_000 {
      let z = (0..<8).map { _ in 6 * random.normal() } + [0, 14, -14, 1e300]
      var p = [Double](repeating: 0, count: 12)
      Experts.probabilities(z, 12, most: 13.8, into: &p)
      for k in 0..<12 {
        let exact = 1 / (1 + exp(-max(-13.8, min(13.8, z[k]))))
        worst = max(worst, abs(p[k] / exact - 1))
      }
    }
    #expect(worst <= 2 * Double.ulpOfOne)
  }

  @Test(arguments: shapes) func `clamping tells zeros and the norm`(count: Int) {
    var random = SplitMix(seed: UInt64(count))
    let x = vector(count, &random)
    var out = x
    let (norm, hasZeros) = Scaling.clamp(x, to: 0.7, into: &out, count)
    for j in 0..<count { #expect(out[j] == max(-0.7, min(0.7, x[j]))) }
    #expect(abs(norm - out.reduce(0) { $0 + $1 * $1 }) < 1e-12)
    #expect(!hasZeros)
    for j in 0..<count {
      var y = x
      y[j] = 0
      #expect(Scaling.clamp(y, to: 0.7, into: &out, count).hasZeros)
    }
  }

  @Test func `the sigmoid and softplus hold at both ends`() {
    #expect(Sigmoid.probability(0) == 0.5)
    #expect(Sigmoid.probability(-800) >= 0 && Sigmoid.probability(800) == 1)
    #expect(Sigmoid.softplus(800) == 800)
    #expect(abs(Sigmoid.softplus(0) - 0.693_147_180_559_945_3) < 1e-15)
  }

  @Test(arguments: [1, 2, 7, 8, 9, 40]) func `BLAS products agree with loops`(n: Int) {
    var random = SplitMix(seed: UInt64(n))
    let (rows, stride) = (n + 3, n + 2)
    let (a, b) = (vector(rows * stride, &random), vector(rows * stride, &random))
    var product = [Double](repeating: 0, count: rows * rows)
    BLAS.multiplyTransposed(
      a, stride: stride, b, stride: stride, into: &product, stride: rows, rows: rows,
      columns: rows, inner: n)
    for i in 0..<rows {
      for j in 0..<rows {
        let expected = (0..<n).reduce(0.0) { $0 + a[i * stride + $1] * b[j * stride + $1] }
        #expect(abs(product[i * rows + j] - expected) < 1e-12)
      }
    }
    var gram = [Double](repeating: 0, count: n * n)
    BLAS.accumulateGram(a, stride: stride, rows: rows, width: n, into: &gram, stride: n)
    for i in 0..<n {
      for j in 0...i {
        let expected = (0..<rows).reduce(0.0) { $0 + a[$1 * stride + i] * a[$1 * stride + j] }
        #expect(abs(gram[i * n + j] - expected) < 1e-12)
      }
    }
  }

  @Test(arguments: [1, 2, 5, 30]) func `a system is solved and its inverse found`(n: Int) throws {
    var random = SplitMix(seed: UInt64(n))
    let root = vector(2 * n * n, &random)
    var matrix = [Double](repeating: 0, count: n * n)
    for i in 0..<n {
      for j in 0..<n {
        matrix[i * n + j] = (0..<(2 * n)).reduce(0.0) { $0 + root[$1 * n + i] * root[$1 * n + j] }
      }
    }
    let x = vector(n, &random)
    var right = (0..<n).map { i in (0..<n).reduce(0.0) { $0 + matrix[i * n + $1] * x[$1] } }
    let outcome = try #require(SymmetricSystem.solve(matrix: matrix, right: &right))
    #expect(outcome.addedRidge == 0)
    for i in 0..<n { #expect(abs(right[i] - x[i]) < 1e-7) }
    let inverse = try #require(SymmetricSystem.inverse(of: matrix, width: n))
    for i in 0..<n {
      for j in 0..<n {
        let entry = (0..<n).reduce(0.0) { $0 + matrix[i * n + $1] * inverse[$1 * n + j] }
        #expect(abs(entry - (i == j ? 1 : 0)) < 1e-6)
      }
    }
  }

  @Test func `a singular system gets a ridge and a broken one is refused`() throws {
    var right = [2.0, 2]
    let outcome = try #require(SymmetricSystem.solve(matrix: [1, 1, 1, 1], right: &right))
    #expect(outcome.addedRidge > 0)
    #expect(abs(right[0] + right[1] - 2) < 1e-3)
    #expect(SymmetricSystem.solve(matrix: [.nan, 0, 0, 1], right: &right) == nil)
  }
}

@Suite struct WorkersTests {
  @Test(arguments: [1, 2, 5]) func `every part of every job is done once`(threads: Int) {
    let workers = Workers(threads)
    #expect((1...threads).contains(workers.count))
    var counts = Array(repeating: 0, count: 11)
    for _ in 0..<2_000 { workers.forEach(&counts) { $1 += $0 + 1 } }
    // After a sleep as well.
    usleep(20_000)
    workers.forEach(&counts) { $1 += $0 + 1 }
    #expect(counts == (1...11).map { 2_001 * $0 })
    workers.perform(0) { _ in Issue.record("a job of no parts") }
  }

  @Test func `threads end with the last reference`() {
    for round in 0..<200 {
      var sums = [0, 0, 0]
      Workers(3).forEach(&sums) { $1 = $0 + round }
      #expect(sums == [round, round + 1, round + 2])
    }
  }

  @Test(arguments: [0, 1, 7, 8, 9, 16, 61]) func `a mirrored triangle is symmetric`(width: Int) {
    var random = SplitMix(seed: 9)
    let stride = width + 3
    var matrix = (0..<max(1, stride * width)).map { _ in random.normal() }
    let before = matrix
    matrix.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      SymmetricSystem.mirror(base, stride: stride, width: width)
    }
    for i in 0..<width {
      for j in 0..<stride where j <= i || j >= width {
        #expect(matrix[i * stride + j] == before[i * stride + j])
      }
      for j in 0..<i { #expect(matrix[j * stride + i] == before[i * stride + j]) }
    }
  }

  @Test(arguments: [0, 1, 7, 8, 9, 100]) func `BLAS adds a multiple of a vector`(count: Int) {
    var random = SplitMix(seed: 10)
    let x = (0..<count + 1).map { _ in random.normal() }
    let y = (0..<count + 1).map { _ in random.normal() }
    var sum = y
    BLAS.add(0.7, x, to: &sum, count)
    for i in 0..<count { #expect(abs(sum[i] - (y[i] + 0.7 * x[i])) < 1e-14) }
    #expect(sum[count] == y[count])
  }
}

@Suite struct SideThreadTests {
  @Test func `each job that was begun is done once, and seen to be done`() {
    final class Sum: @unchecked Sendable { var value = 0 }
    let sum = Sum()
    let thread = SideThread { sum.value += 1 }
    thread.finish()
    for round in 1...3_000 {
      #expect(thread.begin())
      // After a sleep as well.
      if round % 1_000 == 0 { usleep(5_000) }
      thread.finish()
      #expect(sum.value == round)
    }
  }

  @Test func `it ends with the last reference, in the middle of a job too`() {
    for _ in 0..<200 {
      let thread = SideThread { usleep(50) }
      #expect(thread.begin())
    }
  }

}
