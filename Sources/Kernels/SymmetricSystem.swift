import CBLAS

/// Solving A·x = b for a symmetric, positive (semi-)definite A, by Cholesky (LAPACK `posv`).
///
/// A singular or ill-conditioned A is handled rather than crashed on: when the factorisation fails,
/// or the reciprocal condition number (LAPACK `pocon`) is below 1e-13, a ridge is added to the
/// diagonal, starting at 1e-10 of its mean and growing tenfold until the factorisation holds.
package enum SymmetricSystem {
  /// What it took to solve a system.
  package struct Outcome: Sendable, Equatable {
    /// What had to be added to the diagonal; 0 when the system was well posed.
    package let addedRidge: Double
    /// Reciprocal condition number of the matrix that was factorised, in the 1-norm.
    package let reciprocalCondition: Double
  }

  /// Solves in place: `right`, n elements, becomes x. Of `matrix`, n×n and row-major, only the lower
  /// triangle is read. Nil when no ridge helps (the matrix is not finite).
  package static func solve(
    matrix: borrowing [Double], right: inout [Double]
  ) -> Outcome? {
    let n = right.count
    precondition(matrix.count == n * n, "matrix of \(matrix.count) elements for \(n) unknowns")
    guard n > 0 else { return Outcome(addedRidge: 0, reciprocalCondition: 1) }
    var factor: [Double] = []
    guard let outcome = factorise(matrix: matrix, width: n, into: &factor) else { return nil }
    LAPACKE_dpotrs(LAPACK_ROW_MAJOR, lower, Int32(n), 1, factor, Int32(n), &right, 1)
    return right.allSatisfy(\.isFinite) ? outcome : nil
  }

  /// Solves for several right sides, the columns of `right` (n×`columns`, row-major), in place.
  package static func solve(
    matrix: borrowing [Double], width n: Int, right: inout [Double], columns: Int
  ) -> Outcome? {
    precondition(right.count == n * columns, "\(right.count) elements for \(n)×\(columns)")
    var factor: [Double] = []
    guard let outcome = factorise(matrix: matrix, width: n, into: &factor) else { return nil }
    LAPACKE_dpotrs(
      LAPACK_ROW_MAJOR, lower, Int32(n), Int32(columns), factor, Int32(n), &right,
      Int32(columns))
    return right.allSatisfy(\.isFinite) ? outcome : nil
  }

  /// The inverse of `matrix` (lower triangle read), both triangles written. Nil as for `solve`.
  package static func inverse(of matrix: borrowing [Double], width n: Int) -> [Double]? {
    var factor: [Double] = []
    guard factorise(matrix: matrix, width: n, into: &factor) != nil else { return nil }
    LAPACKE_dpotri(LAPACK_ROW_MAJOR, lower, Int32(n), &factor, Int32(n))
    for row in 0..<n {
      for column in 0..<row { factor[column * n + row] = factor[row * n + column] }
    }
    return factor.allSatisfy(\.isFinite) ? factor : nil
  }

  private static let lower = CChar(UInt8(ascii: "L"))

  private static func factorise(
    matrix: borrowing [Double], width n: Int, into factor: inout [Double]
  ) -> Outcome? {
    var diagonal = 0.0
    for i in 0..<n { diagonal += matrix[i * n + i] }
    guard diagonal.isFinite else { return nil }
    let unit = max(diagonal / Double(max(n, 1)), 1e-12)
    var ridge = 0.0
    for attempt in 0..<14 {
      factor = copy matrix
      if ridge > 0 { for i in 0..<n { factor[i * n + i] += ridge } }
      let norm = LAPACKE_dlansy(
        LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "1")), lower, Int32(n), factor, Int32(n))
      if LAPACKE_dpotrf(LAPACK_ROW_MAJOR, lower, Int32(n), &factor, Int32(n)) == 0 {
        var condition = 0.0
        LAPACKE_dpocon(
          LAPACK_ROW_MAJOR, lower, Int32(n), factor, Int32(n), norm, &condition)
        if condition > 1e-13 {
          return Outcome(addedRidge: ridge, reciprocalCondition: condition)
        }
      }
      ridge = unit * 1e-10 * pow10(attempt)
    }
    return nil
  }

  private static func pow10(_ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { value, _ in value * 10 }
  }

  /// Copies the lower triangle of a[n×n] over the upper one, in tiles that stay in the nearest cache.
  package static func mirror(_ a: UnsafeMutablePointer<Double>, stride: Int, width: Int) {
    let tile = 8
    let whole = width / tile * tile
    for top in Swift.stride(from: 0, to: whole, by: tile) {
      for left in Swift.stride(from: 0, to: top, by: tile) {
        for i in Swift.stride(from: 0, to: tile, by: 4) {
          for j in Swift.stride(from: 0, to: tile, by: 4) {
            turn(a + (top + i) * stride + left + j, to: a + (left + j) * stride + top + i, stride)
          }
        }
      }
      for i in top..<(top + tile) { for j in top..<i { a[j * stride + i] = a[i * stride + j] } }
    }
    for i in whole..<width { for j in 0..<i { a[j * stride + i] = a[i * stride + j] } }
  }

  /// Puts four by four elements down with rows and columns exchanged.
  @inline(__always)
  private static func turn(
    _ a: UnsafePointer<Double>, to b: UnsafeMutablePointer<Double>, _ stride: Int
  ) {
    let first = Vectors.load(a, 0)
    let second = Vectors.load(a, stride)
    let third = Vectors.load(a, 2 &* stride)
    let fourth = Vectors.load(a, 3 &* stride)
    for k in 0..<4 {
      Vectors.store(SIMD4(first[k], second[k], third[k], fourth[k]), b, k &* stride)
    }
  }
}
