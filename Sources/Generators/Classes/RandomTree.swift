import Catalogues
package import Kernels

/// Rows labelled by a tree that was drawn at random.
///
/// Each node tests a random attribute: a number in 0 ... 1 against a threshold within what the tests above left
/// of it, or a category with a branch for each word. From depth `shallowest` on a node is a leaf with the chance
/// `leaves`, at `depth` for certain; a leaf's class is drawn. Another `tree` number is another concept.
///
/// Reference: P. Domingos and G. Hulten, Mining high-speed data streams, KDD 2000, §4.
package struct RandomTree: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "random-tree", "rows labelled by a random tree (Domingos & Hulten 2000)",
    parameters: [
      Parameter("tree", .integer(default: 1, in: 0...Int.max), "which tree is drawn"),
      Parameter("classes", .integer(default: 2, in: 2...1000), "classes"),
      Parameter("numbers", .integer(default: 5, in: 0...1000), "attributes that are numbers"),
      Parameter("categories", .integer(default: 5, in: 0...1000), "attributes that are words"),
      Parameter("words", .integer(default: 5, in: 2...1000), "words of a category"),
      Parameter("depth", .integer(default: 5, in: 1...20), "of the deepest leaf"),
      Parameter("shallowest", .integer(default: 3, in: 1...20), "depth of the first leaf"),
      Parameter("leaves", .real(default: 0.15, in: 0...1), "chance of a leaf from there on"),
    ],
    make: { settings, context throws(SpecificationError) in
      let (numbers, categories) = (settings.integer("numbers"), settings.integer("categories"))
      guard numbers + categories > 0 else {
        throw .unfit(entry: "random-tree", reason: "no attribute is left to test")
      }
      return RandomTree(
        seed: context.seed &+ UInt64(settings.integer("tree")) &* 0x9E37_79B9,
        classes: settings.integer("classes"), numbers: numbers, categories: categories,
        words: settings.integer("words"), depth: settings.integer("depth"),
        shallowest: settings.integer("shallowest"), leafShare: settings.real("leaves"))
    })

  private enum Node: Sendable {
    case leaf(Double)
    /// Its first child; the others follow.
    case threshold(attribute: Int, Double, first: Int)
    case branches(attribute: Int, first: Int)
  }

  private var nodes: [Node] = []
  private let classes: Int
  private let numbers: Int
  private let categories: Int
  private let words: Int

  package init(
    seed: UInt64, classes: Int, numbers: Int, categories: Int, words: Int, depth: Int,
    shallowest: Int, leafShare: Double
  ) {
    (self.classes, self.numbers, self.categories) = (classes, numbers, categories)
    self.words = words
    var random = RandomBits(seed: seed)
    struct Pending {
      let node: Int
      let depth: Int
      var ranges: [ClosedRange<Double>]
      /// Categories not tested above.
      var free: [Int]
    }
    var pending = [
      Pending(
        node: 0, depth: 0, ranges: Array(repeating: 0...1, count: numbers),
        free: Array(numbers..<(numbers + categories)))
    ]
    nodes.append(.leaf(0))
    while let next = pending.popLast() {
      let choices = numbers + next.free.count
      let isLeaf =
        next.depth >= depth || (next.depth >= shallowest && random.chance(leafShare))
      guard !isLeaf, choices > 0, nodes.count < 1_000_000 else {
        nodes[next.node] = .leaf(Double(random.below(classes)))
        continue
      }
      let choice = random.below(choices)
      let first = nodes.count
      if choice < numbers {
        let threshold = random.within(next.ranges[choice])
        nodes[next.node] = .threshold(attribute: choice, threshold, first: first)
        for side in 0..<2 {
          var child = Pending(
            node: first + side, depth: next.depth + 1, ranges: next.ranges, free: next.free)
          let range = next.ranges[choice]
          child.ranges[choice] =
            side == 0 ? range.lowerBound...threshold : threshold...range.upperBound
          pending.append(child)
          nodes.append(.leaf(0))
        }
      } else {
        let attribute = next.free[choice - numbers]
        nodes[next.node] = .branches(attribute: attribute, first: first)
        for word in 0..<words {
          pending.append(
            Pending(
              node: first + word, depth: next.depth + 1, ranges: next.ranges,
              free: next.free.filter { $0 != attribute }))
          nodes.append(.leaf(0))
        }
      }
    }
  }

  package var columns: [StreamColumn] {
    (0..<numbers).map { .number("n\($0 + 1)") }
      + (0..<categories).map { .words("c\($0 + 1)", (1...words).map { "w\($0)" }) }
      + [.words("label", (1...classes).map { "class\($0)" })]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    for k in 0..<numbers { row[k] = random.unit() }
    for k in 0..<categories { row[numbers + k] = Double(random.below(words)) }
    var node = 0
    while true {
      switch nodes[node] {
      case .leaf(let label):
        row[numbers + categories] = label
        return
      case .threshold(let attribute, let threshold, let first):
        node = first + (row[attribute] < threshold ? 0 : 1)
      case .branches(let attribute, let first):
        node = first + Int(row[attribute])
      }
    }
  }
}
