import Catalogues
import Glibc
package import Snapshots

/// ADWIN: an adaptive window over a series, cut wherever its two sides differ too much.
///
/// The window is an exponential histogram: row r holds at most `buckets` buckets of 2ʳ values each,
/// as (sum, sum of squared deviations). When a row overflows, its two oldest merge into row r+1.
/// Every `clock` values, each boundary between buckets is tried as a cut, oldest first: with n₀ and
/// n₁ values and means μ₀ and μ₁ on its sides, W = n₀ + n₁ and σ² the window's variance,
///
///     d = ln(2·ln(W)/δ)    m = 1/(n₀−k+1) + 1/(n₁−k+1)    k = `shortest`
///     ε = √(2·m·σ²·d) + ⅔·d·m          cut if |μ₀ − μ₁| > ε
///
/// and while a cut is found, the oldest bucket is dropped and the search begins again.
///
/// Reference: A. Bifet and R. Gavaldà, Learning from time-changing data with adaptive windowing,
/// SDM 2007, algorithm ADWIN2. `convention=river` (the default) throws the window away at the value
/// after an alarm, so one change raises one alarm; `moa` keeps what remains of the window, as the
/// paper does, so one change often raises several, `clock` values apart; `moa-rise` does as `moa`
/// and speaks only when the mean rose, as MOA's ADWINChangeDetector does.
///
/// Parameters: `delta`, in (0, 1): smaller is calmer; `clock`; `buckets`; `shortest` side of a cut;
/// `grace`, the window before the first search. Cost: O(1) amortised a value plus O(log W) each
/// `clock`, 33 ns a value in `make bench-micro`; 16 bytes × `buckets` × log₂ W.
package struct ADWIN: DriftDetector {
  package enum Convention: String, Sendable {
    case river, moa
    case moaRise = "moa-rise"
  }

  static let entry = Entry<Void, any DriftDetector>(
    "adwin", "adaptive window, cut where its halves differ (Bifet & Gavaldà 2007)",
    parameters: [
      Parameter(
        "delta", .real(default: 0.002, in: 1e-300...1), "smaller is calmer", strictness: .falling),
      Parameter(
        "clock", .integer(default: usualClock, in: 1...1_000_000), "values between two searches"),
      Parameter("buckets", .integer(default: 5, in: 2...64), "buckets in a row of the histogram"),
      Parameter("shortest", .integer(default: 5, in: 1...1_000_000), "shortest side of a cut"),
      Parameter(
        "grace", .integer(default: 10, in: 0...1_000_000), "values before the first search"),
      Parameter(
        "convention", .choice(default: "river", of: ["river", "moa", "moa-rise"]),
        "after an alarm: river starts afresh, moa keeps the window, moa-rise hears rises only"),
    ],
    make: { settings, _ in
      ADWIN(
        delta: settings.real("delta"), clock: settings.integer("clock"),
        buckets: settings.integer("buckets"), shortest: settings.integer("shortest"),
        grace: settings.integer("grace"),
        convention: Convention(rawValue: settings.word("convention")) ?? .river)
    })

  /// Rows of the histogram: enough for 2⁴⁸ values, so that it never has to grow.
  private static let maximalRows = 48

  /// Bytes that a detector of five buckets a row has from the allocator beside its own fields.
  package static let memoryBytes = 8 * maximalRows * (2 * 6 + 1) + 3 * 48

  /// Values between two searches, where nothing else is said.
  package static let usualClock = 32

  private let delta: Double
  private let clock: Int
  private let buckets: Int
  private let shortest: Int
  private let grace: Int
  private let convention: Convention

  /// Sums of the buckets; row r starts at r·(buckets+1), oldest first.
  private var sums: [Double]
  /// Sums of squared deviations of the buckets, laid out as `sums`.
  private var deviations: [Double]
  /// Buckets in use in each row.
  private var used: [Int]
  private var rows = 1
  private var ticks = 0
  private var startsAfresh = false

  /// Values in the window.
  package private(set) var width = 0
  private var total = 0.0
  /// Sum of squared deviations of the window from its mean.
  package private(set) var deviation = 0.0
  /// Mean of the window; 0 when it is empty.
  package var mean: Double { width > 0 ? total / Double(width) : 0 }

  package init(
    delta: Double = 0.002, clock: Int = usualClock, buckets: Int = 5, shortest: Int = 5,
    grace: Int = 10,
    convention: Convention = .river
  ) {
    self.delta = delta
    self.clock = clock
    self.buckets = buckets
    self.shortest = shortest
    self.grace = grace
    self.convention = convention
    sums = Array(repeating: 0, count: ADWIN.maximalRows * (buckets + 1))
    deviations = sums
    used = Array(repeating: 0, count: ADWIN.maximalRows)
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if startsAfresh { forget() }
    insert(value)
    ticks += 1
    guard ticks % clock == 0, width > grace else { return nil }
    return search()
  }

  /// Takes values from search to search, so that what arrays cost at each use is paid once for all of them.
  package mutating func observe(
    _ values: UnsafeBufferPointer<Double>, alarm: (Int, DetectorAlarm) -> Void
  ) {
    var taken = 0
    while taken < values.count {
      if startsAfresh { forget() }
      let count = min(values.count - taken, clock - ticks % clock)
      insert(UnsafeBufferPointer(rebasing: values[taken..<taken + count]))
      taken += count
      ticks += count
      if ticks % clock == 0, width > grace, let raised = search() { alarm(taken - 1, raised) }
    }
  }

  private mutating func forget() {
    for row in 0..<rows { used[row] = 0 }
    (rows, ticks, width, total, deviation, startsAfresh) = (1, 0, 0, 0, 0, false)
  }

  /// Takes `count` errors, 1 or 0, the first in the lowest bit; whether the last raised an alarm. No search may lie
  /// between them: they end at a multiple of the clock, or before the next. What came before must have been such errors
  /// too.
  package mutating func observe(errors: UInt32, count: Int) -> Bool {
    precondition(
      count <= 32 && ticks % clock + count <= clock, "\(count) errors after \(ticks) values")
    guard count > 0 else { return false }
    if startsAfresh { forget() }
    for place in 0..<UInt32(count) {
      let value = Double(errors >> place & 1)
      total += value
      store(value)
    }
    width += count
    // Of values 0 and 1 the squares are the values themselves.
    deviation = total - total * total / Double(width)
    ticks += count
    guard ticks % clock == 0, width > grace else { return false }
    return search() != nil
  }

  private mutating func insert(_ value: Double) {
    withUnsafePointer(to: value) { insert(UnsafeBufferPointer(start: $0, count: 1)) }
  }

  private mutating func insert(_ values: UnsafeBufferPointer<Double>) {
    var (width, total, deviation) = (width, total, deviation)
    lend { table in
      for value in values {
        width &+= 1
        if width > 1 {
          let (before, with) = (Double(width &- 1), Double(width))
          let distance = value - total / before
          deviation += before * distance * distance / with
        }
        total += value
        table.store(value)
      }
    }
    (self.width, self.total, self.deviation) = (width, total, deviation)
  }

  @inline(__always)
  private mutating func store(_ value: Double) { lend { $0.store(value) } }

  @inline(__always)
  private mutating func lend(_ body: (inout BucketTable) -> Void) {
    sums.withUnsafeMutableBufferPointer { sums in
      deviations.withUnsafeMutableBufferPointer { deviations in
        used.withUnsafeMutableBufferPointer { used in
          guard let sums = sums.baseAddress, let deviations = deviations.baseAddress,
            let used = used.baseAddress
          else { return }
          var table = BucketTable(
            sums: sums, deviations: deviations, used: used, buckets: buckets, rows: rows)
          body(&table)
          rows = table.rows
        }
      }
    }
  }

  /// The buckets while they are lent.
  private struct BucketTable {
    let sums: UnsafeMutablePointer<Double>
    let deviations: UnsafeMutablePointer<Double>
    let used: UnsafeMutablePointer<Int>
    let buckets: Int
    var rows: Int

    @inline(__always)
    mutating func store(_ value: Double) {
      let count = used[0]
      guard count < buckets else { return place(value) }
      // Every other value finds room where it comes.
      sums[count] = value
      deviations[count] = 0
      used[0] = count &+ 1
    }

    /// Puts the newest bucket into row 0, and merges the two oldest of every overfull row into the next.
    private mutating func place(_ value: Double) {
      let room = buckets &+ 1
      var (row, sum, spread, size) = (0, value, 0.0, 1.0)
      while true {
        let (first, count) = (row &* room, used[row])
        sums[first &+ count] = sum
        deviations[first &+ count] = spread
        used[row] = count &+ 1
        guard count == buckets else { return }
        // A size is a power of two: its inverse is exact.
        let distance = (sums[first] - sums[first &+ 1]) * (1 / size)
        spread = deviations[first] + deviations[first &+ 1] + size / 2 * distance * distance
        sum = sums[first] + sums[first &+ 1]
        for slot in first..<(first &+ count &- 1) {
          sums[slot] = sums[slot &+ 2]
          deviations[slot] = deviations[slot &+ 2]
        }
        used[row] = count &- 1
        row &+= 1
        size *= 2
        if row == rows { rows &+= 1 }
      }
    }
  }

  private mutating func removeOldest(_ count: Int, ofRow row: Int) {
    let first = row * (buckets + 1)
    for slot in first..<(first + used[row] - count) {
      sums[slot] = sums[slot + count]
      deviations[slot] = deviations[slot + count]
    }
    used[row] -= count
  }

  private mutating func search() -> DetectorAlarm? {
    let meanBefore = mean
    var last: (before: Double, after: Double)?
    while let cut = firstCut() {
      last = cut
      dropOldestBucket()
    }
    guard let last else { return nil }
    if convention == .river { startsAfresh = true }
    if convention == .moaRise, mean <= meanBefore { return nil }
    return DetectorAlarm(
      level: .drift, valuesSinceChange: width, before: last.before, after: mean)
  }

  /// The first boundary, from the oldest on, whose sides differ too much; their means.
  private func firstCut() -> (before: Double, after: Double)? {
    guard width > 1 else { return nil }
    let logTerm = log(2 * log(Double(width)) / delta)
    let variance = deviation / Double(width)
    // MOA asks for more than `shortest` + 1 values on each side, River for at least `shortest`.
    let least = convention == .river ? shortest : shortest + 2
    guard width >= 2 * least else { return nil }
    // The bound is least where both sides are equally long: what is below that even there needs no root.
    let evenWeight = 4 / Double(width - 2 * shortest + 2)
    let leastBound =
      (1 - 1e-9)
      * ((2 * evenWeight * variance * logTerm).squareRoot() + 2.0 / 3 * logTerm * evenWeight)
    var (older, newer) = (0, width)
    var (olderSum, newerSum) = (0.0, total)
    return sums.withUnsafeBufferPointer { sums in
      for row in (0..<rows).reversed() {
        for slot in (row * (buckets + 1))..<(row * (buckets + 1) + used[row]) {
          older += 1 << row
          newer -= 1 << row
          olderSum += sums[slot]
          newerSum -= sums[slot]
          // The newest bucket of all has nothing after it to be compared with.
          if newer <= 0 { return nil }
          guard older >= least, newer >= least else { continue }
          let (n, m) = (Double(older), Double(newer))
          guard abs(olderSum * m - newerSum * n) > leastBound * n * m else { continue }
          let olderMean = olderSum / n
          let newerMean = newerSum / m
          let weight = 1 / Double(older - shortest + 1) + 1 / Double(newer - shortest + 1)
          let bound = (2 * weight * variance * logTerm).squareRoot() + 2.0 / 3 * logTerm * weight
          if abs(olderMean - newerMean) > bound { return (olderMean, newerMean) }
        }
      }
      return nil
    }
  }

  private mutating func dropOldestBucket() {
    let row = rows - 1
    let slot = row * (buckets + 1)
    let size = Double(1 << row)
    let remaining = Double(width) - size
    let bucketMean = sums[slot] / size
    total -= sums[slot]
    width -= 1 << row
    if width > 0 {
      let distance = bucketMean - total / remaining
      deviation -= deviations[slot] + size * remaining * distance * distance / (size + remaining)
    }
    if width <= 0 || deviation < 0 { deviation = 0 }
    removeOldest(1, ofRow: row)
    while rows > 1, used[rows - 1] == 0 { rows -= 1 }
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(rows)
    writer.write(ticks)
    writer.write(startsAfresh)
    writer.write(width)
    writer.write([total, deviation])
    writer.write(Array(used[..<rows]))
    writer.write(inUse(sums))
    writer.write(inUse(deviations))
  }

  /// The buckets' values with zeros where no bucket is, so that equal states make equal bytes.
  private func inUse(_ values: [Double]) -> [Double] {
    (0..<(rows * (buckets + 1))).map { slot in
      slot % (buckets + 1) < used[slot / (buckets + 1)] ? values[slot] : 0
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    rows = try reader.readInt()
    ticks = try reader.readInt()
    startsAfresh = try reader.readBool()
    width = try reader.readInt()
    let window = try reader.readDoubles()
    let storedUsed = try reader.readInts()
    let storedSums = try reader.readDoubles()
    let storedDeviations = try reader.readDoubles()
    guard (1...ADWIN.maximalRows).contains(rows), window.count == 2, storedUsed.count == rows,
      storedUsed.allSatisfy({ (0...buckets).contains($0) }),
      storedSums.count == rows * (buckets + 1), storedDeviations.count == storedSums.count
    else { throw .corrupt }
    (total, deviation) = (window[0], window[1])
    used.replaceSubrange(..<rows, with: storedUsed)
    sums.replaceSubrange(..<storedSums.count, with: storedSums)
    deviations.replaceSubrange(..<storedSums.count, with: storedDeviations)
  }
}
