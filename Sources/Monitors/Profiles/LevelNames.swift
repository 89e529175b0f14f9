import Statistics

/// What the levels of categories are called: their hashes, and of the first ones the names themselves.
package struct LevelNames: Sendable {
  /// Names of a category beyond this many are known by their hashes alone.
  package static let most = 4096
  package private(set) var hashes: [[UInt64]]
  private var names: [[String]]

  package init(categories: Int) {
    hashes = Array(repeating: [], count: categories)
    names = hashes.map { _ in [] }
  }

  /// Says what the next level of a category is called.
  package mutating func add(_ name: some Sequence<UInt8>, to category: Int) {
    let bytes = Array(name)
    hashes[category].append(DistinctCount.hash(bytes))
    if names[category].count < LevelNames.most {
      names[category].append(String(decoding: bytes, as: UTF8.self))
    }
  }

  package func name(_ level: Int, of category: Int) -> String? {
    level < names[category].count ? names[category][level] : nil
  }

  package func hash(_ level: Int32, of category: Int) -> UInt64? {
    let level = Int(level)
    return level >= 0 && level < hashes[category].count ? hashes[category][level] : nil
  }
}
