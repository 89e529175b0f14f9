import Kernels
import TestSupport
import Testing

@Suite struct SHA256Tests {
  /// The examples that NIST gives with FIPS 180-4, and the empty message of its validation vectors.
  static let vectors: [(message: [UInt8], digest: String)] = [
    ([], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (
      Array("abc".utf8), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    ),
    (
      Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      Array(
        ("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
          + "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu").utf8),
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      Array(repeating: UInt8(ascii: "a"), count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ]

  @Test(arguments: vectors.indices) func `digests are those of FIPS 180-4`(index: Int) {
    let (message, digest) = SHA256Tests.vectors[index]
    #expect(SHA256.hex(message) == digest)
  }

  @Test func `how bytes are cut into calls changes nothing`() {
    for seed in 1...40 as ClosedRange<UInt64> {
      var random = SplitMix(seed: seed)
      let bytes = (0..<random.below(400)).map { _ in UInt8(random.below(256)) }
      var hash = SHA256()
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + random.below(150))
        hash.update(Array(bytes[start..<end]))
        // Asking in between changes nothing either.
        if random.below(3) == 0 { _ = hash.digest() }
        start = end
      }
      #expect(hash.hex() == SHA256.hex(bytes), "seed \(seed)")
    }
  }
}
