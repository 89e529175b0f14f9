import CLanes

/// Loops over a square matrix that is too narrow for a call of BLAS to pay; `width` columns are in use of `stride`.
package enum NarrowSquare {
  /// out ← Σ values[k]·(row indices[k] of the matrix), over `count` rows.
  @inline(__always)
  package static func sumRows(
    _ matrix: UnsafePointer<Double>, stride: Int, width: Int, _ indices: UnsafePointer<Int32>,
    _ values: UnsafePointer<Double>, _ count: Int, into out: UnsafeMutablePointer<Double>
  ) {
    weir_rows_sum(matrix, Int64(stride), Int64(width), indices, values, Int64(count), out)
  }

  /// matrix ← matrix − v·vᵀ, both triangles.
  @inline(__always)
  package static func subtractSquare(
    of v: UnsafePointer<Double>, from matrix: UnsafeMutablePointer<Double>, stride: Int, width: Int
  ) {
    weir_subtract_square(matrix, Int64(stride), Int64(width), v)
  }
}
