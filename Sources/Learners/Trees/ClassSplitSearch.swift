import Kernels

/// Finds the ways to split a leaf of a tree of classes, and what each is worth. What it writes on its way is kept,
/// so that it takes no memory.
struct ClassSplitSearch: Sendable {
  /// What a search has found.
  struct Outcome {
    var best = SplitWay()
    /// The merit of the best way by another attribute.
    var second = -Double.infinity
    /// The merit of the best way by the attribute that was asked about.
    var current = -Double.infinity
    /// The merit of not splitting.
    var none = 0.0
  }

  private let settings: ClassTreeSettings
  /// Attributes that are never looked at, the numbers first.
  var excluded: Set<Int>
  private var classes = 0
  /// Weights of the leaf's classes.
  private var before: [Double] = []
  private var sums: [Double] = []
  /// Weights of the classes on two sides, and at each level.
  private var sides: [Double] = []
  private var levels: [Double] = []
  private var candidates: [Int] = []
  private var merits: [Double] = []

  init(_ settings: ClassTreeSettings, excluded: Set<Int>) {
    self.settings = settings
    self.excluded = excluded
  }

  /// The ways to split a leaf that has observers, whose classes weigh `weights`; nil if it holds one class or no
  /// way parts its rows. `levels`: how many each nominal attribute has; `current`: the attribute asked about.
  mutating func ways(
    _ observers: inout ClassObservers, _ leaf: TreeLeaf, _ weights: ArraySlice<Double>,
    levels counts: [Int], current: Int?
  ) -> Outcome? {
    var present = 0
    for weight in weights where weight > 0 { present += 1 }
    guard present >= 2 else { return nil }
    makeRoom(classes: weights.count, levels: observers.levelRoom.max() ?? 0)
    for (c, weight) in weights.enumerated() { before[c] = weight }
    findCandidates(observers.numbers + counts.count, leaf)
    var found = Outcome()
    found.none = settings.criterion.none(before: before, classes: classes)
    for k in 0..<candidates.count {
      let attribute = candidates[k]
      let way =
        attribute < observers.numbers
        ? bestThreshold(&observers, leaf.block, number: attribute)
        : bestLevels(observers, leaf.block, attribute - observers.numbers, counts)
      merits.append(way.merit)
      if attribute == current { found.current = way.merit }
      if way.merit > found.best.merit {
        found.second = found.best.merit
        found.best = way
      } else {
        found.second = max(found.second, way.merit)
      }
    }
    return found.best.merit > -.infinity ? found : nil
  }

  /// The attributes that were worth less than `merit` in the last search.
  func attributes(below merit: Double) -> [Int] {
    candidates.indices.filter { merits[$0] < merit }.map { candidates[$0] }
  }

  private mutating func makeRoom(classes wished: Int, levels count: Int) {
    if classes != wished {
      classes = wished
      before = Array(repeating: 0, count: classes)
      sums = before
      sides = Array(repeating: 0, count: 2 * classes)
    }
    let room = count * classes - levels.count
    if room > 0 { levels.append(contentsOf: repeatElement(0, count: room)) }
  }

  /// The attributes that a leaf may split on, of `count`, the numbers first.
  private mutating func findCandidates(_ count: Int, _ leaf: TreeLeaf) {
    candidates.removeAll(keepingCapacity: true)
    merits.removeAll(keepingCapacity: true)
    for attribute in 0..<count where excluded.isEmpty || !excluded.contains(attribute) {
      if leaf.poor.isEmpty || !leaf.poor.contains(attribute) { candidates.append(attribute) }
    }
    let (wish, all) = (settings.subspace, candidates.count)
    guard wish > 0, wish < all else { return }
    var random = RandomBits(seed: leaf.seed)
    for k in 0..<wish { candidates.swapAt(k, k + random.below(all - k)) }
    candidates.removeLast(all - wish)
    candidates.sort()
  }

  private func merit(_ after: [Double], branches: Int) -> Double {
    settings.criterion.merit(
      before: before, after: after, branches: branches, classes: classes,
      leastShare: settings.leastShare)
  }

  private mutating func bestThreshold(
    _ observers: inout ClassObservers, _ block: Int, number j: Int
  ) -> SplitWay {
    if settings.bins > 0 { return bestGap(&observers, block, number: j) }
    var best = SplitWay()
    guard let range = observers.range(block, number: j) else { return best }
    let step = (range.upperBound - range.lowerBound) / (Double(settings.thresholds) + 1)
    for i in 0..<settings.thresholds {
      let threshold = range.lowerBound + step * Double(i + 1)
      guard threshold > range.lowerBound, threshold < range.upperBound else { continue }
      observers.divide(block, number: j, at: threshold, into: &sides)
      let merit = merit(sides, branches: 2)
      if merit > best.merit {
        best = SplitWay(merit: merit, kind: .number, feature: j, threshold: threshold)
      }
    }
    return best
  }

  /// The best of the places between the bins of a number's histogram.
  private mutating func bestGap(
    _ observers: inout ClassObservers, _ block: Int, number j: Int
  ) -> SplitWay {
    var best = SplitWay()
    // Taken out for as long: what is lent to the body must be nobody else's.
    var (own, left) = (sides, sums)
    sides = []
    let (classes, before) = (classes, before)
    observers.forEachGap(block, number: j, &left) { threshold, left in
      for c in 0..<classes {
        own[c] = left[c]
        own[classes + c] = max(0, before[c] - left[c])
      }
      let merit = merit(own, branches: 2)
      if merit > best.merit {
        best = SplitWay(merit: merit, kind: .number, feature: j, threshold: threshold)
      }
    }
    sides = own
    return best
  }

  private mutating func bestLevels(
    _ observers: ClassObservers, _ block: Int, _ a: Int, _ counts: [Int]
  ) -> SplitWay {
    var best = SplitWay()
    let count = counts[a]
    guard count > 1 else { return best }
    observers.divide(block, levelsOf: a, into: &levels)
    if !settings.isBinary {
      best = SplitWay(merit: merit(levels, branches: count), kind: .levels, feature: a)
    }
    for c in 0..<classes { sums[c] = 0 }
    for level in 0..<count {
      for c in 0..<classes { sums[c] += levels[level * classes + c] }
    }
    for level in 0..<count {
      for c in 0..<classes {
        sides[c] = levels[level * classes + c]
        sides[classes + c] = sums[c] - sides[c]
      }
      let merit = merit(sides, branches: 2)
      if merit > best.merit {
        best = SplitWay(merit: merit, kind: .level, feature: a, threshold: Double(level))
      }
    }
    return best
  }
}
