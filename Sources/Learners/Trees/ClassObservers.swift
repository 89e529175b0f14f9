import Glibc
import Snapshots

/// What leaves know of their rows: for each class a normal distribution of every number and counts of
/// every level. A pool of equal blocks, one a leaf.
///
/// A block, for C classes, P numbers rounded up to 4 and nominal attributes of Lₐ levels:
///
///     class c   C × (2 + 5·P): the weight seen, ½·Σ log 2πσ², then P each of mean, Σ(x−mean)²,
///               least, greatest, 1/(2σ²)
///     attribute for each level C weights
///     number    where `bins` are wanted: a `ClassHistogram`
///
/// Σ log is kept beside the sums, so that Naive Bayes takes one logarithm a class and row: the
/// logarithm of a product of σ² is taken of mantissas and exponents apart. Variances are those of a
/// sample (n − 1); a number whose variance is 0 says nothing, nor does a level that a class never had.
///
/// Memory: 8 bytes × the above for each active leaf.
struct ClassObservers: Sendable {
  let numbers: Int
  private let padded: Int
  private(set) var classes: Int
  /// Levels for which there is room, by attribute.
  private(set) var levelRoom: [Int]
  private var levelStart: [Int] = []
  /// Bins of each number's histogram; 0: none.
  let bins: Int
  private var histogramStart = 0
  private var stride = 0
  private var pool: [Double] = []
  private var free: [Int] = []
  private(set) var count = 0

  init(numbers: Int, nominals: Int, classes: Int, bins: Int) {
    self.numbers = numbers
    self.bins = bins
    self.classes = classes
    padded = (numbers + 3) & ~3
    levelRoom = Array(repeating: 4, count: nominals)
    layOut()
  }

  private var classStride: Int { 2 + 5 * padded }
  /// Bytes of one block.
  var blockBytes: Int { 8 * stride }
  var memoryBytes: Int { 8 * pool.capacity + 8 * free.capacity }

  private mutating func layOut() {
    var at = classes * classStride
    levelStart = []
    for room in levelRoom {
      levelStart.append(at)
      at += room * classes
    }
    histogramStart = at
    stride = at + numbers * ClassHistogram.size(classes: classes, most: bins)
  }

  /// Lends the histogram of number `j`.
  private mutating func withHistogram<Result>(
    _ block: Int, number j: Int, _ body: (ClassHistogram) -> Result
  ) -> Result? {
    let at =
      block * stride + histogramStart + j * ClassHistogram.size(classes: classes, most: bins)
    let (classes, bins) = (classes, bins)
    return pool.withUnsafeMutableBufferPointer { pool in
      pool.baseAddress.map { body(ClassHistogram($0 + at, classes: classes, most: bins)) }
    }
  }

  // MARK: - Blocks

  /// Blocks in use.
  var used: Int { count - free.count }
  /// Whether a block can be had with no more than `most` bytes of blocks; 0: as many as wanted.
  func hasRoom(most: Int) -> Bool {
    most == 0 || !free.isEmpty || (count + 1) * blockBytes <= most
  }

  /// An empty block; the pool does not grow beyond `most` bytes for later ones.
  mutating func take(most: Int) -> Int {
    if let block = free.popLast() {
      clear(block)
      return block
    }
    // A quarter more at a time: twice as much would be half unused.
    if (count + 1) * stride > pool.capacity {
      let wish = count + max(4, count / 4)
      pool.reserveCapacity(
        (most > 0 ? min(wish, max(count + 1, most / blockBytes)) : wish) * stride)
    }
    pool.append(contentsOf: repeatElement(0, count: stride))
    count += 1
    clear(count - 1)
    return count - 1
  }

  mutating func giveBack(_ block: Int) { free.append(block) }

  private mutating func clear(_ block: Int) {
    let start = block * stride
    for k in start..<(start + stride) { pool[k] = 0 }
    for c in 0..<classes {
      let base = start + c * classStride + 2
      for j in 0..<numbers {
        pool[base + 2 * padded + j] = .infinity
        pool[base + 3 * padded + j] = -.infinity
      }
    }
  }

