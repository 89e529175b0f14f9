import Catalogues
import Glibc
import Snapshots

/// Mean of −log of the probability given to what happened, in nats.
struct LogLoss: Score {
  static let entry = Entry<ScoreTask, NamedScore>(
    "log-loss", "mean of −log(probability of what happened)",
    make: { _, task throws(SpecificationError) in
      try fit("log-loss", task != .regression, "the target is a number")
      return NamedScore("log-loss", isGain: false, LogLoss())
    })

  private var count = 0.0
  private var sum = 0.0

  mutating func observe(_ outcome: Outcome) {
    count += 1
    sum += outcome.loss
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
    guard let other = other as? LogLoss else { return }
    count += other.count
    sum += other.sum
  }
}

/// Accuracy, F1, Cohen's kappa and kappa-temporal, from one table of guesses by labels.
///
///     accuracy        share of classes guessed right
///     f1              2·tp / (2·tp + fp + fn) of class 1; over several classes their plain mean
///     kappa           (a − e)/(1 − e): accuracy a beyond what the marginals give by chance, e
///                     (J. Cohen, A coefficient of agreement for nominal scales, 1960)
///     kappa-temporal  (a − n)/(1 − n): accuracy beyond "no change", n (I. Žliobaitė et al.,
///                     Evaluation methods and decision theory for classification of streaming
///                     data, Machine Learning 98, 2015)
struct ConfusionScore: Score {
  enum Kind: Sendable { case accuracy, f1, kappa, kappaTemporal }

  static let accuracy = entry("accuracy", .accuracy, "share of classes guessed right")
  static let f1 = entry("f1", .f1, "harmonic mean of precision and recall")
  static let kappa = entry("kappa", .kappa, "accuracy beyond chance (Cohen 1960)")
  static let kappaTemporal = entry(
    "kappa-temporal", .kappaTemporal, "accuracy beyond guessing the last label (Žliobaitė 2015)")

  private static func entry(
    _ name: String, _ kind: Kind, _ summary: String
  ) -> Entry<ScoreTask, NamedScore> {
    Entry(name, summary) { _, task throws(SpecificationError) in
      try fit(name, task != .regression, "the target is a number")
      return NamedScore(
        name, isGain: true, ConfusionScore(kind: kind, isBinary: task == .binary))
    }
  }

  private var kind: Kind
  private let isBinary: Bool
  private var classes = 2
  /// Counts, at label·classes + guess.
  private var counts: [Double] = [0, 0, 0, 0]
  private var followed = 0.0
  private var repeated = 0.0

  init(kind: Kind, isBinary: Bool) {
    self.kind = kind
    self.isBinary = isBinary
  }

  mutating func observe(_ outcome: Outcome) {
    let (label, guess) = (Int(outcome.label), Int(outcome.guess))
    if label >= classes || guess >= classes { grow(to: max(label, guess) + 1) }
    counts[label * classes + guess] += 1
    if !outcome.previousLabel.isNaN {
      followed += 1
      if outcome.previousLabel == outcome.label { repeated += 1 }
    }
  }

  /// Two classes are counted without a branch or a table.
  mutating func observe(_ outcomes: ArraySlice<Outcome>) {
    guard isBinary, classes == 2 else {
      for i in outcomes.indices { observe(outcomes[i]) }
      return
    }
    var (labels, guesses, hits, following, repeats) = (0, 0, 0, 0, 0)
    for i in outcomes.indices {
      let label = outcomes[i].label > 0.5 ? 1 : 0
      let guess = outcomes[i].guess > 0.5 ? 1 : 0
      labels &+= label
      guesses &+= guess
      hits &+= label & guess
      following &+= outcomes[i].previousLabel.isNaN ? 0 : 1
      repeats &+= outcomes[i].previousLabel == outcomes[i].label ? 1 : 0
    }
    counts[3] += Double(hits)
    counts[2] += Double(labels - hits)
    counts[1] += Double(guesses - hits)
    counts[0] += Double(outcomes.count - labels - guesses + hits)
    followed += Double(following)
    repeated += Double(repeats)
  }

  private mutating func grow(to size: Int) {
    guard size > classes else { return }
    var wider = Array(repeating: 0.0, count: size * size)
    for label in 0..<classes {
      for guess in 0..<classes { wider[label * size + guess] = counts[label * classes + guess] }
    }
    (counts, classes) = (wider, size)
  }

  private var total: Double { counts.reduce(0, +) }
  private var right: Double { (0..<classes).reduce(0) { $0 + counts[$1 * classes + $1] } }
  private func labels(_ c: Int) -> Double {
    (0..<classes).reduce(0) { $0 + counts[c * classes + $1] }
  }
  private func guesses(_ c: Int) -> Double {
    (0..<classes).reduce(0) { $0 + counts[$1 * classes + c] }
  }

  var value: Double? {
    let total = total
    guard total > 0 else { return nil }
    switch kind {
    case .accuracy: return right / total
    case .f1: return f1Value
    case .kappa:
      let chance = (0..<classes).reduce(0.0) { $0 + labels($1) * guesses($1) }
      return beyond(chance / (total * total), right / total)
    case .kappaTemporal:
      guard followed > 0 else { return nil }
      return beyond(repeated / followed, right / total)
    }
  }

  func value(from other: any Score) -> Double? {
    guard var other = other as? ConfusionScore else { return nil }
    other.kind = kind
    return other.value
  }

  private func beyond(_ reference: Double, _ accuracy: Double) -> Double? {
    reference < 1 ? (accuracy - reference) / (1 - reference) : nil
  }

  private var f1Value: Double? {
    var values: [Double] = []
    for c in isBinary ? 1..<2 : 0..<classes {
      let hits = counts[c * classes + c]
      let (labels, guesses) = (labels(c), guesses(c))
      // A class that neither occurred nor was guessed says nothing.
      if labels + guesses > 0 { values.append(2 * hits / (labels + guesses)) }
    }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(classes)
    writer.write(counts)
    writer.write(followed)
    writer.write(repeated)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    classes = try reader.readInt()
    guard (2...4096).contains(classes) else { throw .corrupt }
    counts = try reader.readDoubles(count: classes * classes)
    followed = try reader.readDouble()
    repeated = try reader.readDouble()
  }

  mutating func merge(_ other: any Score) {
    guard let other = other as? ConfusionScore else { return }
    grow(to: other.classes)
    for label in 0..<other.classes {
      for guess in 0..<other.classes {
        counts[label * classes + guess] += other.counts[label * other.classes + guess]
      }
    }
    followed += other.followed
    repeated += other.repeated
  }
}
