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
/// Memory: 480 KB.
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

  private let kind: Kind
  private var positives = [Int](repeating: 0, count: 2 * half)
  private var negatives = [Int](repeating: 0, count: 2 * half)

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
    if outcome.label > 0.5 { positives[bin] += 1 } else { negatives[bin] += 1 }
  }

  var value: Double? { kind == .rocAUC ? areaUnderCurve : averagePrecision }

  func value(from other: any Score) -> Double? {
    guard let other = other as? RankedScore else { return nil }
    return kind == .rocAUC ? other.areaUnderCurve : other.averagePrecision
  }

  private var areaUnderCurve: Double? {
    var (below, pairs, all) = (0.0, 0.0, 0.0)
    for bin in positives.indices {
      let (up, down) = (Double(positives[bin]), Double(negatives[bin]))
      pairs += up * (below + down / 2)
      below += down
      all += up
    }
    return all > 0 && below > 0 ? pairs / (all * below) : nil
  }

  private var averagePrecision: Double? {
    let all = Double(positives.reduce(0, +))
    guard all > 0 else { return nil }
    var (hits, taken, sum) = (0.0, 0.0, 0.0)
    for bin in positives.indices.reversed() {
      let up = Double(positives[bin])
      hits += up
      taken += up + Double(negatives[bin])
      if up > 0 { sum += up / all * hits / taken }
    }
    return sum
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(positives)
    writer.write(negatives)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    positives = try reader.readInts()
    negatives = try reader.readInts()
    guard positives.count == 2 * RankedScore.half, negatives.count == positives.count else {
      throw .corrupt
    }
  }

  mutating func merge(_ other: any Score) {
    guard let other = other as? RankedScore else { return }
    for bin in positives.indices {
      positives[bin] += other.positives[bin]
      negatives[bin] += other.negatives[bin]
    }
  }
}
