package import Batches

/// What goes with the rows for those who watch the input.
extension EventSource {
  /// Whether it does; to be said before the first row is asked for.
  package mutating func watchInput() {
    encoder.isWatched = true
    encoder.namedLevels = encoder.watchedLevels.map { encoder.tables[$0].count }
  }

  /// The columns as those who watch know them.
  package var inputColumns: InputColumns {
    let plan = encoder.plan
    return InputColumns(
      numbers: zip(plan.dense, plan.denseNames).map { feature, name in
        if case .column = feature {
          InputColumns.Number(name: name, isDerived: false)
        } else {
          InputColumns.Number(name: name, isDerived: true)
        }
      }, categories: encoder.watchedLevels.map { plan.columns[$0] }, all: plan.columns)
  }

  /// The levels of each category so far, by name.
  package var inputLevels: [[String]] {
    encoder.watchedLevels.map { column in
      (0..<encoder.tables[column].count).map { encoder.tables[column].name($0) }
    }
  }
}

extension RowEncoder {
  /// Puts the levels of the row in the making down for those who watch.
  mutating func showLevels(_ batch: inout MicroBatch) {
    let width = watchedLevels.count
    for place in 0..<width {
      let column = watchedLevels[place]
      let field = columns.fields[column]
      let level = level(column)
      if level >= namedLevels[place] {
        batch.addLevel(level, place, name: UnsafeRawBufferPointer(field.bytes))
        namedLevels[place] = level + 1
      }
      let isMissing = MissingWords.contains(field.trimmed)
      batch.setLevel(
        isMissing ? InputRows.missing : Int32(truncatingIfNeeded: level), place, width: width)
    }
  }
}
