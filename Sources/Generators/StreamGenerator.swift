package import Kernels

/// What a column of a synthetic stream holds.
package struct StreamColumn: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// Numbers, written with so many decimals.
    case number(decimals: Int)
    /// One of several words; a value is the word's index.
    case words([String])
  }

  package let name: String
  package let kind: Kind

  package init(_ name: String, _ kind: Kind) { (self.name, self.kind) = (name, kind) }

  static func number(_ name: String, decimals: Int = 6) -> StreamColumn {
    StreamColumn(name, .number(decimals: decimals))
  }

  static func words(_ name: String, _ words: [String]) -> StreamColumn {
    StreamColumn(name, .words(words))
  }
}

/// An endless stream of rows from a known law; the last column is what is to be predicted.
///
/// The same seed gives the same rows. Its own `random` is lent to it for each row, so that a stream which is
/// joined from several can be told from one number.
package protocol StreamGenerator: Sendable {
  var columns: [StreamColumn] { get }

  /// Writes the next row, a value for each column.
  mutating func next(_ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits)
}

/// What the maker of a generator is told beside its parameters: the seed of what it draws once, such as a
/// tree or centroids.
package struct GeneratorContext: Sendable {
  package let seed: UInt64

  package init(seed: UInt64) { self.seed = seed }
}

extension RandomBits {
  /// True with this chance.
  mutating func chance(_ share: Double) -> Bool { unit() < share }

  /// A number of this range, all equally likely.
  mutating func within(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }
}
