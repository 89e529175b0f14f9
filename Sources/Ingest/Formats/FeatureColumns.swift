import Glibc

/// The columns among the features that rows name one by one, for looking them up: each has a number, by which it is
/// found, and a name, by which it is told from others of that number.
///
/// Never changed once it is made, so that readers of several threads can share it.
final class FeatureColumns: @unchecked Sendable {
  let count: Int
  /// The number of each column, and of its namespace.
  let numbers: UnsafePointer<UInt64>
  let spaces: UnsafePointer<UInt64>
  /// Each column's name: its first eight bytes, its length, and all of it.
  let words: UnsafePointer<UInt64>
  let lengths: UnsafePointer<Int>
  private let names: UnsafePointer<UnsafePointer<UInt8>>
  /// Columns by number, a power of two of places, at least twice as many as columns; −1: none.
  private let places: UnsafePointer<Int32>
  private let mask: Int

  /// `features` are numbers, numbers of namespaces, and names, in the order of the columns.
  init(_ features: [(number: UInt64, space: UInt64, name: [UInt8])]) {
    count = features.count
    func kept<Value>(_ values: [Value]) -> UnsafePointer<Value> {
      let memory = UnsafeMutablePointer<Value>.allocate(capacity: max(values.count, 1))
      memory.initialize(from: values, count: values.count)
      return UnsafePointer(memory)
    }
    numbers = kept(features.map(\.number))
    spaces = kept(features.map(\.space))
    lengths = kept(features.map(\.name.count))
    let names = features.map { kept($0.name + Array(repeating: 0, count: 8)) }
    words = kept(
      zip(names, features).map { name, feature in
        feature.name.isEmpty
          ? 0 : FeatureHash.word(Field(start: name, end: name + feature.name.count))
      })
    self.names = kept(names)
    var size = 16
    while size < 2 * features.count { size *= 2 }
    mask = size - 1
    var places = Array(repeating: Int32(-1), count: size)
    for (column, feature) in features.enumerated() {
      var place = Int(truncatingIfNeeded: feature.number) & mask
      while places[place] >= 0 { place = (place + 1) & mask }
      places[place] = Int32(column)
    }
    self.places = kept(places)
  }

  deinit {
    for column in 0..<count { names[column].deallocate() }
    names.deallocate()
    numbers.deallocate()
    spaces.deallocate()
    words.deallocate()
    lengths.deallocate()
    places.deallocate()
  }

  /// Whether column `column` is the feature of that name, the first word of which is `word`.
  @inline(__always)
  func isColumn(_ column: Int, _ name: Field, word: UInt64, space: UInt64) -> Bool {
    guard words[column] == word, lengths[column] == name.count, spaces[column] == space else {
      return false
    }
    return name.count <= 8 || memcmp(names[column] + 8, name.start + 8, name.count - 8) == 0
  }

  /// The column with this number and name; −1: there is none.
  @inline(__always)
  func column(_ number: UInt64, _ name: Field, word: UInt64, space: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: number) & mask
    while places[place] >= 0 {
      let column = Int(places[place])
      if numbers[column] == number, isColumn(column, name, word: word, space: space) {
        return column
      }
      place = (place &+ 1) & mask
    }
    return -1
  }

  /// The column with this number, where numbers are names; −1: there is none.
  @inline(__always)
  func column(_ number: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: number) & mask
    while places[place] >= 0 {
      if numbers[Int(places[place])] == number { return Int(places[place]) }
      place = (place &+ 1) & mask
    }
    return -1
  }
}
