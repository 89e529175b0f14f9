import Glibc
import Snapshots

/// What a leaf knows of its rows to find a split of numbers' targets: for every number a binary search tree
/// of its values (E-BST), for every level the moments of the target.
///
/// A node of the search tree holds the moments of the targets of all values at most as great as its own that
/// came by. Walked in order, that gives both sides of a split at every node exactly, whatever else is left
/// out: so a tree that has `points` nodes takes no more of them, and its first values stand for the
/// distribution. After a try to split that failed, values that are far worse than the best are left out
/// too, if all below them are (FIMT-DD, §4.3).
///
/// Values may be rounded to `digits` decimal places before (TE-BST), which makes fewer of them.
///
/// References: E. Ikonomovska, J. Gama and S. Džeroski, Learning model trees from evolving data streams, Data
/// Mining and Knowledge Discovery 23 (2011); S. Mastelini and A. de Carvalho, 2D-EBST, 2021 (TE-BST).
///
/// Memory: 48 bytes a node, 24 a level.
struct ValueObservers: Sendable {
  private struct Point: Sendable {
    var value: Double
    var moments = Moments()
    var left: Int32 = -1
    var right: Int32 = -1
  }

  /// The numbers and levels that are looked at.
  private var ownNumbers: [Int]
  private var ownNominals: [Int]
  /// For each number its root, -1: none, and how many points it has.
  private var roots: [Int32]
  private var counts: [Int32]
  private var points: [Point] = []
  private var free: [Int32] = []
  private var levels: [[Moments]]

  /// `of`: the attributes that are looked at, the numbers first; `room`: points that are given a place at once.
  init(numbers: Int, nominals: Int, of attributes: [Int], room: Int = 0) {
    ownNumbers = attributes.filter { $0 < numbers }
    ownNominals = attributes.filter { $0 >= numbers }.map { $0 - numbers }
    points.reserveCapacity(room)
    roots = Array(repeating: -1, count: numbers)
    counts = Array(repeating: 0, count: numbers)
    levels = Array(repeating: [], count: nominals)
  }

  var memoryBytes: Int {
    points.capacity * MemoryLayout<Point>.stride + 4 * free.capacity + 8 * roots.capacity
      + 8 * (ownNumbers.capacity + ownNominals.capacity)
      + levels.reduce(0) { $0 + 32 + 24 * $1.capacity }
  }

  // MARK: - Rows

  mutating func observe(
    _ x: UnsafePointer<Double>, _ rowLevels: UnsafePointer<Int32>, target: Double, weight: Double,
    scale: Double, most: Int
  ) {
    for j in ownNumbers {
      let value = scale > 0 ? (x[j] * scale).rounded(.toNearestOrEven) / scale : x[j]
      insert(value, j, target, weight, most)
    }
    for a in ownNominals where rowLevels[a] >= 0 {
      let level = Int(rowLevels[a])
      while levels[a].count <= level { levels[a].append(Moments()) }
      levels[a][level].add(target, weight)
    }
  }

  private mutating func insert(
    _ value: Double, _ j: Int, _ target: Double, _ weight: Double, _ most: Int
  ) {
    var (at, parent, isLeft) = (roots[j], Int32(-1), false)
    while at >= 0 {
      let own = points[Int(at)].value
      if value > own {
        (parent, isLeft) = (at, false)
        at = points[Int(at)].right
        continue
      }
      points[Int(at)].moments.add(target, weight)
      if value == own { return }
      (parent, isLeft) = (at, true)
      at = points[Int(at)].left
    }
    guard counts[j] < most, !value.isNaN else { return }
    counts[j] += 1
    var point = Point(value: value)
    point.moments.add(target, weight)
    let fresh: Int32
    if let known = free.popLast() {
      fresh = known
      points[Int(fresh)] = point
    } else {
      fresh = Int32(points.count)
      points.append(point)
    }
    if parent < 0 {
      roots[j] = fresh
    } else if isLeft {
      points[Int(parent)].left = fresh
    } else {
      points[Int(parent)].right = fresh
    }
  }

  // MARK: - Splits

  /// The best place to split number `j`; `all`: the moments of the leaf.
  func bestThreshold(_ j: Int, all: Moments, least: Double) -> SplitWay {
    var best = SplitWay()
    visit(roots[j], Moments()) { point, before in
      let left = point.moments.plus(before)
      let merit = Moments.reduction(all, left, all.minus(left), least: least)
      if merit > best.merit {
        best = SplitWay(merit: merit, kind: .number, feature: j, threshold: point.value)
      }
    }
    return best
  }

  /// All points below `at` in order, each with the moments of what went left of those above it.
  private func visit(_ at: Int32, _ before: Moments, _ body: (Point, Moments) -> Void) {
    guard at >= 0 else { return }
    let own = points[Int(at)]
    visit(own.left, before, body)
    body(own, before)
    if own.right >= 0 { visit(own.right, before.plus(own.moments), body) }
  }

