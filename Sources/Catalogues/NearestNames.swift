/// The names of `known` that a mistyped `name` most likely meant, nearest first, three at most.
///
/// Near is a Levenshtein distance of at most a third of the longer name (at least one), letter case
/// set aside, or one name beginning with the other.
package func nearestNames(to name: String, among known: [String]) -> [String] {
  let wanted = Array(name.lowercased().utf8)
  var scored: [(distance: Int, name: String)] = []
  for candidate in known {
    let other = Array(candidate.lowercased().utf8)
    let distance = editDistance(wanted, other)
    let allowed = max(1, max(wanted.count, other.count) / 3)
    let isPrefix =
      min(wanted.count, other.count) >= 2
      && (other.starts(with: wanted) || wanted.starts(with: other))
    if distance <= allowed || isPrefix { scored.append((distance, candidate)) }
  }
  return scored.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
}

private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var row = Array(0...right.count)
  for (i, a) in left.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, b) in right.enumerated() {
      let substitution = diagonal + (a == b ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substitution, min(row[j], row[j + 1]) + 1)
    }
  }
  return row[right.count]
}
