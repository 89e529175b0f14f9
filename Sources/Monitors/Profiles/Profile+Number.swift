import Snapshots
import Statistics

extension Profile.Number {
  mutating func merge(_ other: Profile.Number) {
    values.merge(other.values)
    missing += other.missing
    quantiles.merge(other.quantiles)
    distinct.merge(other.distinct)
    relation.merge(other.relation)
    means.merge(other.means)
    blocks.merge(other.blocks)
  }

  /// What checks compare with.
  var reference: Reference.Number {
    var number = Reference.Number()
    (number.count, number.missing) = (Int(values.count), missing)
    (number.mean, number.deviation) = (values.mean, values.standardDeviation)
    (number.least, number.most) = (values.least, values.most)
    number.quantiles = quantiles.quantiles((0...64).map { Double($0) / 64 })
    if !number.quantiles.isEmpty {
      (number.quantiles[0], number.quantiles[64]) = (number.least, number.most)
    }
    number.distinct = distinct.estimate
    (number.rowsPerMean, number.means) = (means.rowsPerMean, means.means)
    (number.correlation, number.labelled) = (relation.correlation, Int(relation.count))
    number.blocks = blocks.means
    return number
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(missing)
    values.write(to: &writer)
    quantiles.write(to: &writer)
    distinct.write(to: &writer)
    relation.write(to: &writer)
    means.write(to: &writer)
    blocks.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    missing = try reader.readInt()
    try values.restore(from: &reader)
    try quantiles.restore(from: &reader)
    try distinct.restore(from: &reader)
    try relation.restore(from: &reader)
    try means.restore(from: &reader)
    try blocks.restore(from: &reader)
  }
}