  /// Makes room for more classes or levels, in every block.
  mutating func grow(classes wishedClasses: Int, levels: [Int]) {
    guard wishedClasses > classes || zip(levels, levelRoom).contains(where: { $0 > $1 }) else {
      return
    }
    var before = self
    classes = max(classes, wishedClasses)
    for a in levelRoom.indices where levels[a] > levelRoom[a] {
      levelRoom[a] = max(levels[a], levelRoom[a] * 2)
    }
    layOut()
    pool = []
    pool.reserveCapacity(before.count * stride)
    pool.append(contentsOf: repeatElement(0, count: before.count * stride))
    for block in 0..<before.count {
      clear(block)
      let (from, to) = (block * before.stride, block * stride)
      for k in 0..<(before.classes * classStride) { pool[to + k] = before.pool[from + k] }
      for a in levelRoom.indices {
        for level in 0..<before.levelRoom[a] {
          for c in 0..<before.classes {
            pool[to + levelStart[a] + level * classes + c] =
              before.pool[from + before.levelStart[a] + level * before.classes + c]
          }
        }
      }
      for j in 0..<(bins > 0 ? numbers : 0) {
        _ = before.withHistogram(block, number: j) { old in
          withHistogram(block, number: j) { $0.take(old) }
        }
      }
    }
  }

  // MARK: - Rows

  /// Takes a row of class `c` into a block.
  mutating func observe(
    _ block: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>, class c: Int,
    weight: Double
  ) {
    observeMoments(block, x, levels, class: c, weight: weight)
    guard bins > 0 else { return }
    for j in 0..<numbers {
      _ = withHistogram(block, number: j) { $0.add(x[j], class: c, weight: weight) }
    }
  }

  private mutating func observeMoments(
    _ block: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>, class c: Int,
    weight: Double
  ) {
    let (padded, classes, block) = (padded, classes, block * stride)
    let (classStride, levelStart) = (classStride, levelStart)
    pool.withUnsafeMutableBufferPointer { pool in
      guard let start = pool.baseAddress.map({ $0 + block }) else { return }
      let own = start + c * classStride
      own[0] += weight
      let n = own[0]
      let factor = weight / n
      let spread = n > 1 ? 1 / (n - 1) : 0
      let base = UnsafeMutableRawPointer(own + 2)
      let row = UnsafeRawPointer(x)
      var (mantissas, exponents) = (1.0, 0)
      var known = 0
      for j in Swift.stride(from: 0, to: padded, by: 4) {
        let at = 8 * j
        let value = row.loadUnaligned(fromByteOffset: at, as: SIMD4<Double>.self)
        let mean = base.loadUnaligned(fromByteOffset: at, as: SIMD4<Double>.self)
        let distance = value - mean
        let moved = mean + factor * distance
        let squares =
          base.loadUnaligned(fromByteOffset: at + 8 * padded, as: SIMD4<Double>.self)
          + weight * distance * (value - moved)
        let least = base.loadUnaligned(fromByteOffset: at + 16 * padded, as: SIMD4<Double>.self)
        let most = base.loadUnaligned(fromByteOffset: at + 24 * padded, as: SIMD4<Double>.self)
        base.storeBytes(of: moved, toByteOffset: at, as: SIMD4<Double>.self)
        base.storeBytes(of: squares, toByteOffset: at + 8 * padded, as: SIMD4<Double>.self)
        base.storeBytes(
          of: least.replacing(with: value, where: value .< least), toByteOffset: at + 16 * padded,
          as: SIMD4<Double>.self)
        base.storeBytes(
          of: most.replacing(with: value, where: value .> most), toByteOffset: at + 24 * padded,
          as: SIMD4<Double>.self)
        let variance = squares * spread
        let isKnown = variance .> 0
        let half = (0.5 / variance).replacing(with: 0, where: .!isKnown)
        base.storeBytes(of: half, toByteOffset: at + 32 * padded, as: SIMD4<Double>.self)
        for lane in 0..<4 where variance[lane] > 0 {
          let bits = variance[lane].bitPattern
          exponents += Int(bits >> 52) - 1023
          mantissas *= Double(bitPattern: bits & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000)
          known += 1
        }
        // Of at most 2 each: far from overflow for 1,000 numbers at a time.
        if j % 512 == 508 {
          exponents += Int(mantissas.exponent)
          mantissas = mantissas.significand
        }
      }
      own[1] =
        0.5
        * (Double(known) * ClassObservers.logTau + log(mantissas)
          + Double(exponents) * ClassObservers.logTwo)
      for a in 0..<levelStart.count where levels[a] >= 0 {
        start[levelStart[a] + Int(levels[a]) * classes + c] += weight
      }
    }
  }

  private static let logTau = log(2 * Double.pi)
  private static let logTwo = log(2.0)

