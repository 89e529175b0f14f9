import Batches

/// Rows as they would be, had a column another value: nothing is remembered of them.
extension RowEncoder {
  /// Appends the row that the columns now make, without a label. What the rows to come will be made of stays as it was,
  /// but that values and joint values which were never met have a number from here on. False if a column cannot be read.
  mutating func probe(into batch: inout MicroBatch) -> Bool {
    let (told, known, spread) = (notices.count, newLevels, scales)
    let (sum, count) = (
      Array(UnsafeBufferPointer(start: sums, count: plan.dense.count)),
      Array(UnsafeBufferPointer(start: missing, count: plan.dense.count))
    )
    for column in textual where readText(column) != nil { return false }
    let time = timeColumn == nil ? .nan : readTime() ?? .nan
    if isPlain {
      writePlain(&batch)
      mute(batch.nextDense)
    } else {
      findLevels()
      let key = plan.key.map { levels[$0] } ?? 0
      deriveLevels(key: key, time: time)
      writePlain(&batch)
      writeDerived(&batch, key: key, time: time)
      mute(batch.nextDense)
      writeSparse(batch.nextDense, &batch)
      if !plan.derivedLevels.isEmpty { rowsByKey[key] -= 1 }
    }
    if hasTokens { writeTokens(&batch) }
    batch.endRow(target: .nan, weight: 1, time: time, line: 0)
    notices.removeSubrange(told...)
    (newLevels, scales) = (known, spread)
    for feature in plan.dense.indices {
      (sums[feature], missing[feature]) = (sum[feature], count[feature])
    }
    return true
  }
}

extension FeaturePlan {
  /// For each dense feature the columns whose value of now it depends on: what was before is what it was.
  var denseDependence: [Set<Int>] {
    var all: [Set<Int>] = []
    for feature in dense {
      switch feature {
      case .column(let column): all.append([column])
      case .lag: all.append(Set([key].compactMap { $0 }))
      case .timedLag: all.append(Set(time + [key].compactMap { $0 }))
      case .mean(let index): all.append(dependence(ofLevels: means[index].columns))
      case .product(let factors): all.append(factors.reduce([]) { $0.union(all[$1]) })
      }
    }
    return all
  }

  /// The columns that levels of now depend on.
  func dependence(ofLevels levels: [Int]) -> Set<Int> {
    var columns: Set<Int> = []
    for level in levels {
      if level < self.columns.count {
        columns.insert(level)
        continue
      }
      switch derivedLevels[level - self.columns.count] {
      case .clock(let clock):
        if clock.needsTime { columns.formUnion(time) }
        if let key { columns.insert(key) }
      case .earlier:
        columns.formUnion(time)
        if let key { columns.insert(key) }
      }
    }
    return columns
  }
}
