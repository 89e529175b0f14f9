package import Snapshots

/// JSON in a snapshot: a number for the case, then its content.
extension JSONValue {
  package func write(to writer: inout SnapshotWriter) {
    switch self {
    case .null: writer.write(0)
    case .bool(let value):
      writer.write(1)
      writer.write(value)
    case .int(let value):
      writer.write(2)
      writer.write(value)
    case .double(let value):
      writer.write(3)
      writer.write(value)
    case .string(let value):
      writer.write(4)
      writer.write(value)
    case .array(let values):
      writer.write(5)
      writer.write(values) { $1.write(to: &$0) }
    case .object(let members):
      writer.write(6)
      writer.write(members) { writer, member in
        writer.write(member.key)
        member.value.write(to: &writer)
      }
    }
  }

  package init(from reader: inout SnapshotReader) throws(SnapshotError) {
    switch try reader.readInt() {
    case 0: self = .null
    case 1: self = .bool(try reader.readBool())
    case 2: self = .int(try reader.readInt())
    case 3: self = .double(try reader.readDouble())
    case 4: self = .string(try reader.readString())
    case 5:
      self = .array(
        try reader.readList { reader throws(SnapshotError) in try JSONValue(from: &reader) })
    case 6: self = .object(try JSONValue.readMembers(from: &reader))
    default: throw .corrupt
    }
  }

  fileprivate static func readMembers(
    from reader: inout SnapshotReader
  ) throws(SnapshotError) -> [Member] {
    try reader.readList { reader throws(SnapshotError) in
      Member(key: try reader.readString(), value: try JSONValue(from: &reader))
    }
  }
}

extension JournalEntry {
  package func write(to writer: inout SnapshotWriter) {
    writer.write(event)
    writer.write(kind)
    JSONValue.object(fields).write(to: &writer)
  }

  package init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let event = try reader.readInt()
    let kind = try reader.readString()
    guard case .object(let members) = try JSONValue(from: &reader) else { throw .corrupt }
    self.init(event: event, kind: kind, members.map { ($0.key, $0.value) })
  }
}
