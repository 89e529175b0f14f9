package import Snapshots
import Statistics

extension Profile {
  package func write(to writer: inout SnapshotWriter) {
    writer.write([rows, refused, looked])
    writer.write(firstTime)
    writer.write(lastTime)
    writer.write(longestGap)
    blockSeconds.write(to: &writer)
    let errors = typeErrors.sorted { $0.key < $1.key }
    writer.write(errors.map(\.key))
    writer.write(errors.map(\.value))
    for number in numbers { number.write(to: &writer) }
    target.write(to: &writer)
    for category in categories {
      writer.write([category.count, category.missing])
      category.distinct.write(to: &writer)
      category.top.write(to: &writer)
      category.blocks.write(to: &writer)
      let names = category.names.sorted { $0.key < $1.key }
      writer.write(names.map(\.key))
      writer.write(names.map(\.value))
      writer.write(category.hasAllNames)
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    guard counts.count == 3, counts.allSatisfy({ $0 >= 0 }) else { throw .corrupt }
    (rows, refused, looked) = (counts[0], counts[1], counts[2])
    firstTime = try reader.readOptionalDouble()
    lastTime = try reader.readOptionalDouble()
    longestGap = try reader.readDouble()
    try blockSeconds.restore(from: &reader)
    let (columns, errors) = (try reader.readStrings(), try reader.readInts())
    guard columns.count == errors.count else { throw .corrupt }
    typeErrors = Dictionary(zip(columns, errors), uniquingKeysWith: { $1 })
    for j in numbers.indices { try numbers[j].restore(from: &reader) }
    try target.restore(from: &reader)
    for c in categories.indices {
      let counts = try reader.readInts()
      guard counts.count == 2 else { throw .corrupt }
      (categories[c].count, categories[c].missing) = (counts[0], counts[1])
      try categories[c].distinct.restore(from: &reader)
      try categories[c].top.restore(from: &reader)
      try categories[c].blocks.restore(from: &reader)
      let (hashes, names) = (try reader.readWords(), try reader.readStrings())
      guard hashes.count == names.count else { throw .corrupt }
      categories[c].names = Dictionary(zip(hashes, names), uniquingKeysWith: { $1 })
      categories[c].hasAllNames = try reader.readBool()
    }
  }
}
