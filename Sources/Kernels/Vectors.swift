import CLanes

/// Loops over vectors of Doubles that are too short for a call of BLAS to pay.
///
/// Shapes are the caller's promise: every pointer holds at least `count` elements. Eight partial
/// sums keep two SIMD units busy; the order of additions is fixed, so a result never depends on
/// where a micro-batch begins.
package enum Vectors {
  /// Σ aᵢ·bᵢ over `count` elements.
  ///
  /// Reference: `var s = 0.0; for i in 0..<count { s += a[i] * b[i] }`.
  @inlinable
  package static func dot(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    var low = SIMD4<Double>()
    var high = SIMD4<Double>()
    var i = 0
    while i &+ 8 <= count {
      low += load(a, i) * load(b, i)
      high += load(a, i &+ 4) * load(b, i &+ 4)
      i &+= 8
    }
    var sum = (low + high).sum()
    while i < count {
      sum += a[i] * b[i]
      i &+= 1
    }
    return sum
  }

  /// y ← y + factor·x over `count` elements.
  ///
  /// Reference: `for i in 0..<count { y[i] += factor * x[i] }`.
  package static func add(
    _ factor: Double, _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, _ count: Int
  ) {
    weir_add(factor, x, y, Int64(count))
  }

  /// Four elements from index `i` on.
  @inlinable @inline(__always)
  package static func load(_ pointer: UnsafePointer<Double>, _ i: Int) -> SIMD4<Double> {
    UnsafeRawPointer(pointer + i).loadUnaligned(as: SIMD4<Double>.self)
  }

  /// Two elements from index `i` on.
  @inlinable @inline(__always)
  package static func pair(_ pointer: UnsafePointer<Double>, _ i: Int) -> SIMD2<Double> {
    UnsafeRawPointer(pointer + i).loadUnaligned(as: SIMD2<Double>.self)
  }

  /// Puts two elements at index `i` and after.
  @inlinable @inline(__always)
  package static func store(
    _ value: SIMD2<Double>, _ pointer: UnsafeMutablePointer<Double>, _ i: Int
  ) {
    UnsafeMutableRawPointer(pointer + i).storeBytes(of: value, as: SIMD2<Double>.self)
  }

  /// Puts four elements at index `i` and after.
  @inlinable @inline(__always)
  package static func store(
    _ value: SIMD4<Double>, _ pointer: UnsafeMutablePointer<Double>, _ i: Int
  ) {
    UnsafeMutableRawPointer(pointer + i).storeBytes(of: value, as: SIMD4<Double>.self)
  }
}
