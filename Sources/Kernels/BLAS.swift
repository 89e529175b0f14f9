import CBLAS
import Glibc

/// Products of matrices and vectors by OpenBLAS. All matrices are row-major.
///
/// Where it overtakes loops is measured in `Benchmarks/README.md`. It computes on one thread: a stream
/// has its own use for the other cores.
package enum BLAS {
  /// Tells OpenBLAS to compute on the calling thread alone. Called once, when the program starts.
  ///
  /// The threads that it has begun by then look for work for some 70 ms, on the very core that reads ahead. What
  /// ends them is in no header and not in every build of the library, so it is asked for by name.
  package static func useOneThread() {
    openblas_set_num_threads(1)
    guard let symbol = dlsym(nil, "blas_thread_shutdown_") else { return }
    _ = unsafeBitCast(symbol, to: (@convention(c) () -> Int32).self)()
  }

  /// What computes: OpenBLAS's version and the kernel it chose for this processor.
  package static var configuration: String {
    let version = openblas_get_config().map { String(cString: $0) } ?? "OpenBLAS"
    let core = openblas_get_corename().map { String(cString: $0) } ?? "unknown"
    let number = version.split(separator: " ").prefix(2).joined(separator: " ")
    return "\(number), \(core) kernels"
  }

  /// out[rows×columns] ← a[rows×inner] · b[columns×inner]ᵀ; strides are row lengths in memory.
  package static func multiplyTransposed(
    _ a: UnsafePointer<Double>, stride aStride: Int, _ b: UnsafePointer<Double>,
    stride bStride: Int, into out: UnsafeMutablePointer<Double>, stride outStride: Int, rows: Int,
    columns: Int, inner: Int
  ) {
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(columns), blasint(inner), 1,
      a, blasint(aStride), b, blasint(bStride), 0, out, blasint(outStride))
  }

  /// out[rows×columns] ← out + factor · a[inner×rows]ᵀ · b[inner×columns].
  package static func accumulateTransposed(
    _ factor: Double, _ a: UnsafePointer<Double>, stride aStride: Int,
    _ b: UnsafePointer<Double>, stride bStride: Int, into out: UnsafeMutablePointer<Double>,
    stride outStride: Int, rows: Int, columns: Int, inner: Int
  ) {
    cblas_dgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, blasint(rows), blasint(columns), blasint(inner),
      factor, a, blasint(aStride), b, blasint(bStride), 1, out, blasint(outStride))
  }

  /// y ← factor · a[rows×columns] · x + scale · y.
  package static func multiply(
    _ factor: Double, _ a: UnsafePointer<Double>, stride: Int, rows: Int, columns: Int,
    _ x: UnsafePointer<Double>, plus scale: Double, _ y: UnsafeMutablePointer<Double>
  ) {
    cblas_dgemv(
      CblasRowMajor, CblasNoTrans, blasint(rows), blasint(columns), factor, a, blasint(stride), x,
      1, scale, y, 1)
  }

  /// y ← y + factor · x over `count` elements.
  package static func add(
    _ factor: Double, _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    cblas_daxpy(blasint(count), factor, x, 1, y, 1)
  }

  /// y ← y + factor · a[rows×columns]ᵀ · x.
  package static func accumulateTransposed(
    _ factor: Double, _ a: UnsafePointer<Double>, stride: Int, rows: Int, columns: Int,
    _ x: UnsafePointer<Double>, into y: UnsafeMutablePointer<Double>
  ) {
    cblas_dgemv(
      CblasRowMajor, CblasTrans, blasint(rows), blasint(columns), factor, a, blasint(stride), x, 1,
      1, y, 1)
  }

  /// The lower triangle of out[n×n] ← out + a[rows×n]ᵀ · a.
  package static func accumulateGram(
    _ a: UnsafePointer<Double>, stride: Int, rows: Int, width: Int,
    into out: UnsafeMutablePointer<Double>, stride outStride: Int
  ) {
    cblas_dsyrk(
      CblasRowMajor, CblasLower, CblasTrans, blasint(width), blasint(rows), 1, a, blasint(stride),
      1, out, blasint(outStride))
  }

  /// The lower triangle of out[n×n] ← out − a[rows×n]ᵀ · a.
  package static func subtractGram(
    _ a: UnsafePointer<Double>, stride: Int, rows: Int, width: Int,
    from out: UnsafeMutablePointer<Double>, stride outStride: Int
  ) {
    cblas_dsyrk(
      CblasRowMajor, CblasLower, CblasTrans, blasint(width), blasint(rows), -1, a, blasint(stride),
      1, out, blasint(outStride))
  }

}
