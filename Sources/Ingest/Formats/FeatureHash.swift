/// The number that stands for a feature's name: 64 bits, of which a table's index are the lowest.
///
/// Eight bytes at a time. With fold(a, b) the upper half of the 128-bit product a·b XOR the lower one, and
/// w₁ … wₙ the name's bytes as little-endian words, the last one filled up with zeros:
///
///     s ← the number of the namespace (the seed where it has no name)
///     s ← fold(s ^ wᵢ, K)              for all words but the last
///     h = fold(s ^ wₙ, K ^ length);    h ← h ^ h / 2³²
///
/// The last step is for the lowest bits: without it 100,000 whole numbers as names met ten deviations more or less often
/// than by chance, with it as often.
///
/// A namespace's number is h of its own name, beginning with the seed. K and the seed are the first 128
/// fractional bits of the golden ratio, forced odd. The same on every machine and in every run; tests hold values.
enum FeatureHash {
  static let seed: UInt64 = 0x9E37_79B9_7F4A_7C15
  private static let factor: UInt64 = 0xF39C_C060_5CED_C835

  /// The number of `name`, a word of which is `first`, in the namespace with number `space`. At least eight bytes
  /// from its last one on must be readable.
  @inline(__always)
  static func number(_ name: Field, first: UInt64, space: UInt64) -> UInt64 {
    let length = name.count
    let folded =
      length <= 8
      ? fold(space ^ first, factor ^ UInt64(truncatingIfNeeded: length)) : long(name, first, space)
    return folded ^ folded &>> 32
  }

  private static func long(_ name: Field, _ first: UInt64, _ space: UInt64) -> UInt64 {
    var state = fold(space ^ first, factor)
    var rest = Field(start: name.start + 8, end: name.end)
    while rest.count > 8 {
      state = fold(state ^ word(rest), factor)
      rest.start += 8
    }
    return fold(state ^ word(rest), factor ^ UInt64(truncatingIfNeeded: name.count))
  }

  /// The number of a namespace.
  @inline(__always)
  static func space(_ name: Field) -> UInt64 {
    name.isEmpty ? seed : number(name, first: word(name), space: seed)
  }

  /// A field's first eight bytes; zeros stand for those it has not. It is not empty.
  @inline(__always)
  static func word(_ field: Field) -> UInt64 {
    let word = UInt64(
      littleEndian: UnsafeRawPointer(field.start).loadUnaligned(as: UInt64.self))
    let length = UInt64(truncatingIfNeeded: field.count)
    return length >= 8 ? word : word & (~0 &>> (64 &- 8 &* length))
  }

  @inline(__always)
  private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }
}
