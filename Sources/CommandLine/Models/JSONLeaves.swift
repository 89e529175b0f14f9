import Telemetry

/// A JSON value taken apart: every value that holds no other, under its path.
struct JSONLeaves {
  struct Leaf {
    let path: String
    let value: JSONValue

    var text: String {
      switch value {
      case .string(let text): text
      case .double(let number): DataTable.rounded(number)
      default: value.text
      }
    }

    var number: Double? {
      switch value {
      case .int(let number): Double(number)
      case .double(let number): number
      default: nil
      }
    }
  }

  /// In the order of the text.
  private(set) var leaves: [Leaf] = []

  /// With `byName`, elements of lists go by their name: a text its own, an object by its member `name`. So lists of
  /// columns can be compared whatever their order. Without, a list is one value.
  init(_ value: JSONValue, byName: Bool = false) { collect(value, "", byName) }

  private mutating func collect(_ value: JSONValue, _ path: String, _ byName: Bool) {
    func below(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
    switch value {
    case .object(let members):
      for member in members { collect(member.value, below(member.key), byName) }
    case .array(let values) where byName:
      for (place, element) in values.enumerated() {
        switch element {
        case .string(let name): leaves.append(Leaf(path: below(name), value: .bool(true)))
        case .object(let members):
          guard case .string(let name) = element["name"] else {
            collect(element, below("\(place)"), byName)
            continue
          }
          leaves.append(Leaf(path: below(name), value: .bool(true)))
          collect(.object(members.filter { $0.key != "name" }), below(name), byName)
        default: collect(element, below("\(place)"), byName)
        }
      }
    default: leaves.append(Leaf(path: path, value: value))
    }
  }
}

/// What differs between two JSON values.
struct JSONDifference {
  struct Line {
    let path: String
    /// Nil: it is not there.
    let from: JSONLeaves.Leaf?
    let to: JSONLeaves.Leaf?

    var isSame: Bool { from?.value == to?.value }

    var json: JSONValue {
      .members([
        ("key", .string(path)), ("from", from?.value ?? .null), ("to", to?.value ?? .null),
      ])
    }
  }

  /// Every path of either value, those of the first in their order and then those that are new.
  let lines: [Line]

  init(_ from: JSONValue, _ to: JSONValue, byName: Bool = false) {
    let (old, new) = (
      JSONLeaves(from, byName: byName).leaves, JSONLeaves(to, byName: byName).leaves
    )
    let later = Dictionary(new.map { ($0.path, $0) }) { first, _ in first }
    let earlier = Set(old.map(\.path))
    lines =
      old.map { Line(path: $0.path, from: $0, to: later[$0.path]) }
      + new.filter { !earlier.contains($0.path) }.map { Line(path: $0.path, from: nil, to: $0) }
  }
}
