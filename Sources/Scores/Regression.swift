import Catalogues
import Snapshots

/// Mean absolute error: (1/n)·Σ|y − p|, in the label's unit.
struct MeanAbsoluteError: Score {
  static let entry = Entry<ScoreTask, NamedScore>(
    "mae", "mean absolute error",
    make: { _, task throws(SpecificationError) in
      try fit("mae", task == .regression, "the target is a class")
      return NamedScore("mae", isGain: false, MeanAbsoluteError())
    })

  private var count = 0.0
  private var sum = 0.0

  mutating func observe(_ outcome: Outcome) {
    count += 1
    sum += abs(outcome.label - outcome.prediction)
  }

  var value: Double? { count > 0 ? sum / count : nil }

  func write(to writer: inout SnapshotWriter) {
    writer.write(count)
    writer.write(sum)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    count = try reader.readDouble()
    sum = try reader.readDouble()
  }

  mutating func merge(_ other: any Score) {
    guard let other = other as? MeanAbsoluteError else { return }
    count += other.count
    sum += other.sum
  }
}

/// Root of the mean squared error, in the label's unit.
struct RootMeanSquaredError: Score {
  static let entry = Entry<ScoreTask, NamedScore>(
    "rmse", "root mean squared error",
    make: { _, task throws(SpecificationError) in
      try fit("rmse", task == .regression, "the target is a class")
      return NamedScore("rmse", isGain: false, RootMeanSquaredError())
    })

  private var count = 0.0
  private var sum = 0.0

  mutating func observe(_ outcome: Outcome) {
    count += 1
    let error = outcome.label - outcome.prediction
    sum += error * error
  }

  var value: Double? { count > 0 ? (sum / count).squareRoot() : nil }

  func write(to writer: inout SnapshotWriter) {
    writer.write(count)
    writer.write(sum)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    count = try reader.readDouble()
    sum = try reader.readDouble()
  }

  mutating func merge(_ other: any Score) {
    guard let other = other as? RootMeanSquaredError else { return }
    count += other.count
    sum += other.sum
  }
}

/// Share of the labels' variance that is explained: 1 − Σ(y − p)² / Σ(y − ȳ)².
///
/// ȳ is the mean of all labels, known only at the end; sums of squares are kept by Welford's method
/// and merged by Chan's (1979).
struct R2: Score {
  static let entry = Entry<ScoreTask, NamedScore>(
    "r2", "share of the variance explained",
    make: { _, task throws(SpecificationError) in
      try fit("r2", task == .regression, "the target is a class")
      return NamedScore("r2", isGain: true, R2())
    })

  private var count = 0.0
  private var mean = 0.0
  private var squares = 0.0
  private var residual = 0.0

  mutating func observe(_ outcome: Outcome) {
    count += 1
    let deviation = outcome.label - mean
    mean += deviation / count
    squares += deviation * (outcome.label - mean)
    let error = outcome.label - outcome.prediction
    residual += error * error
  }

  var value: Double? { squares > 0 ? 1 - residual / squares : nil }

  func write(to writer: inout SnapshotWriter) {
    writer.write(count)
    writer.write(mean)
    writer.write(squares)
    writer.write(residual)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    count = try reader.readDouble()
    mean = try reader.readDouble()
    squares = try reader.readDouble()
    residual = try reader.readDouble()
  }

  mutating func merge(_ other: any Score) {
    guard let other = other as? R2, other.count > 0 else { return }
    let total = count + other.count
    let deviation = other.mean - mean
    squares += other.squares + deviation * deviation * count * other.count / total
    mean += deviation * other.count / total
    count = total
    residual += other.residual
  }
}
