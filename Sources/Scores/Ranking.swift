import Catalogues
import Snapshots

/// Area under the ROC curve, and average precision, over a stream without end in fixed memory.
///
/// Probabilities are counted in 30,722 bins that keep nine bits of the smaller of p and 1 − p, so
/// that neighbours differ by at most 0.2 %, near 0 and 1 as much as in the middle. Scores in one bin
/// count as ties, which a test on 100,000 random scores holds under 1e-6 of AUC and 1e-4 of AP.
///
///     AUC = P(score of a positive > score of a negative) + ½·P(equal)
///     AP  = Σ (recallₙ − recallₙ₋₁)·precisionₙ over falling thresholds (scikit-learn's definition)
///
/// The first 4,096 outcomes are kept as they are and sorted when the figure is asked for, to the same figure: scores over a
/// window are made anew each time, and clearing and walking all bins for a thousand outcomes costs ten times as much.
///
/// Memory: 16 KB, or 480 KB beyond that.
struct RankedScore: Score {
  enum Kind: Sendable { case rocAUC, averagePrecision }

  static let rocAUC = entry("roc-auc", .rocAUC, "area under the ROC curve")
  static let averagePrecision = entry(
    "average-precision", .averagePrecision, "area under the precision-recall steps")

  private static func entry(
    _ name: String, _ kind: Kind, _ summary: String
  ) -> Entry<ScoreTask, NamedScore> {
    Entry(name, summary) { _, task throws(SpecificationError) in
      try fit(name, task == .binary, "it needs two classes")
      return NamedScore(name, isGain: true, RankedScore(kind: kind))
    }
  }

  private static let octaves = 30
  private static let stepsPerOctave = 512
  private static let half = octaves * stepsPerOctave + 1

  /// Outcomes up to which they are not counted by bins.
  private static let mostFew = 4096

  private let kind: Kind
  /// Twice the bin of each outcome, plus 1 for a positive; none once they are counted.
  private var few: [UInt32] = []
  private var isCounted = false
  private var positives: [Int] = []
  private var negatives: [Int] = []

  init(kind: Kind) { self.kind = kind }

  /// The bin of a probability; a greater probability never has a smaller bin.
  @inline(__always)
  static func bin(_ probability: Double) -> Int {
    probability <= 0.5 ? offset(probability) : 2 * half - 1 - offset(1 - probability)
  }

  @inline(__always)
  private static func offset(_ tail: Double) -> Int {
    // The top of the bit pattern is exponent and mantissa: a logarithm in steps.
    let steps = Int(tail.bitPattern >> 43) - (1023 - octaves - 1) << 9
    return min(max(steps, 0), half - 1)
  }

  mutating func observe(_ outcome: Outcome) {
    let bin = RankedScore.bin(outcome.prediction)
    let isPositive = outcome.label > 0.5
    guard isCounted else {
      few.append(UInt32(bin) << 1 | (isPositive ? 1 : 0))
      if few.count == RankedScore.mostFew { count() }
      return
    }
    if isPositive { positives[bin] += 1 } else { negatives[bin] += 1 }
  }

  mutating func observe(_ outcomes: ArraySlice<Outcome>) {
    guard isCounted else {
      few.reserveCapacity(min(few.count + outcomes.count, RankedScore.mostFew))
      for outcome in outcomes { observe(outcome) }
      return
    }
    positives.withUnsafeMutableBufferPointer { positives in
      negatives.withUnsafeMutableBufferPointer { negatives in
        for outcome in outcomes {
          let bin = RankedScore.bin(outcome.prediction)
          if outcome.label > 0.5 { positives[bin] += 1 } else { negatives[bin] += 1 }
        }
      }
    }
  }

  /// From here on outcomes are counted by bins.
  private mutating func count() {
    (positives, negatives) = counts
    isCounted = true
    few = []
  }

  private var counts: (positives: [Int], negatives: [Int]) {
    guard !isCounted else { return (positives, negatives) }
    var positives = [Int](repeating: 0, count: 2 * RankedScore.half)
    var negatives = positives
    for outcome in few {
      if outcome & 1 == 1 {
        positives[Int(outcome >> 1)] += 1
      } else {
        negatives[Int(outcome >> 1)] += 1
      }
    }
    return (positives, negatives)
  }

  /// Calls with the positives and negatives of each bin that has any, the greatest first if they are to fall.
  private func forEachBin(
    falling: Bool, _ body: (_ positives: Double, _ negatives: Double) -> Void
  ) {
    guard !isCounted else {
      let last = positives.count - 1
      for place in positives.indices {
        let bin = falling ? last - place : place
        guard positives[bin] + negatives[bin] > 0 else { continue }
        body(Double(positives[bin]), Double(negatives[bin]))
      }
      return
    }
    let sorted = RankedScore.sorted(few)
    let last = sorted.count - 1
    var (up, down) = (0.0, 0.0)
    for place in sorted.indices {
      let outcome = sorted[falling ? last - place : place]
      if outcome & 1 == 1 { up += 1 } else { down += 1 }
      if place < last, sorted[falling ? last - place - 1 : place + 1] >> 1 == outcome >> 1 {
        continue
      }
      body(up, down)
      (up, down) = (0, 0)
    }
  }

  /// In ascending order, by two passes over a byte each: a bin and a bit are less than 2¹⁶.
  private static func sorted(_ keys: [UInt32]) -> [UInt32] {
    var from = keys
    var to = keys
    for shift in [UInt32(0), 8] {
      withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { places in
        places.initialize(repeating: 0)
        for key in from { places[Int(key >> shift & 255)] += 1 }
        var next = 0
        for byte in 0..<256 { (places[byte], next) = (next, next + places[byte]) }
        for key in from {
          let byte = Int(key >> shift & 255)
          to[places[byte]] = key
          places[byte] += 1
        }
      }
      swap(&from, &to)
    }
    return from
  }

  var value: Double? { kind == .rocAUC ? areaUnderCurve : averagePrecision }

  func value(from other: any Score) -> Double? {
    guard let other = other as? RankedScore else { return nil }
    return kind == .rocAUC ? other.areaUnderCurve : other.averagePrecision
  }

  private var areaUnderCurve: Double? {
    var (below, pairs, all) = (0.0, 0.0, 0.0)
    forEachBin(falling: false) { up, down in
      pairs += up * (below + down / 2)
      below += down
      all += up
    }
    return all > 0 && below > 0 ? pairs / (all * below) : nil
  }

  private var averagePrecision: Double? {
    let all = Double(
      isCounted ? positives.reduce(0, +) : few.reduce(0) { $0 + Int($1 & 1) })
    guard all > 0 else { return nil }
    var (hits, taken, sum) = (0.0, 0.0, 0.0)
    forEachBin(falling: true) { up, down in
      hits += up
      taken += up + down
      if up > 0 { sum += up / all * hits / taken }
    }
    return sum
  }

  func write(to writer: inout SnapshotWriter) {
    let (positives, negatives) = counts
    writer.write(positives)
    writer.write(negatives)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    positives = try reader.readInts()
    negatives = try reader.readInts()
    guard positives.count == 2 * RankedScore.half, negatives.count == positives.count else {
      throw .corrupt
    }
    (isCounted, few) = (true, [])
  }

  mutating func merge(_ other: any Score) {
    guard let other = other as? RankedScore else { return }
    if !isCounted { count() }
    let (morePositives, moreNegatives) = other.counts
    for bin in positives.indices {
      positives[bin] += morePositives[bin]
      negatives[bin] += moreNegatives[bin]
    }
  }
}
