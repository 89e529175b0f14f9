import Snapshots

/// All that encoding a row may depend on: what was seen of each column and remembered of the rows before.
extension RowEncoder {
  /// To be called between two rows, when the notices have been taken.
  func write(to writer: inout SnapshotWriter) {
    writer.write(accepted)
    writer.write(lastSequence)
    writer.write(passedOver)
    target.write(to: &writer)
    for table in tables { table.write(to: &writer) }
    writer.write(newLevels)
    writer.write(rowsByKey)
    for levels in earlierLevels { levels.write(to: &writer) }
    for table in groups { table.write(to: &writer) }
    // Families may have been added to those of the plan.
    writer.write(plan.sparse) { writer, family in
      writer.write(family.columns)
      writer.write(family.dense)
      writer.write(family.scale)
      writer.write(family.isOn)
    }
    for table in sparseKeys { table.write(to: &writer) }
    writer.write(sparseNames.map(\.feature))
    writer.write(sparseNames.map(\.key))
    for family in families { writer.write(family.table) }
    for history in lags { history.write(to: &writer) }
    for history in timedLags { history.write(to: &writer) }
    for history in means { history.write(to: &writer) }
    for scale in scales { scale.write(to: &writer) }
    writer.write(scaledFeatures)
    pending.write(to: &writer)
    join?.write(to: &writer)
    slotted.write(to: &writer)
    writer.write(joinNotices)
    writer.write(muted.map(\.feature))
    writer.write(muted.map(\.value))
    writer.write(UnsafeBufferPointer(start: sums, count: plan.dense.count))
    writer.write(UnsafeBufferPointer(start: missing, count: plan.dense.count))
    let remembered = last.sorted { $0.key < $1.key }
    writer.write(remembered.map(\.key))
    writer.write(remembered.map(\.value))
    grouping.write(to: &writer)
  }

  /// Takes over what was written of an encoder with the same plan.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    accepted = try reader.readInt()
    lastSequence = try reader.readDouble()
    passedOver = try reader.readInt()
    try target.restore(from: &reader)
    for k in tables.indices { try tables[k].restore(from: &reader) }
    newLevels = try reader.readInts()
    guard newLevels.count == plan.columns.count else { throw .corrupt }
    rowsByKey = try reader.readInts()
    for k in earlierLevels.indices { try earlierLevels[k].restore(from: &reader) }
    for k in groups.indices { try groups[k].restore(from: &reader) }
    try restoreFamilies(from: &reader)
    for k in lags.indices { try lags[k].restore(from: &reader) }
    for k in timedLags.indices { try timedLags[k].restore(from: &reader) }
    for k in means.indices { try means[k].restore(from: &reader) }
    for k in scales.indices { try scales[k].restore(from: &reader) }
    scaledFeatures = try reader.readInts()
    try pending.restore(from: &reader)
    try join?.restore(from: &reader)
    try slotted.restore(from: &reader)
    let told = try reader.readInts()
    guard told.count == joinNotices.count else { throw .corrupt }
    joinNotices = told
    let features = try reader.readInts()
    muted = Array(zip(features, try reader.readDoubles(count: features.count)))
    guard (scaledFeatures + features).allSatisfy(plan.dense.indices.contains) else {
      throw .corrupt
    }
    try reader.read(into: UnsafeMutableBufferPointer(start: sums, count: plan.dense.count))
    try reader.read(into: UnsafeMutableBufferPointer(start: missing, count: plan.dense.count))
    let remembered = try reader.readInts()
    let values = try reader.readDoubles(count: remembered.count)
    for (feature, value) in zip(remembered, values) { last[feature] = value }
    try grouping.restore(from: &reader)
  }

  private mutating func restoreFamilies(
    from reader: inout SnapshotReader
  ) throws(SnapshotError) {
    let sparse = try reader.readList { reader throws(SnapshotError) in
      SparseFeature(
        columns: try reader.readInts(), dense: try reader.readInts(),
        scale: try reader.readDouble(), isOn: try reader.readBool())
    }
    guard sparse.count >= families.count else { throw .corrupt }
    for family in sparse[families.count...] {
      guard !family.columns.isEmpty, family.dense.allSatisfy(plan.dense.indices.contains) else {
        throw .corrupt
      }
      add(family)
    }
    for k in sparse.indices { plan.sparse[k].isOn = sparse[k].isOn }
    active = plan.sparse.indices.filter { plan.sparse[$0].isOn }
    for k in sparseKeys.indices { try sparseKeys[k].restore(from: &reader) }
    let owners = try reader.readInts()
    let keys = try reader.readWords()
    guard keys.count == owners.count, owners.allSatisfy(families.indices.contains) else {
      throw .corrupt
    }
    sparseNames = Array(zip(owners, keys))
    for k in families.indices { families[k].take(try reader.readInt32s()) }
  }
}
