package import Catalogues
package import Kernels

/// Where one law of a stream gives way to the next, and how.
package struct DriftPlan: Sendable, Equatable {
  /// The first row that may follow the new law.
  package let start: Int
  /// The first row that surely does: `start` itself when the drift is abrupt. Between them the chance of the
  /// new law grows linearly from 0 to 1.
  package let end: Int
  package let stream: String

  package init(start: Int, end: Int, stream: String) {
    (self.start, self.end, self.stream) = (start, end, stream)
  }

  /// Reads `AT=STREAM` or `START..END=STREAM`.
  package init(_ text: String) throws(SpecificationError) {
    guard let equals = text.firstIndex(of: "=") else { throw .noValue(text: text) }
    let place = text[..<equals]
    let (start, end): (Int?, Int?)
    if let dots = place.firstRange(of: "..") {
      (start, end) = (Int(place[..<dots.lowerBound]), Int(place[dots.upperBound...]))
    } else {
      start = Int(place)
      end = start
    }
    guard let start, let end, start >= 0, end >= start else {
      throw .malformedValue(
        parameter: "drift", text: text, expected: "AT=STREAM or START..END=STREAM, rows from 0")
    }
    self.init(start: start, end: end, stream: String(text[text.index(after: equals)...]))
  }
}

/// A stream that changes its law at given rows: abrupt, gradual, or back again.
///
/// Each law is a generator of the catalogue, all with the same columns. A law that comes back goes on where it
/// was only if it is the same object; here each part is made anew from the same seed, so what a part draws
/// once (a tree, centroids) is the same wherever its parameters are.
package struct DriftingStream: StreamGenerator {
  private var parts: [any StreamGenerator]
  private let plans: [DriftPlan]
  private var row = 0
  /// Index of the part in force for certain.
  private var current = 0

  package var columns: [StreamColumn] { parts[0].columns }

  /// Throws if a name or parameter is not known, if drifts are out of order, or if columns differ.
  package init(
    _ stream: String, drifts plans: [DriftPlan], seed: UInt64
  ) throws(SpecificationError) {
    let catalogue = Catalogue<GeneratorContext, any StreamGenerator>.generators
    let context = GeneratorContext(seed: seed)
    parts = [try catalogue.make(stream, context)]
    for plan in plans {
      let part = try catalogue.make(plan.stream, context)
      guard part.columns == parts[0].columns else {
        throw .unfit(
          entry: plan.stream, reason: "its columns are not those of \(stream)")
      }
      parts.append(part)
    }
    for (earlier, later) in zip(plans, plans.dropFirst()) where later.start < earlier.end {
      throw .unfit(
        entry: later.stream, reason: "its drift begins at \(later.start), before \(earlier.end)")
    }
    self.plans = plans
  }

  package mutating func next(
    _ values: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    while current < plans.count, row >= plans[current].end { current += 1 }
    var part = current
    if current < plans.count, row >= plans[current].start {
      let plan = plans[current]
      let share = Double(row - plan.start + 1) / Double(plan.end - plan.start + 1)
      if random.chance(share) { part += 1 }
    }
    parts[part].next(values, &random)
    row += 1
  }
}
