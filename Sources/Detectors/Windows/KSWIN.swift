import Catalogues
import Kernels
package import Snapshots

/// KSWIN: the last values beside some of those before them, by the test of Kolmogorov and Smirnov.
///
/// Of a window of `window` values the newest `recent` are compared with as many that are drawn from the older
/// ones without putting back. Drift when the chance of so great a distance is at most `alpha` and the distance
/// greater than 0.1; then the older ones are forgotten. The change is placed before the recent values.
///
/// The test is made at every value: `alpha` is a chance for each of them, not for a stream.
///
/// Reference: C. Raab, M. Heusinger and F.-M. Schleif, Reactive soft prototype computing for concept drift
/// streams, Neurocomputing 416 (2020). River draws by another generator: the two agree in kind, not in index.
///
/// Parameters: `alpha`; `window` and `recent` values, at least twice as many in the window; `seed` of what is
/// drawn. Cost: O(w) a value, 1 µs with the defaults (`make bench-micro`): the window is kept sorted, and nothing is
/// taken from the allocator after the start; 17 bytes a value of the window.
package struct KSWIN: DriftDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "kswin", "last values beside drawn older ones, Kolmogorov-Smirnov (Raab et al. 2020)",
    parameters: [
      Parameter(
        "alpha", .real(default: 0.005, in: 0...1), "chance of a false alarm, per value",
        strictness: .falling),
      Parameter("window", .integer(default: 100, in: 2...1_000_000), "values in the window"),
      Parameter("recent", .integer(default: 30, in: 1...500_000), "newest values"),
      Parameter("seed", .integer(default: 42, in: 0...Int.max), "of what is drawn"),
    ],
    make: { settings, _ throws(SpecificationError) in
      let (window, recent) = (settings.integer("window"), settings.integer("recent"))
      guard window >= 2 * recent else {
        throw .unfit(
          entry: "kswin", reason: "a window of \(window) holds no \(recent) values twice")
      }
      return KSWIN(
        alpha: settings.real("alpha"), window: window, recent: recent,
        seed: UInt64(settings.integer("seed")))
    })

  private let window: Int
  private let recent: Int
  /// The least distance, in steps of one value, that is a drift.
  private let critical: Int
  private var random: RandomBits
  /// A ring: the value in slot `oldest` is the oldest one, those that follow are newer.
  private var values: [Double]
  private var oldest = 0
  /// The slots in use, smallest value first.
  private var sorted: [Int32] = []
  /// Places of older values, shuffled for each test.
  private var places: [Int32]
  /// Whether the older value at a place was drawn.
  private var isDrawn: [Bool]

  package init(alpha: Double = 0.005, window: Int = 100, recent: Int = 30, seed: UInt64 = 42) {
    (self.window, self.recent) = (window, recent)
    critical = KSWIN.critical(alpha, recent)
    random = RandomBits(seed: seed)
    values = Array(repeating: 0, count: window)
    sorted.reserveCapacity(window)
    places = (0..<Int32(window - recent)).map { $0 }
    isDrawn = Array(repeating: false, count: window - recent)
  }

  /// The greater the distance, the smaller its chance: so one distance tells as much as asking each time.
  private static func critical(_ alpha: Double, _ recent: Int) -> Int {
    var (low, high) = (1, recent + 1)
    while low < high {
      let middle = (low + high) / 2
      let isDrift =
        Double(middle) > 0.1 * Double(recent)
        && KolmogorovSmirnov.chance(steps: middle, of: recent) <= alpha
      if isDrift { high = middle } else { low = middle + 1 }
    }
    return low
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    take(value)
    guard sorted.count == window else { return nil }
    guard steps() >= critical else { return nil }
    let older = window - recent
    let before = (0..<older).reduce(0) { $0 + values[slot($1)] } / Double(older)
    let after = sorted.reduce(0) { isRecent($1) ? $0 + values[Int($1)] : $0 } / Double(recent)
    forgetOlder()
    return DetectorAlarm(level: .drift, valuesSinceChange: recent, before: before, after: after)
  }

  private mutating func forgetOlder() {
    var kept = 0
    // By index: a loop over the array itself would keep a copy while it is changed.
    for index in sorted.indices where isRecent(sorted[index]) {
      sorted[kept] = sorted[index]
      kept += 1
    }
    sorted.removeLast(sorted.count - kept)
    oldest = slot(window - recent)
  }

  private func slot(_ place: Int) -> Int {
    oldest + place < window ? oldest + place : oldest + place - window
  }

  /// How many values are older than the one in this slot.
  private func place(_ slot: Int32) -> Int {
    Int(slot) >= oldest ? Int(slot) - oldest : Int(slot) - oldest + window
  }

  private func isRecent(_ slot: Int32) -> Bool { place(slot) >= window - recent }

  /// Puts a value in, and out the oldest one if the window is full.
  private mutating func take(_ value: Double) {
    if sorted.count == window {
      if let gone = sorted.firstIndex(of: Int32(oldest)) { sorted.remove(at: gone) }
      oldest = slot(1)
    }
    let newest = slot(sorted.count)
    values[newest] = value
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if values[Int(sorted[middle])] < value { low = middle + 1 } else { high = middle }
    }
    sorted.insert(Int32(newest), at: low)
  }

  /// The greatest distance of the distribution functions of the recent values and of as many drawn from the older
  /// ones, in steps of one value.
  private mutating func steps() -> Int {
    let older = window - recent
    // In order again, so that what is drawn depends on the random state alone.
    for k in 0..<older { (places[k], isDrawn[k]) = (Int32(k), false) }
    // The first `recent` of a shuffle.
    for k in 0..<recent {
      places.swapAt(k, k + random.below(older - k))
      isDrawn[Int(places[k])] = true
    }
    var (distance, greatest) = (0, 0)
    for index in sorted.indices {
      let slot = sorted[index]
      let place = place(slot)
      if place >= older { distance += 1 } else if isDrawn[place] { distance -= 1 }
      // Of equal values the last one counts.
      if index + 1 == window || values[Int(sorted[index + 1])] != values[Int(slot)] {
        greatest = max(greatest, abs(distance))
      }
    }
    return greatest
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(random.state)
    writer.write((0..<sorted.count).map { values[slot($0)] })
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    random.state = try reader.readWord()
    let stored = try reader.readDoubles()
    guard stored.count <= window else { throw .corrupt }
    oldest = 0
    sorted.removeAll(keepingCapacity: true)
    for value in stored { take(value) }
  }
}
