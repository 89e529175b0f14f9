import Glibc
import Snapshots

/// What one part of a linear model's predictions has been worth: how much greater the loss would have been
/// without it, its mean staying, on rows that were not yet learned.
///
/// Absolute error for numbers, log loss for classes. A feature that carries nothing has a weight that
/// is noise, and its part makes the loss greater on average.
struct PartTally: Snapshotted, Sendable {
  private(set) var rows = 0
  private var mean = 0.0
  private var sum = 0.0
  private var squares = 0.0

  func write(to writer: inout SnapshotWriter) {
    writer.write(rows)
    writer.write(mean)
    writer.write(sum)
    writer.write(squares)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    rows = try reader.readInt()
    mean = try reader.readDouble()
    sum = try reader.readDouble()
    squares = try reader.readDouble()
  }

  /// Takes the part `value` of a predictor.
  mutating func observe(
    _ value: Double, of predictor: Double, target: Double, isNumber: Bool
  ) {
    // Where it was always the same there was nothing to tell.
    if value != mean { rows += 1 }
    mean += (value - mean) / Double(max(1, min(rows, 2000)))
    let without = predictor - (value - mean)
    let gain =
      PartTally.loss(without, target, isNumber) - PartTally.loss(predictor, target, isNumber)
    guard gain.isFinite else { return }
    sum += gain
    squares += gain * gain
  }

  private static func loss(_ z: Double, _ target: Double, _ isNumber: Bool) -> Double {
    if isNumber { return abs(z - target) }
    let margin = target > 0.5 ? z : -z
    return margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin
  }

  /// The mean gain in its standard errors.
  var deviations: Double { squares > 0 ? sum / squares.squareRoot() : 0 }

  func verdict(_ name: String) -> FeatureScreen.Verdict {
    FeatureScreen.Verdict(name: name, deviations: deviations, rows: rows)
  }
}
