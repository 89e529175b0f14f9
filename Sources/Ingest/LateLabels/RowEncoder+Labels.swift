import Batches

/// What a record is, where labels are joined to their rows by id:
///
///     id      label   features   it is
///     new     none    any        a row that waits for its label
///     new     there   some       a row with its label
///     new     there   none       a label without a row: counted
///     waits   there   any        the row's label; its features are not looked at
///     waits   none    any        a row that came twice: counted
///     known   any     any        a label or a row that came twice, or too late: counted
extension RowEncoder {
  enum Encounter {
    case fault(Fault)
    /// The record was no event, and is dealt with.
    case taken
    /// The record is a row to be predicted.
    case event(LabelJoin.Meeting)
  }

  /// Kinds of what the journal tells of labels, by the place of their count in `joinNotices`.
  private static let kinds = [
    "label-expired", "label-unmatched", "label-duplicate", "label-after-expiry", "row-repeated",
  ]
  /// More of a kind than these are only counted.
  private static let mostNotices = 10

  /// Finds out what a record is, and takes it unless it is an event. A fault leaves no trace.
  ///
  /// Never inlined: what rows without ids go through would be longer by it.
  @inline(never)
  mutating func meet(_ batch: inout MicroBatch, line: Int) -> Encounter {
    guard let idColumn else { return .taken }
    let id = fields[idColumn].trimmed
    guard !id.isEmpty else {
      return .fault(
        Fault(kind: .missingID, column: idColumn, expected: "an id", found: "nothing"))
    }
    // Not through a copy: what is changed while one is there is copied whole.
    guard let meeting = join?.find(id) else { return .taken }
    let isLabelled = hasLabel
    if meeting.standing == .unknown, !isLabelled || hasFeatures { return .event(meeting) }
    guard isLabelled else {
      takeIdle(&batch, id, meeting.standing, isLabel: false, line: line)
      return .taken
    }
    var label = Double.nan
    if let column = targetColumn, meeting.standing == .waiting {
      guard let value = isRegression ? numbers[column] : target.read(fields[column]) else {
        return .fault(
          Fault(
            kind: .badTarget, column: column, expected: target.expectation,
            found: Refusal.sample(fields[column])))
      }
      label = value
    }
    var time = Double.nan
    if let column = timeColumn, !fields[column].trimmed.isEmpty {
      guard let moment = readTime() else {
        return .fault(
          Fault(
            kind: .notATime, column: column, expected: "seconds or a date such as 2011-01-31T18:00",
            found: Refusal.sample(fields[column])))
      }
      time = moment
    }
    take(label, id, meeting, time: time, line: line, &batch)
    return .taken
  }

  /// Takes a label for an id.
  mutating func take(
    _ label: Double, _ id: Field, _ meeting: LabelJoin.Meeting, time: Double, line: Int,
    _ batch: inout MicroBatch
  ) {
    if !time.isNaN {
      join?.expire(event: accepted, time: time)
      tellExpired()
    }
    let standing =
      meeting.standing == .waiting ? join?.standing(meeting.slot) ?? .unknown : meeting.standing
    guard standing == .waiting else {
      return takeIdle(&batch, id, standing, isLabel: true, line: line)
    }
    join?.answer(meeting.slot, events: accepted)
    rememberLabel(inSlot: meeting.slot, label)
    batch.endRow(target: label, weight: target.weight(label), time: time, line: line)
    batch.setLastTicket(LabelTicket(.answers, slot: meeting.slot))
  }

  /// Takes a row whose id is new, and that nothing is the matter with; `label` is NaN if it is still to come.
  @inline(never)
  mutating func enter(
    _ meeting: LabelJoin.Meeting, _ label: Double, _ time: Double
  ) -> LabelTicket {
    guard let idColumn else { return LabelTicket(.whole) }
    let id = fields[idColumn].trimmed
    guard label.isNaN else {
      join?.learn(id, meeting, event: accepted, time: time)
      tellExpired()
      return LabelTicket(.whole)
    }
    let slot = join?.ask(id, meeting, event: accepted, time: time) ?? 0
    tellExpired()
    return LabelTicket(.asks, slot: slot)
  }

  private mutating func takeIdle(
    _ batch: inout MicroBatch, _ id: Field, _ standing: LabelJoin.Standing, isLabel: Bool, line: Int
  ) {
    join?.countIdle(standing, isLabel: isLabel)
    batch.endRow(target: .nan, weight: 0, time: .nan, line: line)
    batch.setLastTicket(LabelTicket(.idle))
    switch (isLabel, standing) {
    case (false, _): tell(4, "id \(Refusal.sample(id)) was there before; the row is passed over")
    case (true, .learned):
      tell(2, "id \(Refusal.sample(id)) was learned before; its label is passed over")
    case (true, .expired):
      tell(3, "id \(Refusal.sample(id)) had expired; its label is passed over")
    case (true, _): tell(1, "no row is known with id \(Refusal.sample(id)) of a label")
    }
  }

  private mutating func tellExpired() {
    guard let slots = join?.expiredLast, !slots.isEmpty else { return }
    for slot in slots where joinNotices[0] < RowEncoder.mostNotices {
      guard let join else { return }
      let name = join.id(slot).withUnsafeBufferPointer { bytes in
        bytes.baseAddress.map {
          Refusal.sample(Field(start: $0, end: $0 + bytes.count))
        } ?? ""
      }
      tell(0, "no label came for id \(name) of event \(join.event(slot))")
    }
  }

  private mutating func tell(_ kind: Int, _ text: @autoclosure () -> String) {
    guard joinNotices[kind] < RowEncoder.mostNotices else { return }
    joinNotices[kind] += 1
    note(RowEncoder.kinds[kind], text())
  }

  /// Whether the record has a value where its label belongs.
  private var hasLabel: Bool {
    guard let targetColumn, !isTargetApart else { return false }
    if isRegression { return !numbers[targetColumn].isNaN }
    let field = fields[targetColumn].trimmed
    if plan.task == .binary { return !MissingWords.contains(field) }
    return !field.isEmpty
  }

  /// Whether the record has any value beside its id, label, weight and time.
  private var hasFeatures: Bool {
    for column in plan.needs.indices where isFeature(column) {
      let need = plan.needs[column]
      if need == .number {
        if !numbers[column].isNaN { return true }
      } else if !fields[column].isEmpty {
        return true
      }
    }
    return hasTokens && columns.tokens.pointee.count > 0
  }

  private func isFeature(_ column: Int) -> Bool {
    column != targetColumn && column != idColumn && column != plan.weight
      && !plan.time.contains(column) && !plan.needs[column].isEmpty
  }
}