  /// Writes log P(class) + log P(row | class) of each class as Naive Bayes has it; `prior` holds the
  /// classes' weights.
  func scores(
    _ block: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>, prior: [Double],
    at first: Int,
    total: Double, into out: inout [Double]
  ) {
    pool.withUnsafeBufferPointer { pool in
      guard let start = pool.baseAddress.map({ $0 + block * stride }) else { return }
      let row = UnsafeRawPointer(x)
      for c in 0..<classes {
        guard prior[first + c] > 0 else {
          out[c] = -.infinity
          continue
        }
        let own = start + c * classStride
        let base = UnsafeRawPointer(own + 2)
        var quadratic = SIMD4<Double>()
        for j in Swift.stride(from: 0, to: padded, by: 4) {
          let distance =
            row.loadUnaligned(fromByteOffset: 8 * j, as: SIMD4<Double>.self)
            - base.loadUnaligned(fromByteOffset: 8 * j, as: SIMD4<Double>.self)
          quadratic +=
            distance * distance
            * base.loadUnaligned(fromByteOffset: 8 * j + 32 * padded, as: SIMD4<Double>.self)
        }
        var product = prior[first + c] / total
        var sum = 0.0
        for a in 0..<levelRoom.count where levels[a] >= 0 {
          let weight = start[levelStart[a] + Int(levels[a]) * classes + c]
          guard weight > 0 else { continue }
          product *= weight / own[0]
          if product < 1e-200 {
            sum += log(product)
            product = 1
          }
        }
        out[c] = sum + log(product) - own[1] - quadratic.sum()
      }
    }
  }

  // MARK: - Splits

  /// Weight of class `c` seen by a block.
  private func seen(_ block: Int, _ c: Int) -> Double { pool[block * stride + c * classStride] }

  /// The least and the greatest value of number `j` over all classes; nil if there is none.
  func range(_ block: Int, number j: Int) -> ClosedRange<Double>? {
    var (least, most) = (Double.infinity, -Double.infinity)
    for c in 0..<classes {
      let base = block * stride + c * classStride + 2
      least = min(least, pool[base + 2 * padded + j])
      most = max(most, pool[base + 3 * padded + j])
    }
    return least <= most ? least...most : nil
  }

  /// Calls `body` with every threshold that number `j`'s histogram offers, and the classes' weights at and
  /// below it.
  mutating func forEachGap(
    _ block: Int, number j: Int, _ sums: inout [Double], _ body: (Double, [Double]) -> Void
  ) {
    // Taken out for as long: what is lent to the body must be nobody else's.
    var own = sums
    sums = []
    _ = withHistogram(block, number: j) { $0.forEachGap(&own, body) }
    sums = own
  }

  /// The classes' weights on both sides of number `j` ≤ `threshold`, by its histogram or else as their normal
  /// distributions have it.
  mutating func divide(
    _ block: Int, number j: Int, at threshold: Double, into out: inout [Double]
  ) {
    guard bins > 0 else {
      divideNormal(block, number: j, at: threshold, into: &out)
      return
    }
    for c in 0..<(2 * classes) { out[c] = 0 }
    _ = withHistogram(block, number: j) { $0.addWeights(upTo: threshold, to: &out) }
    for c in 0..<classes { out[classes + c] = max(0, seen(block, c) - out[c]) }
  }

  private func divideNormal(
    _ block: Int, number j: Int, at threshold: Double, into out: inout [Double]
  ) {
    for c in 0..<classes {
      let base = block * stride + c * classStride + 2
      let n = seen(block, c)
      var left = 0.0
      if n > 0, threshold >= pool[base + 2 * padded + j] {
        if threshold >= pool[base + 3 * padded + j] {
          left = n
        } else {
          let deviation = (pool[base + padded + j] / (n - 1)).squareRoot()
          let z = (threshold - pool[base + j]) / deviation
          left = deviation > 0 ? 0.5 * (1 + erf(z / 2.squareRoot())) * n : 0
        }
      }
      out[c] = left
      out[classes + c] = n - left
    }
  }

  /// The classes' weights of each level of nominal attribute `a`.
  func divide(_ block: Int, levelsOf a: Int, into out: inout [Double]) {
    for k in 0..<(levelRoom[a] * classes) { out[k] = pool[block * stride + levelStart[a] + k] }
  }

  // MARK: - Snapshots

  func write(to writer: inout SnapshotWriter) {
    writer.write([classes, count])
    writer.write(levelRoom)
    writer.write(free)
    writer.write(pool)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    let room = try reader.readInts()
    guard numbers.count == 2, (1...100_000).contains(numbers[0]), numbers[1] >= 0,
      room.count == levelRoom.count, room.allSatisfy({ (1...100_000_000).contains($0) })
    else { throw .corrupt }
    (classes, count) = (numbers[0], numbers[1])
    levelRoom = room
    layOut()
    free = try reader.readInts()
    pool = try reader.readDoubles()
    guard pool.count == count * stride, free.allSatisfy({ (0..<count).contains($0) }) else {
      throw .corrupt
    }
  }
}
