package import Snapshots

/// The values that come most often, with bounds on how often: Space-Saving.
///
/// At most m counters. A value that has one is counted; one that has none takes a free one; where there is none, the
/// value with the smallest count c leaves, and the newcomer begins at c + 1 with an error of c. So for n values
///
///     count − error ≤ how often it came ≤ count,   error ≤ n/m,   and whatever came more than n/m times has a counter
///
/// Two accounts are joined by adding counts, a value that only one of them has being given the other's smallest count
/// for both count and error, and keeping the m largest: the bounds stay true, with n the sum of both.
///
/// References: A. Metwally, D. Agrawal and A. El Abbadi, Efficient computation of frequent and top-k elements in data
/// streams, ICDT (2005); P. Agarwal et al., Mergeable summaries, PODS (2012), section 3.
///
/// Parameters: m, 64. Cost: one look-up a value, a search of m counters where one must leave; O(m).
package struct FrequentItems: Snapshotted, Sendable {
  package struct Item: Sendable, Equatable {
    package let key: UInt64
    package fileprivate(set) var count: Int
    /// By how much `count` may be too large.
    package fileprivate(set) var error: Int
  }

  private let capacity: Int
  private var items: [Item] = []
  private var places: [UInt64: Int] = [:]
  /// Values counted.
  package private(set) var total = 0

  package init(capacity: Int = 64) {
    precondition(capacity > 0, "\(capacity) counters")
    self.capacity = capacity
  }

  package mutating func add(_ key: UInt64, times: Int = 1) {
    total += times
    if let place = places[key] {
      items[place].count += times
      return
    }
    guard items.count == capacity else {
      places[key] = items.count
      items.append(Item(key: key, count: times, error: 0))
      return
    }
    let place = leastPlace
    let least = items[place].count
    places[items[place].key] = nil
    items[place] = Item(key: key, count: least + times, error: least)
    places[key] = place
  }

  private var leastPlace: Int {
    items.indices.min { (items[$0].count, $0) < (items[$1].count, $1) } ?? 0
  }

  /// What a value that has no counter may have come at most.
  package var mostUncounted: Int { items.count < capacity ? 0 : items[leastPlace].count }

  /// The counters, largest first.
  package var top: [Item] {
    items.sorted { ($1.count, $0.key) < ($0.count, $1.key) }
  }

  /// The counter of a value; nil: it came `mostUncounted` times at most.
  package func item(_ key: UInt64) -> Item? { places[key].map { items[$0] } }

  package mutating func merge(_ other: FrequentItems) {
    var joined: [Item] = []
    let (mine, theirs) = (mostUncounted, other.mostUncounted)
    for item in items {
      let match = other.item(item.key)
      joined.append(
        Item(
          key: item.key, count: item.count + (match?.count ?? theirs),
          error: item.error + (match?.error ?? theirs)))
    }
    for item in other.items where places[item.key] == nil {
      joined.append(Item(key: item.key, count: item.count + mine, error: item.error + mine))
    }
    total += other.total
    take(joined.sorted { ($1.count, $0.key) < ($0.count, $1.key) }.prefix(capacity))
  }

  private mutating func take(_ kept: some Sequence<Item>) {
    items = Array(kept)
    places = Dictionary(
      items.enumerated().map { ($0.element.key, $0.offset) },
      uniquingKeysWith: { first, _ in first })
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(total)
    writer.write(items.map(\.key))
    writer.write(items.map(\.count))
    writer.write(items.map(\.error))
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    total = try reader.readInt()
    let (keys, counts) = (try reader.readWords(), try reader.readInts())
    let errors = try reader.readInts()
    guard keys.count == counts.count, keys.count == errors.count, keys.count <= capacity,
      Set(keys).count == keys.count
    else { throw .corrupt }
    take(keys.indices.map { Item(key: keys[$0], count: counts[$0], error: errors[$0]) })
  }
}
