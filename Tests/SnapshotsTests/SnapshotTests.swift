import Snapshots
import Testing
import TestSupport

@Suite struct SnapshotTests {
  private func sample() -> [UInt8] {
    var writer = SnapshotWriter()
    writer.write(-7)
    writer.write(0.1)
    writer.write(true)
    writer.write("überfall")
    writer.write([1.5, -.infinity])
    writer.write([3, -4])
    return writer.sealed()
  }

  @Test func `what is written is read back`() throws {
    var reader = try SnapshotReader(sample())
    #expect(try reader.readInt() == -7)
    #expect(try reader.readDouble() == 0.1)
    #expect(try reader.readBool())
    #expect(try reader.readString() == "überfall")
    #expect(try reader.readDoubles() == [1.5, -.infinity])
    #expect(try reader.readInts() == [3, -4])
    #expect(throws: SnapshotError.corrupt) { try reader.readInt() }
  }

  @Test func `the checksum is that of gzip and PNG`() {
    #expect(Checksum.crc32(Array("123456789".utf8)[...]) == 0xCBF4_3926)
  }

  @Test func `any flipped bit and any cut is refused`() {
    let bytes = sample()
    for position in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[position] ^= 1 << bit
        #expect(throws: SnapshotError.self) { _ = try SnapshotReader(damaged) }
      }
      #expect(throws: SnapshotError.self) { _ = try SnapshotReader(Array(bytes[..<position])) }
    }
  }

  @Test func `foreign and newer files say what they are`() {
    #expect(throws: SnapshotError.foreign) {
      _ = try SnapshotReader(Array("PK\u{3}\u{4} something else altogether".utf8))
    }
    var newer = sample()
    newer[4] = 9
    #expect(throws: SnapshotError.newer(version: 9)) { _ = try SnapshotReader(newer) }
  }

  @Test func `a count that no file could hold is refused`() throws {
    var writer = SnapshotWriter()
    writer.write(Int.max)
    var reader = try SnapshotReader(writer.sealed())
    #expect(throws: SnapshotError.corrupt) { _ = try reader.readDoubles() }
  }
}
