package import Snapshots

extension Reference: Snapshotted {
  package func write(to writer: inout SnapshotWriter) {
    writer.write([rows, refused])
    writer.write(columns)
    let errors = typeErrors.sorted { $0.key < $1.key }
    writer.write(errors.map(\.key))
    writer.write(errors.map(\.value))
    writer.write(firstTime)
    writer.write(lastTime)
    writer.write(longestGap)
    writer.write(blockSeconds.map { [$0.least, $0.mean, $0.most] } ?? [])
    writer.write(numbers.sorted { $0.key < $1.key }) { writer, entry in
      writer.write(entry.key)
      entry.value.write(to: &writer)
    }
    writer.write(target != nil)
    target?.write(to: &writer)
    writer.write(categories.sorted { $0.key < $1.key }) { writer, entry in
      let category = entry.value
      writer.write(entry.key)
      writer.write([category.count, category.missing])
      writer.write(category.distinct)
      writer.write(category.blocks)
      writer.write(category.top.map(\.name))
      writer.write(category.top.map(\.count))
      writer.write(category.known != nil)
      writer.write(category.known?.sorted() ?? [])
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    guard counts.count == 2 else { throw .corrupt }
    (rows, refused) = (counts[0], counts[1])
    columns = try reader.readStrings()
    let (names, errors) = (try reader.readStrings(), try reader.readInts())
    guard names.count == errors.count else { throw .corrupt }
    typeErrors = Dictionary(zip(names, errors), uniquingKeysWith: { $1 })
    firstTime = try reader.readOptionalDouble()
    lastTime = try reader.readOptionalDouble()
    longestGap = try reader.readDouble()
    let seconds = try reader.readDoubles()
    blockSeconds =
      seconds.count == 3
      ? BlockSeconds(least: seconds[0], mean: seconds[1], most: seconds[2]) : nil
    let numbers = try reader.readList { reader throws(SnapshotError) in
      (try reader.readString(), try Number(from: &reader))
    }
    self.numbers = Dictionary(numbers, uniquingKeysWith: { $1 })
    target = try reader.readBool() ? try Number(from: &reader) : nil
    let categories = try reader.readList { reader throws(SnapshotError) in
      let name = try reader.readString()
      var category = Category()
      let counts = try reader.readInts()
      guard counts.count == 2 else { throw .corrupt }
      (category.count, category.missing) = (counts[0], counts[1])
      category.distinct = try reader.readDouble()
      category.blocks = try reader.readDoubles()
      let (names, often) = (try reader.readStrings(), try reader.readInts())
      guard names.count == often.count else { throw .corrupt }
      category.top = zip(names, often).map { ($0, $1) }
      let hasKnown = try reader.readBool()
      let known = try reader.readWords()
      category.known = hasKnown ? Set(known) : nil
      return (name, category)
    }
    self.categories = Dictionary(categories, uniquingKeysWith: { $1 })
  }
}

extension Reference.Number {
  fileprivate func write(to writer: inout SnapshotWriter) {
    writer.write([count, missing, rowsPerMean, labelled])
    writer.write([mean, deviation, least, most, distinct, correlation])
    writer.write(quantiles)
    writer.write(means)
    writer.write(blocks)
  }

  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init()
    let counts = try reader.readInts()
    let values = try reader.readDoubles(count: 6)
    guard counts.count == 4 else { throw .corrupt }
    (count, missing, rowsPerMean, labelled) = (counts[0], counts[1], counts[2], counts[3])
    (mean, deviation, least, most) = (values[0], values[1], values[2], values[3])
    (distinct, correlation) = (values[4], values[5])
    quantiles = try reader.readDoubles()
    means = try reader.readDoubles()
    blocks = try reader.readDoubles()
  }
}
