import Telemetry

/// A column of a stream: its name and, where its values are words, all of them.
struct Column {
  let name: String
  var levels: [String] = []
}

/// Rows that can be made again, each of them from the ones before and a seed.
protocol RowStream {
  /// The columns but the target; none where a row is a set of tokens.
  var columns: [Column] { get }
  var target: Column { get }

  /// Makes row `index` of `count`.
  mutating func next(_ index: Int, of count: Int, into row: inout TextRow)
}

/// One row, its values as text one after another, so that every format writes the same digits.
struct TextRow {
  private(set) var text: [UInt8] = []
  /// Where each value ends in `text`.
  private(set) var ends: [Int] = []
  /// The number to be predicted, or the position of the class among the target's levels.
  var target = 0.0

  mutating func removeAll() {
    text.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  mutating func add(_ word: String) {
    text.append(contentsOf: word.utf8)
    ends.append(text.count)
  }

  /// Adds a number with so many decimals at most.
  mutating func add(_ value: Double, decimals: Int) {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    NumberWriter.append((value * scale).rounded() / scale, to: &text)
    ends.append(text.count)
  }

  /// Adds a number with six digits, or six decimals below 1.
  mutating func add(_ value: Double) {
    var (decimals, bound) = (6, 1.0)
    while decimals > 0, abs(value) >= bound {
      bound *= 10
      decimals -= 1
    }
    add(value, decimals: decimals)
  }
}
