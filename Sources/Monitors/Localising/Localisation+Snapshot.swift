package import Snapshots

/// What was found of a drift, in a snapshot: a number for each case, then its content.
extension Localisation {
  package func write(to writer: inout SnapshotWriter) {
    writer.write(cause.rawValue)
    writer.write([since, rowsBefore, rowsAfter])
    writer.write(loss?.before)
    writer.write(loss?.after)
    writer.write(explained)
    writer.write(shifts) { $1.write(to: &$0) }
    writer.write(segment != nil)
    segment?.write(to: &writer)
    writer.write(fault != nil)
    if let fault {
      fault.feature.write(to: &writer)
      fault.fault.write(to: &writer)
    }
  }

  package init(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard let cause = Cause(rawValue: try reader.readString()) else { throw .corrupt }
    let places = try reader.readInts()
    guard places.count == 3 else { throw .corrupt }
    self.init(since: places[0], rowsBefore: places[1], rowsAfter: places[2])
    self.cause = cause
    let (before, after) = (try reader.readOptionalDouble(), try reader.readOptionalDouble())
    if let before, let after { loss = (before, after) }
    explained = try reader.readOptionalDouble()
    shifts = try reader.readList { reader throws(SnapshotError) in try Shift(from: &reader) }
    if try reader.readBool() { segment = try Segment(from: &reader) }
    if try reader.readBool() {
      fault = (try Feature(from: &reader), try DataFault(from: &reader))
    }
  }
}

extension Localisation.Feature {
  fileprivate func write(to writer: inout SnapshotWriter) {
    switch self {
    case .dense(let place): writer.write([0, place])
    case .family(let family): writer.write([1, family])
    }
  }

  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    guard numbers.count == 2 else { throw .corrupt }
    self = numbers[0] == 0 ? .dense(numbers[1]) : .family(numbers[1])
  }
}

extension Localisation.Shift {
  fileprivate func write(to writer: inout SnapshotWriter) {
    feature.write(to: &writer)
    writer.write(distance)
    writer.write(usual)
    writer.write(means?.before)
    writer.write(means?.after)
    writer.write(composition)
  }

  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let feature = try Localisation.Feature(from: &reader)
    let (distance, usual) = (try reader.readDouble(), try reader.readDouble())
    let (before, after) = (try reader.readOptionalDouble(), try reader.readOptionalDouble())
    var means: (before: Double, after: Double)?
    if let before, let after { means = (before, after) }
    self.init(
      feature: feature, distance: distance, usual: usual, means: means,
      composition: try reader.readOptionalDouble())
  }
}

extension Localisation.Segment {
  fileprivate func write(to writer: inout SnapshotWriter) {
    switch members {
    case .range(let feature, let from, let to):
      writer.write([0, feature, 0])
      writer.write([from, to])
    case .level(let family, let index):
      writer.write([1, family, index])
      writer.write([0.0, 0.0])
    }
    writer.write([share, lossBefore, lossAfter, part])
  }

  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let (which, range) = (try reader.readInts(), try reader.readDoubles(count: 2))
    let figures = try reader.readDoubles(count: 4)
    guard which.count == 3 else { throw .corrupt }
    self.init(
      members: which[0] == 0
        ? .range(feature: which[1], from: range[0], to: range[1])
        : .level(family: which[1], index: which[2]),
      share: figures[0], lossBefore: figures[1], lossAfter: figures[2], part: figures[3])
  }
}

extension DataFault {
  fileprivate func write(to writer: inout SnapshotWriter) {
    switch self {
    case .missing(let before, let after): write([before, after], 0, nil, &writer)
    case .stuck(let value): write([value, 0], 1, nil, &writer)
    case .unit(let conversion):
      write([conversion.factor, conversion.offset], 2, conversion.name, &writer)
    case .unknownLevels(let share): write([share, 0], 3, nil, &writer)
    }
  }

  private func write(
    _ numbers: [Double], _ number: Int, _ name: String?, _ writer: inout SnapshotWriter
  ) {
    writer.write(number)
    writer.write(numbers)
    writer.write(name)
  }

  fileprivate init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let number = try reader.readInt()
    let numbers = try reader.readDoubles(count: 2)
    let name = try reader.readOptionalString()
    switch number {
    case 0: self = .missing(before: numbers[0], after: numbers[1])
    case 1: self = .stuck(value: numbers[0])
    case 2:
      self = .unit(UnitConversion(name: name ?? "", factor: numbers[0], offset: numbers[1]))
    case 3: self = .unknownLevels(share: numbers[0])
    default: throw .corrupt
    }
  }
}