  /// The best split by the levels of nominal attribute `a`.
  func bestLevels(_ a: Int, all: Moments, least: Double, isBinary: Bool) -> SplitWay {
    var best = SplitWay()
    let seen = levels[a].indices.filter { levels[a][$0].weight > 0 }
    if !isBinary, seen.count > 2 {
      best = SplitWay(
        merit: Moments.reduction(all, seen.map { levels[a][$0] }, least: least), kind: .levels,
        feature: a)
    }
    for level in seen {
      let own = levels[a][level]
      let merit = Moments.reduction(all, own, all.minus(own), least: least)
      if merit > best.merit {
        best = SplitWay(merit: merit, kind: .level, feature: a, threshold: Double(level))
      }
    }
    return best
  }

  /// The moments of the two sides of a split by a number or a level.
  func sides(_ way: SplitWay, all: Moments) -> (left: Moments, right: Moments) {
    var left = Moments()
    if way.kind == .level {
      left = levels[way.feature][Int(way.threshold)]
    } else {
      visit(roots[way.feature], Moments()) { point, before in
        if point.value == way.threshold { left = point.moments.plus(before) }
      }
    }
    return (left, all.minus(left))
  }

  /// The moments of each level of nominal attribute `a`.
  func moments(levelsOf a: Int) -> [Moments] { levels[a] }

  /// The attributes that are looked at, the numbers first.
  var attributes: [Int] { ownNumbers + ownNominals.map { $0 + roots.count } }

  /// No longer looks at an attribute; what it took is free for the others.
  mutating func drop(_ attribute: Int) {
    guard attribute < roots.count else {
      ownNominals.removeAll { $0 == attribute - roots.count }
      levels[attribute - roots.count] = []
      return
    }
    ownNumbers.removeAll { $0 == attribute }
    giveBack(roots[attribute])
    (roots[attribute], counts[attribute]) = (-1, 0)
  }

  private mutating func giveBack(_ at: Int32) {
    guard at >= 0 else { return }
    giveBack(points[Int(at)].left)
    giveBack(points[Int(at)].right)
    free.append(at)
  }

  /// Leaves out points whose merit is less than `merit`, if all below them are too.
  mutating func leaveOut(below merit: Double, all: Moments, least: Double) {
    for j in roots.indices {
      if leaveOut(roots[j], Moments(), j, merit, all, least) { roots[j] = -1 }
    }
  }

  /// True: nothing is left of what was at `at`.
  private mutating func leaveOut(
    _ at: Int32, _ before: Moments, _ j: Int, _ merit: Double, _ all: Moments, _ least: Double
  ) -> Bool {
    guard at >= 0 else { return true }
    let own = points[Int(at)]
    guard leaveOut(own.left, before, j, merit, all, least) else { return false }
    points[Int(at)].left = -1
    guard leaveOut(own.right, before.plus(own.moments), j, merit, all, least) else { return false }
    points[Int(at)].right = -1
    let left = own.moments.plus(before)
    guard Moments.reduction(all, left, all.minus(left), least: least) < merit else { return false }
    free.append(at)
    counts[j] -= 1
    return true
  }

  // MARK: - Snapshots

  func write(to writer: inout SnapshotWriter) {
    writer.write(ownNumbers)
    writer.write(ownNominals)
    writer.write((roots + counts + free).map(Int.init))
    writer.write(points.flatMap { [Int($0.left), Int($0.right)] })
    writer.write(points.flatMap { [$0.value] + $0.moments.numbers })
    for moments in levels { writer.write(moments.flatMap(\.numbers)) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    ownNumbers = try reader.readInts()
    ownNominals = try reader.readInts()
    guard ownNumbers.allSatisfy({ roots.indices.contains($0) }),
      ownNominals.allSatisfy({ levels.indices.contains($0) })
    else { throw .corrupt }
    let heads = try reader.readInts()
    let ways = try reader.readInts()
    let values = try reader.readDoubles()
    let (width, count) = (roots.count, ways.count / 2)
    let known = -1..<max(count, 0)
    guard heads.count >= 2 * width, ways.count == 2 * count, values.count == 4 * count,
      count < Int32.max, ways.allSatisfy({ known.contains($0) }),
      heads[..<width].allSatisfy({ known.contains($0) }),
      heads[width..<(2 * width)].allSatisfy({ (0...count).contains($0) }),
      heads[(2 * width)...].allSatisfy({ (0..<count).contains($0) })
    else { throw .corrupt }
    roots = heads[..<width].map { Int32($0) }
    counts = heads[width..<(2 * width)].map { Int32($0) }
    free = heads[(2 * width)...].map { Int32($0) }
    points = []
    for p in 0..<count {
      let moments = Moments(
        weight: values[4 * p + 1], mean: values[4 * p + 2], squares: values[4 * p + 3])
      points.append(
        Point(
          value: values[4 * p], moments: moments, left: Int32(ways[2 * p]),
          right: Int32(ways[2 * p + 1])))
    }
    for a in levels.indices {
      let numbers = try reader.readDoubles()
      guard numbers.count % 3 == 0 else { throw .corrupt }
      levels[a] = []
      for k in stride(from: 0, to: numbers.count, by: 3) {
        levels[a].append(
          Moments(weight: numbers[k], mean: numbers[k + 1], squares: numbers[k + 2]))
      }
    }
  }
}
