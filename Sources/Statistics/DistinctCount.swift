import Glibc
package import Snapshots

/// How many distinct values a stream has: HyperLogLog with an estimator that needs no table against bias.
///
/// A value's hash chooses one of m = 2^p registers by its first p bits; the register keeps the greatest position of
/// the first 1 among the q = 64 − p others, q + 1 if there is none. With C_j registers that hold j,
///
///     z = m·τ(1 − C_{q+1}/m);  z ← (z + C_j)/2 for j = q … 1;  z ← z + m·σ(C_0/m)
///     estimate = m²/(2·ln 2·z)
///
/// where σ and τ are series that take the ends into account; this is unbiased from 0 to the largest counts, where the
/// first estimators were wrong by a few per cent near 2.5·m. Two counts are joined by the greater of each two registers,
/// which gives exactly what one count of both streams has.
///
///     standard error: 1.04/√m, 3.3 % for p = 10
///
/// References: P. Flajolet, É. Fusy, O. Gandouet and F. Meunier, HyperLogLog, AofA (2007); O. Ertl, New cardinality
/// estimation algorithms for HyperLogLog sketches (2017), algorithm 6.
///
/// Parameters: p, 10. Cost: 2 ns a value, 2^p bytes.
package struct DistinctCount: Snapshotted, Sendable, Equatable {
  private let precision: Int
  private var registers: [UInt8]

  package init(precision: Int = 10) {
    precondition((4...18).contains(precision), "2^\(precision) registers")
    self.precision = precision
    registers = Array(repeating: 0, count: 1 << precision)
  }

  /// Takes a value by its hash, of which every bit must be as good as any other (`hash`).
  @inline(__always)
  package mutating func add(hash: UInt64) {
    let place = Int(truncatingIfNeeded: hash >> UInt64(64 - precision))
    let rest = hash << UInt64(precision) | 1 << UInt64(precision - 1)
    let rank = UInt8(truncatingIfNeeded: rest.leadingZeroBitCount + 1)
    if rank > registers[place] { registers[place] = rank }
  }

  package mutating func add(_ number: Double) { add(hash: DistinctCount.hash(number)) }

  /// A hash of a number; 0 and −0 are one.
  @inline(__always)
  package static func hash(_ number: Double) -> UInt64 {
    mix(number == 0 ? 0 : number.bitPattern)
  }

  /// A hash of text.
  package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var h: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { h = (h ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return mix(h)
  }

  @inline(__always)
  private static func mix(_ word: UInt64) -> UInt64 {
    var z = word &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  package mutating func merge(_ other: DistinctCount) {
    precondition(other.precision == precision, "2^\(precision) and 2^\(other.precision) registers")
    for place in registers.indices {
      registers[place] = max(registers[place], other.registers[place])
    }
  }

  package var estimate: Double {
    let q = 64 - precision
    var counts = [Double](repeating: 0, count: q + 2)
    for register in registers { counts[min(Int(register), q + 1)] += 1 }
    let m = Double(registers.count)
    var z = m * DistinctCount.tau(1 - counts[q + 1] / m)
    for j in stride(from: q, through: 1, by: -1) { z = 0.5 * (z + counts[j]) }
    z += m * DistinctCount.sigma(counts[0] / m)
    return m * m / (2 * log(2) * z)
  }

  private static func sigma(_ start: Double) -> Double {
    guard start < 1 else { return .infinity }
    var (x, y, z) = (start, 1.0, start)
    while true {
      x *= x
      let before = z
      z += x * y
      y += y
      if z == before { return z }
    }
  }

  private static func tau(_ start: Double) -> Double {
    guard start > 0, start < 1 else { return 0 }
    var (x, y, z) = (start, 1.0, 1 - start)
    while true {
      x = x.squareRoot()
      let before = z
      y *= 0.5
      z -= (1 - x) * (1 - x) * y
      if z == before { return z / 3 }
    }
  }

  package func write(to writer: inout SnapshotWriter) { writer.write(registers) }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let registers = try reader.readBytes()
    guard registers.count == self.registers.count,
      registers.allSatisfy({ $0 <= 65 - precision })
    else { throw .corrupt }
    self.registers = registers
  }
}
