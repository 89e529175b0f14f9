/// The features of one row that have no column, as a format reads them: indices and values, each index once.
///
/// An index that stands twice in a row, because a feature does or because two features share it, has the sum of
/// its values: learners that take the squared length of a row would see less of it than there is, and take steps
/// that are too long. The table of what the row has holds the row's number beside each place, and so is never
/// cleared; whether an index is there already is no branch, as it would be guessed wrong at every such index.
///
/// A trivial value of pointers that its owner deallocates.
struct SparseTokens {
  /// Places in the table for one feature: few features meet another one there.
  private static let spread = 4

  private(set) var indices: UnsafeMutablePointer<Int32>
  private(set) var values: UnsafeMutablePointer<Double>
  private(set) var count = 0
  private let capacity: Int
  /// A power of two of words: number of the row << 32 | where in the row the index stands.
  private var slots: UnsafeMutablePointer<UInt64>
  /// The number of the row, in the upper half of the word.
  private var row: UInt64 = 0

  init() { self.init(capacity: 64) }

  private init(capacity: Int) {
    self.capacity = capacity
    // One more: what comes next is written before it is known to be new.
    indices = .allocate(capacity: capacity + 1)
    indices.initialize(repeating: 0, count: capacity + 1)
    values = .allocate(capacity: capacity + 1)
    values.initialize(repeating: 0, count: capacity + 1)
    slots = .allocate(capacity: SparseTokens.spread * capacity)
    slots.initialize(repeating: 0, count: SparseTokens.spread * capacity)
  }

  func deallocate() {
    indices.deallocate()
    values.deallocate()
    slots.deallocate()
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
      slots.update(repeating: 0, count: SparseTokens.spread * capacity)
      row = 1 << 32
    }
  }

  /// Adds a feature; false where the sum of an index's values is not finite.
  @inline(__always)
  mutating func add(_ index: Int, _ value: Double) -> Bool {
    let index = Int32(truncatingIfNeeded: index)
    let mask = SparseTokens.spread &* capacity &- 1
    var slot = Int(index) & mask
    indices[count] = index
    var word = slots[slot]
    // What is new stands at `count`, where the index has just been written.
    var place = word >= row ? Int(truncatingIfNeeded: word & 0xFFFF_FFFF) : count
    while indices[place] != index {
      slot = (slot &+ 1) & mask
      word = slots[slot]
      place = word >= row ? Int(truncatingIfNeeded: word & 0xFFFF_FFFF) : count
    }
    slots[slot] = row | UInt64(truncatingIfNeeded: place)
    let sum = (place == count ? 0 : values[place]) + value
    values[place] = sum
    count &+= place == count ? 1 : 0
    return sum.isFinite
  }
}
