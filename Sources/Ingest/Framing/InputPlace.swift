import Snapshots

/// How far an input was used, told so that it is known again when it is opened anew: by its first bytes, and by how
/// many lines there are before the record that was used last.
struct InputPlace: Equatable {
  /// As many of the first bytes are compared.
  static let mostBeginning = 4096

  /// The first bytes, as far as they were used.
  var beginning: [UInt8] = []
  /// Where the last record that was used begins; nil: none was.
  var offset: Int?
  /// Its line, and its length without the line end; −1: not known.
  var line = 1
  var length = -1
  /// The byte behind it.
  var end: Int { offset.map { $0 + max(length, 1) } ?? 0 }

  init() {}

  @inline(__always)
  mutating func set(_ record: Record) {
    offset = record.offset
    line = record.line
    length = record.body.count
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(beginning)
    writer.write(offset)
    writer.write(line)
    writer.write(length)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    beginning = try reader.readBytes()
    offset = try reader.readOptionalInt()
    line = try reader.readInt()
    length = try reader.readInt()
    guard 0..<1 << 60 ~= offset ?? 0, line >= 1, length < 1 << 40 else { throw .corrupt }
  }
}

/// How an input goes on where another run left off.
package enum InputContinuation: Sendable, Equatable {
  /// It begins as that run's did: what that one had used was passed over, so many bytes.
  case same(bytes: Int)
  /// It is another one, and all of it is new.
  case new
}
