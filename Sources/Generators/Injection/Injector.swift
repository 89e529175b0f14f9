package import Catalogues
package import Kernels

/// Changes rows of a real stream, as text: fields as they stand in CSV.
package protocol Injector: Sendable {
  /// Names of the columns that it changes.
  var columns: [String] { get }

  /// Changes the fields of its `columns`, in their order.
  ///
  /// `strength` in 0 ... 1 is how far the change has come when it is incremental, else 1. Returns how often the
  /// row is to be written: 1 unless the mix of rows is what changes.
  mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int
}

extension Catalogue where Context == Void, Product == any Injector {
  /// Every drift that can be put into a stream, one line each.
  package static var injectors: Catalogue {
    Catalogue(
      "drift",
      [
        LabelSwap.entry, FeatureSwap.entry, Affine.shift, Affine.scale, Affine.unit, Noise.entry,
        PriorChange.entry, Missingness.entry, SchemaChange.entry, CategoryBurst.entry,
        EncodingFault.entry, Silence.entry, Repetition.entry,
      ])
  }
}

/// A drift with the place where it is put: `KIND@AT` or `KIND@START..END`, rows counted from 0.
///
/// Beside its own each kind takes `over`, rows that the change takes to come; `way`, in which it comes over them:
/// gradual, ever more rows, or incremental, ever further; and `every`, after how many rows it goes and comes
/// again.
package struct Injection: Sendable {
  package let kind: String
  package let start: Int
  /// The first row without it, if it ends.
  package let end: Int?
  private let over: Int
  private let isIncremental: Bool
  private let every: Int
  package private(set) var injector: any Injector

  package init(_ text: String) throws(SpecificationError) {
    guard let at = text.lastIndex(of: "@") else {
      throw .malformedValue(
        parameter: "drift", text: text, expected: "KIND@AT or KIND@START..END, rows from 0")
    }
    let place = text[text.index(after: at)...]
    if let dots = place.firstRange(of: "..") {
      guard let from = Int(place[..<dots.lowerBound]), let to = Int(place[dots.upperBound...]),
        from >= 0, to > from
      else {
        throw .malformedValue(
          parameter: "drift", text: text, expected: "START..END with rows that follow each other")
      }
      (start, end) = (from, to)
    } else {
      guard let from = Int(place), from >= 0 else {
        throw .malformedValue(
          parameter: "drift", text: text, expected: "KIND@AT or KIND@START..END, rows from 0")
      }
      (start, end) = (from, nil)
    }
    let all = try Specification(String(text[..<at]))
    func own(_ name: String) throws(SpecificationError) -> Int {
      guard let given = all.assignments.first(where: { $0.key == name }) else { return 0 }
      guard let value = Int(given.value), value >= 0 else {
        throw .malformedValue(parameter: name, text: given.value, expected: "a number of rows")
      }
      return value
    }
    over = try own("over")
    every = try own("every")
    let way = all.assignments.first { $0.key == "way" }?.value ?? "gradual"
    guard ["gradual", "incremental"].contains(way) else {
      throw .malformedValue(
        parameter: "way", text: way, expected: "one of gradual, incremental")
    }
    isIncremental = way == "incremental"
    let rest = all.assignments.filter { !["over", "every", "way"].contains($0.key) }
    kind = all.name
    let pairs = rest.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    injector = try Catalogue.injectors.make(pairs.isEmpty ? kind : "\(kind):\(pairs)", ())
  }

  /// Whether it may change this row.
  package func isOn(_ row: Int) -> Bool {
    row >= start && row < end ?? .max && (every == 0 || (row - start) / every % 2 == 0)
  }

  /// Whether the stream's law changes at this row, or has done so: what `changes` tells of.
  package func isEdge(_ row: Int) -> Bool {
    guard row >= start, row <= end ?? .max else { return false }
    return row == start + over || row == end
      || (every == 0 ? row == start : (row - start) % every == 0)
  }

  /// Rows before `rows` at which the stream's law changes, each with the one at which that is done.
  package func changes(before rows: Int) -> [(start: Int, end: Int)] {
    var found: [(start: Int, end: Int)] = []
    var row = start
    while row < min(rows, end ?? rows) {
      let isComing = every == 0 || (row - start) / every % 2 == 0
      found.append((row, row + (isComing && row == start ? over : 0)))
      guard every > 0 else { break }
      row += every
    }
    if let end, end < rows, isOn(end - 1) { found.append((end, end)) }
    return found
  }

  /// Changes a row of its columns' fields; how often it is to be written.
  package mutating func change(
    _ fields: inout [String], row: Int, _ random: inout RandomBits
  ) -> Int {
    let share = over > 0 ? min(1, Double(row - start + 1) / Double(over + 1)) : 1
    guard isIncremental || share == 1 || random.chance(share) else { return 1 }
    return injector.change(&fields, strength: isIncremental ? share : 1, &random)
  }
}

extension Settings {
  /// Text that must be given.
  func required(_ name: String, of entry: String) throws(SpecificationError) -> String {
    let text = word(name)
    guard !text.isEmpty else { throw .unfit(entry: entry, reason: "\(name)=… is missing") }
    return text
  }
}
