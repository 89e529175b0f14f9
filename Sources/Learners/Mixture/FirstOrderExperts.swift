import Glibc
import Kernels
import Snapshots

/// Twelve linear models in one pass over the row: eight rates of implicit SGD and four of AdaGrad.
///
/// For a row x with target t, each model's predictor is z = w·x and its error e = z − t (for classes
/// e = σ(z) − y):
///
///     implicit SGD   w ← w − η·e·x / (1 + η·max(v, 0.05)·|x|²),   v = 1, or p·(1 − p) for classes
///     AdaGrad        G ← G + (e·x)²;   w ← w − η·s·e·x / √G,       s the scale of the target, or 1
///
/// The first is one Newton step towards the implicit one (Toulis and Airoldi 2017), exact for
/// squared errors, and finite at every rate; multiplying AdaGrad's step by the running deviation of
/// the target makes its rates mean the same on every stream. Both follow the row's importance.
///
/// The weights of the twelve stand side by side, with the four 1/√G, so that a feature costs two
/// cache lines and its value is loaded once. 1/√G is moved by a series where G changes little, at a
/// third of a division and a square root. Memory: 128 bytes a feature.
struct FirstOrderExperts: Sendable {
  /// Learning rates of implicit SGD: 2^1.5 … 2^−9.
  static let implicitRates: [Double] = (0..<8).map { exp2(1.5 - 1.5 * Double($0)) }
  /// Learning rates of AdaGrad: 2^0 … 2^−4.5.
  static let adaptiveRates: [Double] = (0..<4).map { exp2(-1.5 * Double($0)) }
  static let count = 12
  private static let stride = Experts.stride
  /// 1/√G before anything has been seen: G = 1e-8.
  private static let fresh = 1e4

  let link: Link
  /// For each feature: 8 + 4 weights, 4 inverse roots.
  private var table: [Double] = []
  /// The rates of the twelve; the static's accessor would be a call a row.
  private nonisolated(unsafe) let rates = FirstOrderExperts.allRates
  private nonisolated(unsafe) static let allRates: UnsafePointer<Double> = {
    let rates = UnsafeMutablePointer<Double>.allocate(capacity: count)
    rates.initialize(from: implicitRates + adaptiveRates, count: count)
    return UnsafePointer(rates)
  }()

  init(link: Link, width: Int) {
    self.link = link
    grow(to: width)
  }

  var memoryBytes: Int { table.count * 8 }

  static var names: [String] {
    let labels = ["2^1.5", "1", "2^-1.5", "2^-3", "2^-4.5", "2^-6", "2^-7.5", "2^-9"]
    return labels.map { "implicit-sgd \($0)" } + labels[1...4].map { "adagrad \($0)" }
  }

  mutating func grow(to width: Int) {
    let known = table.count / FirstOrderExperts.stride
    guard width > known else { return }
    // By half as much again at least: where features come one by one, a copy of all for each would be most of a run.
    let room = width * FirstOrderExperts.stride
    if room > table.capacity { table.reserveCapacity(max(room, table.count * 3 / 2)) }
    for _ in known..<width {
      table.append(contentsOf: repeatElement(0, count: 12))
      table.append(contentsOf: repeatElement(FirstOrderExperts.fresh, count: 4))
    }
  }

  /// Starts all intercepts at a value, before anything is learned.
  mutating func startIntercepts(at value: Double, _ layout: LinearLayout) {
    let base = layout.intercept * FirstOrderExperts.stride
    for k in 0..<12 { table[base + k] = value }
  }

  /// Writes the twelve predictors of a row.
  func predict(_ row: LentRow, into z: UnsafeMutablePointer<Double>) {
    let known = table.count / FirstOrderExperts.stride
    table.withUnsafeBufferPointer { table in
      guard let table = table.baseAddress else { return }
      Experts.predict(table, known: known, row.indices, row.values, row.count, into: z)
    }
  }

  /// Learns a row for which the models' outputs were `said`: predictors, or probabilities of class 1.
  /// `scale` is that of the link's target.
  mutating func learn(
    _ row: LentRow, said: UnsafePointer<Double>, target: Double, importance: Double, scale: Double
  ) {
    let lesson = Experts.Lesson(
      target: target, importance: importance, norm: row.norm, scale: scale,
      isLogistic: link == .logistic)
    table.withUnsafeMutableBufferPointer { table in
      guard let table = table.baseAddress else { return }
      Experts.learn(
        table, row.indices, row.values, row.count, said: said, rates: rates, lesson)
    }
  }

  /// AdaGrad's steps become as large as at the start.
  mutating func refresh() {
    for base in Swift.stride(from: 0, to: table.count, by: FirstOrderExperts.stride) {
      for k in 12..<16 { table[base + k] = FirstOrderExperts.fresh }
    }
  }

  /// Weight `j` of expert `k`.
  func weight(_ k: Int, _ j: Int) -> Double {
    let at = j * FirstOrderExperts.stride + k
    return at < table.count ? table[at] : 0
  }

  /// The weights of one expert.
  func weights(_ k: Int) -> [Double] {
    Swift.stride(from: k, to: table.count, by: FirstOrderExperts.stride).map { table[$0] }
  }

  func write(to writer: inout SnapshotWriter) { writer.write(table) }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    table = try reader.readDoubles()
    guard table.count % FirstOrderExperts.stride == 0 else { throw .corrupt }
  }
}
