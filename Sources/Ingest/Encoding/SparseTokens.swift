/// The features of one row that have no column, as a format reads them: indices and values, each index once.
///
/// An index that stands twice in a row, because a feature does or because two features share it, has the sum of
/// its values: learners that take the squared length of a row would see less of it than there is, and take steps
/// that are too long. Twelve instructions a feature; the table of what the row has holds the row's number beside
/// each index and is so never cleared. A trivial value of pointers that its owner deallocates.
struct SparseTokens {
  private(set) var indices: UnsafeMutablePointer<Int32>
  private(set) var values: UnsafeMutablePointer<Double>
  private(set) var count = 0
  private let capacity: Int
  /// At least twice the capacity, a power of two: number of the row << 32 | index.
  private var slots: UnsafeMutablePointer<UInt64>
  /// For each slot where the index stands.
  private var places: UnsafeMutablePointer<Int32>
  /// The number of the row, in the upper half of the word.
  private var row: UInt64 = 0

  init() { self.init(capacity: 64) }

  private init(capacity: Int) {
    self.capacity = capacity
    indices = .allocate(capacity: capacity)
    values = .allocate(capacity: capacity)
    slots = .allocate(capacity: 2 * capacity)
    slots.initialize(repeating: 0, count: 2 * capacity)
    places = .allocate(capacity: 2 * capacity)
  }

  func deallocate() {
    indices.deallocate()
    values.deallocate()
    slots.deallocate()
    places.deallocate()
  }

  /// Begins a row of at most `most` features.
  mutating func begin(atMost most: Int) {
    if most > capacity {
      var wider = capacity
      while wider < most { wider *= 2 }
      deallocate()
      self = SparseTokens(capacity: wider)
    }
    count = 0
    row &+= 1 << 32
    if row == 0 {
      // Once in four thousand million rows, numbers begin again.
      slots.update(repeating: 0, count: 2 * capacity)
      row = 1 << 32
    }
  }

  /// Adds a feature; false where the sum of an index's values is not finite.
  @inline(__always)
  mutating func add(_ index: Int, _ value: Double) -> Bool {
    let key = row | UInt64(truncatingIfNeeded: index)
    let mask = 2 &* capacity &- 1
    var slot = index & mask
    while slots[slot] >= row {
      if slots[slot] == key {
        let place = Int(places[slot])
        values[place] += value
        return values[place].isFinite
      }
      slot = (slot &+ 1) & mask
    }
    slots[slot] = key
    places[slot] = Int32(truncatingIfNeeded: count)
    indices[count] = Int32(truncatingIfNeeded: index)
    values[count] = value
    count &+= 1
    return value.isFinite
  }
}
