import Scores
import Snapshots

extension GroupAccounts: Snapshotted {
  func write(to writer: inout SnapshotWriter) {
    writer.write(cap)
    writer.write(first)
    for column in tallies.indices {
      writer.write(names[column])
      writer.write(tallies[column]) { $1.write(to: &$0) }
    }
    writer.write(recent) { writer, outcome in
      writer.write([
        outcome.label, outcome.prediction, outcome.guess, outcome.labelProbability,
        outcome.previousLabel, outcome.loss,
      ])
    }
    writer.write(recentLevels)
    writer.write(waiting)
    writer.write([next, nextLook, nextTelling])
    writer.write(found.sorted { $0.key < $1.key }) { writer, gap in
      writer.write([gap.key.column, gap.key.quantity, gap.key.high, gap.key.low, gap.value])
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    cap = try reader.readOptionalDouble()
    first = try reader.readDoubles()
    let fresh = GroupTally(task, quantities, cap: cap)
    for column in tallies.indices {
      names[column] = try reader.readStrings()
      tallies[column] = try reader.readList { reader throws(SnapshotError) in
        var tally = fresh
        try tally.restore(from: &reader)
        return tally
      }
      guard names[column].count >= tallies[column].count else { throw .corrupt }
    }
    recent = try reader.readList { reader throws(SnapshotError) in
      let n = try reader.readDoubles(count: 6)
      return Outcome(
        label: n[0], prediction: n[1], guess: n[2], labelProbability: n[3], previousLabel: n[4],
        loss: n[5])
    }
    recentLevels = try reader.readInt32s()
    waiting = try reader.readInt32s()
    let places = try reader.readInts()
    let columns = options.columns.count
    guard places.count == 3, recent.count <= windowRows,
      recentLevels.count == recent.count * columns, waiting.count % columns == 0,
      places[0] == 0 || recent.indices.contains(places[0])
    else { throw .corrupt }
    (next, nextLook, nextTelling) = (places[0], places[1], places[2])
    found = [:]
    for gap in try reader.readList({ reader throws(SnapshotError) in try reader.readInts() }) {
      guard gap.count == 5, tallies.indices.contains(gap[0]), quantities.indices.contains(gap[1]),
        tallies[gap[0]].indices.contains(gap[2]), tallies[gap[0]].indices.contains(gap[3])
      else { throw .corrupt }
      found[Found(column: gap[0], quantity: gap[1], high: gap[2], low: gap[3])] = gap[4]
    }
  }
}
