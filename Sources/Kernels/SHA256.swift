/// SHA-256: 32 bytes that name content.
///
/// Bytes are taken in blocks of 64. Each block is spread to 64 words w (the message schedule) and stirred into
/// eight words of state in 64 rounds; the last block carries a 1 bit, zeros, and the length in bits, big endian.
///
/// Reference: NIST, FIPS 180-4 (2015), sections 4.1.2, 5.1.1 and 6.2.
///
/// Cost: 64 rounds of some 25 operations for each 64 bytes, 270 MB/s where coreutils' sha256sum makes 290; 100 bytes of
/// memory.
///
///     SHA256.hex(Array("abc".utf8))  →  ba7816bf 8f01cfea … f20015ad, without the spaces
package struct SHA256: Sendable {
  /// Bytes of a digest.
  package static let digestBytes = 32

  /// H⁽⁰⁾: the first 32 bits of the fractional parts of the square roots of the first eight primes.
  private var state: SIMD8<UInt32> = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]
  /// Bytes that do not fill a block yet.
  private var rest: [UInt8] = []
  /// Bytes taken so far.
  private var count: UInt64 = 0

  package init() { rest.reserveCapacity(64) }

  /// Takes bytes; how they are cut into calls changes nothing.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count &+= UInt64(bytes.count)
    var next = 0
    if !rest.isEmpty {
      next = min(64 - rest.count, bytes.count)
      rest.append(contentsOf: bytes[0..<next])
      guard rest.count == 64 else { return }
      rest.withUnsafeBytes { SHA256.stir($0, from: 0, blocks: 1, &state) }
      rest.removeAll(keepingCapacity: true)
    }
    let blocks = (bytes.count - next) / 64
    SHA256.stir(bytes, from: next, blocks: blocks, &state)
    rest.append(contentsOf: bytes[(next + 64 * blocks)...])
  }

  package mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// The digest of all bytes taken so far; more may follow.
  package func digest() -> [UInt8] {
    var last = rest
    last.append(0x80)
    while last.count % 64 != 56 { last.append(0) }
    withUnsafeBytes(of: (count &* 8).bigEndian) { last.append(contentsOf: $0) }
    var state = state
    last.withUnsafeBytes { SHA256.stir($0, from: 0, blocks: $0.count / 64, &state) }
    return (0..<8).flatMap { word in
      withUnsafeBytes(of: state[word].bigEndian) { Array($0) }
    }
  }

  /// The digest in lower-case hexadecimal digits, 64 of them.
  package func hex() -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The digest of `bytes` in hexadecimal digits.
  package static func hex(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hex()
  }

  /// K: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. Behind a pointer: an
  /// array in a static is checked at each look-up.
  private nonisolated(unsafe) static let constants: UnsafePointer<UInt32> = {
    let words: [UInt32] = [
      0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
      0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
      0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
      0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
      0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
      0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
      0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
      0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
      0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
      0xc671_78f2,
    ]
    let table = UnsafeMutablePointer<UInt32>.allocate(capacity: words.count)
    table.initialize(from: words, count: words.count)
    return UnsafePointer(table)
  }()

  private static func rotate(_ word: UInt32, _ places: UInt32) -> UInt32 {
    word &>> places | word &<< (32 &- places)
  }

  /// Eight more words of the schedule, from word t on.
  @inline(__always)
  private static func extend(_ w: UnsafeMutablePointer<UInt32>, _ t: Int) {
    for t in t..<(t &+ 8) {
      let (early, late) = (w[t &- 15], w[t &- 2])
      let small = rotate(early, 7) ^ rotate(early, 18) ^ early &>> 3
      let large = rotate(late, 17) ^ rotate(late, 19) ^ late &>> 10
      w[t] = large &+ w[t &- 7] &+ small &+ w[t &- 16]
    }
  }

  /// One of the 64 rounds; `word` is Kₜ + Wₜ. What would become a and e is left in h and d.
  @inline(__always)
  private static func round(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32,
    _ g: UInt32, _ h: inout UInt32, _ word: UInt32
  ) {
    let high = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    h = h &+ high &+ (g ^ (e & (f ^ g))) &+ word
    d = d &+ h
    let low = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    h = h &+ low &+ ((a & b) | (c & (a | b)))
  }

  /// Section 6.2.2 for each block.
  private static func stir(
    _ bytes: UnsafeRawBufferPointer, from start: Int, blocks: Int, _ state: inout SIMD8<UInt32>
  ) {
    guard blocks > 0, let base = bytes.baseAddress else { return }
    precondition(start + 64 * blocks <= bytes.count, "\(blocks) blocks in \(bytes.count) bytes")
    let k = constants
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { buffer in
      guard let w = buffer.baseAddress else { return }
      for block in 0..<blocks {
        let at = base + start + 64 * block
        for t in 0..<16 {
          w[t] = UInt32(bigEndian: at.loadUnaligned(fromByteOffset: 4 * t, as: UInt32.self))
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        var t = 0
        while t < 64 {
          if t >= 16 { extend(w, t) }
          // The eight words change places by the names they are given: moving the values took as long again.
          round(a, b, c, &d, e, f, g, &h, k[t] &+ w[t])
          round(h, a, b, &c, d, e, f, &g, k[t + 1] &+ w[t + 1])
          round(g, h, a, &b, c, d, e, &f, k[t + 2] &+ w[t + 2])
          round(f, g, h, &a, b, c, d, &e, k[t + 3] &+ w[t + 3])
          round(e, f, g, &h, a, b, c, &d, k[t + 4] &+ w[t + 4])
          round(d, e, f, &g, h, a, b, &c, k[t + 5] &+ w[t + 5])
          round(c, d, e, &f, g, h, a, &b, k[t + 6] &+ w[t + 6])
          round(b, c, d, &e, f, g, h, &a, k[t + 7] &+ w[t + 7])
          t &+= 8
        }
        state &+= SIMD8(a, b, c, d, e, f, g, h)
      }
    }
  }
}
