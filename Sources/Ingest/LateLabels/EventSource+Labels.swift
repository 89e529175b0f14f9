import Batches
import Kernels

/// Rows of one stream with the labels of another between them.
extension EventSource {
  /// How long labels that come as they come are not looked for while nothing else comes.
  private static let patienceMilliseconds = 5
  /// And how many events may come meanwhile.
  private static let patienceEvents = 256

  /// What `fill` does where labels come by a stream of their own.
  mutating func fillFromBoth(
    _ batch: inout MicroBatch, upTo limit: Int
  ) throws(IngestError) -> FillOutcome {
    guard let labels else { return .end }
    let capacity = batch.capacity
    var count = batch.count
    var deadline: MonotonicTime?
    while labels.order == nil {
      switch try labels.next(until: nil) {
      case .refused(let refusal): try refusals.add(refusal, accepted: encoder.accepted)
      case .interrupted: return .interrupted
      case .label, .late, .end: continue
      }
    }
    let asItComes = labels.order == .asItComes
    while count < capacity, encoder.accepted < limit {
      if deadline == nil, count > 0 { deadline = EventSource.deadline(delay) }
      if labels.held == nil, !labels.rowsAreOver {
        let looks = asItComes && !labels.isAtEnd
        let patience = MonotonicTime.now().advanced(
          byMilliseconds: EventSource.patienceMilliseconds)
        let until = looks ? min(deadline ?? patience, patience) : deadline
        switch try holdNext(labels, until: until) {
        case .held: break
        case .refused: continue
        case .late where looks:
          // Nothing is at hand: a label that knows no row knows none.
          labels.eventsSinceLook = 0
          switch try takeLabel(labels, &batch, until: .now(), isLast: true) {
          case .taken: count += 1
          case .refused: continue
          case .none, .late:
            if let deadline, MonotonicTime.now() >= deadline { return .late }
          case .interrupted: return .interrupted
          }
          continue
        case .late: return .late
        case .interrupted: return .interrupted
        }
      }
      let wait: MonotonicTime? = asItComes && !labels.rowsAreOver ? .now() : deadline
      if !asItComes || labels.rowsAreOver || labels.eventsSinceLook >= EventSource.patienceEvents {
        switch try takeLabel(labels, &batch, until: wait, isLast: labels.rowsAreOver) {
        case .taken:
          count += 1
          continue
        case .refused: continue
        case .late:
          if !asItComes || labels.rowsAreOver { return .late }
          labels.eventsSinceLook = 0
        case .interrupted: return .interrupted
        case .none: labels.eventsSinceLook = 0
        }
      }
      guard let (record, _) = labels.held else {
        return labels.isAtEnd ? try end() : .late
      }
      labels.held = nil
      if count == 0 { stamp(&batch) }
      place.set(record)
      if let fault = encoder.encode(ownColumns, into: &batch, line: record.line) {
        try refuse(fault, record)
      } else {
        count += 1
        labels.eventsSinceLook += 1
      }
    }
    return .full
  }

  private enum Holding {
    case held
    case refused
    case late
    case interrupted
  }

  /// Takes the next row apart, so that its time is known, and no further.
  private mutating func holdNext(
    _ labels: LabelStream, until deadline: MonotonicTime?
  ) throws(IngestError) -> Holding {
    switch try reader.next(until: deadline) {
    case .record(let record):
      if let fault = format.parse(record, into: ownColumns) {
        place.set(record)
        try refuse(fault, record)
        return .refused
      }
      // A row whose time cannot be read is refused when it is encoded.
      labels.held = (record, labels.order == .byTime ? encoder.readTime() ?? .nan : .nan)
      return .held
    case .refused(let refusal):
      try add(refusal)
      return .refused
    case .late: return .late
    case .interrupted: return .interrupted
    case .end:
      labels.rowsAreOver = true
      return .held
    }
  }

  private enum Taking {
    case taken
    case refused
    /// No label is due.
    case none
    case late
    case interrupted
  }

  /// Takes the next label if it is due. `isLast`: no row is at hand that it might belong to.
  private mutating func takeLabel(
    _ labels: LabelStream, _ batch: inout MicroBatch, until deadline: MonotonicTime?, isLast: Bool
  ) throws(IngestError) -> Taking {
    switch try labels.next(until: deadline) {
    case .late: return .late
    case .interrupted: return .interrupted
    case .end: return .none
    case .refused(let refusal):
      try refusals.add(refusal, accepted: encoder.accepted)
      return .refused
    case .label(let label):
      switch labels.order {
      case .byArrival where !labels.rowsAreOver:
        guard label.arrival <= Double(encoder.accepted) else { return .none }
      case .byTime where !labels.rowsAreOver:
        guard let (_, time) = labels.held, label.time <= time else { return .none }
      default: break
      }
      if let fault = encoder.takeLabel(
        labels, label, isPatient: labels.order == .asItComes && !isLast, &batch)
      {
        labels.take()
        try refusals.add(labels.refusal(fault, label.record), accepted: encoder.accepted)
        return .refused
      }
      guard !encoder.labelWaits else { return .none }
      labels.take()
      return .taken
    }
  }
}

extension RowEncoder {
  /// Takes a label of another stream. If it `isPatient` and its row is not known, nothing is done, and `labelWaits`.
  mutating func takeLabel(
    _ labels: LabelStream, _ label: LabelStream.Label, isPatient: Bool, _ batch: inout MicroBatch
  ) -> Fault? {
    labelWaits = false
    let id = labels.columns.fields[labels.id].trimmed
    guard !id.isEmpty else {
      return Fault(kind: .missingID, column: labels.id, expected: "an id", found: "nothing")
    }
    guard let meeting = join?.find(id) else { return nil }
    if isPatient, meeting.standing == .unknown {
      labelWaits = true
      return nil
    }
    let value =
      isRegression
      ? labels.columns.numbers[labels.target]
      : target.read(labels.columns.fields[labels.target]) ?? .infinity
    guard value.isFinite else {
      return Fault(
        kind: .badTarget, column: labels.target, expected: target.expectation,
        found: isRegression
          ? "nothing" : Refusal.sample(labels.columns.fields[labels.target]))
    }
    take(value, id, meeting, time: label.time, line: label.record.line, &batch)
    return nil
  }
}
