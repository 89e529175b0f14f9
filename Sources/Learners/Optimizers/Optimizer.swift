import Batches
import Catalogues
import Glibc
import Snapshots

/// One row on its way into the weights. Weights and features are laid out as in `LinearLayout`.
struct Step {
  /// The dense features as scaled, the 1 of the intercept included; `layout.denseCount` elements.
  let x: UnsafePointer<Double>
  let sparse: SparseRow
  let layout: LinearLayout
  /// Weights in use.
  let count: Int
  /// ∂loss/∂z at the row's own z, times the row's weight, clipped.
  let gradient: Double
  /// What the gradient is clipped to.
  let clip: Double
  let z: Double
  let y: Double
  /// Importance of the row.
  let weight: Double
  let loss: Loss
}

/// Where things stand in a linear model's weights:
///
///     0 ..< denseWidth          dense features
///     intercept = denseWidth    the feature that is always 1
///     … up to a multiple of 4   unused, 0
///     sparseOffset …            sparse features by index
struct LinearLayout: Sendable, Equatable {
  let denseWidth: Int

  var intercept: Int { denseWidth }
  /// Elements of a dense row with the intercept, a multiple of 4.
  var denseCount: Int { (denseWidth + 4) & ~3 }
  var sparseOffset: Int { denseCount }

  /// Σ w·value over a row's sparse features; indices not yet known have weight 0.
  @inline(__always)
  func sparseDot(_ row: SparseRow, _ w: UnsafePointer<Double>, count: Int) -> Double {
    var sum = 0.0
    for k in 0..<row.count {
      let index = sparseOffset &+ Int(row.indices[k])
      if index < count { sum += w[index] * row.values[k] }
    }
    return sum
  }
}

/// How a gradient becomes a change of weights.
protocol Optimizer: Snapshotted, Sendable {
  /// Makes room for `count` weights.
  mutating func grow(to count: Int)

  /// For each of `rows` in order: writes the prediction, then learns the row if it has a label.
  ///
  /// There is one way to do it, below. It is a requirement so that each optimiser gets its own
  /// compiled loop behind one dynamic call a batch: as a method of a generic model it ran
  /// unspecialised, because a generic type's witnesses are shared by all its arguments.
  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, _ state: inout LinearState,
    into predictions: inout Predictions)

  /// Whether a step may move sparse weights that are not the row's own.
  var movesAllWeights: Bool { get }

  /// Moves the weights by one row.
  mutating func step(_ step: Step, _ weights: UnsafeMutablePointer<Double>)

  /// Becomes as ready to move as at the start.
  mutating func refresh()

  /// The weights were set from elsewhere; an optimiser that keeps them in another form follows.
  mutating func adopt(_ weights: UnsafeBufferPointer<Double>)

  /// Makes every later step smaller by this factor.
  mutating func slow(by factor: Double)

  /// The rate as it stands.
  var rate: Double { get }

  /// Bytes of state.
  var memoryBytes: Int { get }
}

extension Optimizer {
  mutating func adopt(_ weights: UnsafeBufferPointer<Double>) {}

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, _ state: inout LinearState,
    into predictions: inout Predictions
  ) {
    let (loss, layout, clip) = (state.loss, state.layout, state.clip)
    let targets = batch.targets
    let rowWeights = batch.weights
    state.withWeights { (weights, x, scaler, divergence, learned) in
      let count = weights.count
      guard let w = weights.baseAddress else { return }
      for i in rows {
        let sparse = batch.sparse(i)
        let rest = layout.sparseDot(sparse, w, count: count) + w[layout.intercept]
        let y = targets[i]
        guard !y.isNaN else {
          predictions[i] = loss.prediction(scaler.dot(batch.dense(i), w, x) + rest)
          continue
        }
        let (before, after) = scaler.advance(batch.dense(i), w, into: x)
        predictions[i] = loss.prediction(before + rest)
        let z = after + rest
        guard !divergence.trips(z, y) else {
          let rate = self.rate
          slow(by: 0.5)
          refresh()
          divergence.recover(weights, learned: learned, from: rate, to: self.rate)
          adopt(UnsafeBufferPointer(weights))
          learned += 1
          continue
        }
        let gradient = max(-clip, min(clip, loss.gradient(z, y) * rowWeights[i]))
        x[layout.intercept] = 1
        divergence.note(sparse, UnsafeBufferPointer(weights))
        step(
          Step(
            x: x, sparse: sparse, layout: layout, count: count, gradient: gradient, clip: clip,
            z: z, y: y, weight: rowWeights[i], loss: loss), w)
        divergence.keep(UnsafeBufferPointer(weights))
        learned += 1
      }
    }
  }
}

/// What every optimiser is given: the rate and how it falls, and the penalties.
struct StepSettings: Sendable {
  var rate: Double
  /// The rate at step t is rate · (1 + decay·t)^−power.
  let decay: Double
  let power: Double
  let l1: Double
  let l2: Double
  /// The rate of the intercept's own plain steps; nil: it is a feature like any other.
  let interceptRate: Double?

  init(
    rate: Double, decay: Double = 0, power: Double = 0, l1: Double = 0, l2: Double = 0,
    interceptRate: Double? = nil
  ) {
    self.rate = rate
    self.decay = decay
    self.power = power
    self.l1 = l1
    self.l2 = l2
    self.interceptRate = interceptRate
  }

  @inline(__always)
  func rate(at step: Int) -> Double {
    power == 0 || decay == 0 ? rate : rate * pow(1 + decay * Double(step), -power)
  }
}

/// Every optimiser that can be named, one line each.
enum Optimizers {
  static let all: Catalogue<StepSettings, any Optimizer> = Catalogue(
    "optimizer",
    [
      SGD.entry,
      ImplicitSGD.entry,
      Momentum.entry,
      AdaGrad.entry,
      Adam.entry,
      RMSProp.entry,
      FTRLProximal.entry,
    ])
}
