import Glibc
import Snapshots

/// Takes off from a normal score what the scores before it let expect.
///
/// The last score and two running means of half-lives 4 and 16 scores are φ; θ is fitted to the scores by
/// ridge regression, one at a time, but only from those at least `lag` scores ago, so that a change that has
/// just begun is not learned away. With s² the mean squared error of such predictions,
/// y = (z − θ·φ)/max(s, ½).
///
/// Reference: recursive least squares as in S. Haykin, Adaptive filter theory (2002), algorithm 9.1, without
/// forgetting.
struct ScoreWhitener: Sendable {
  private static let width = 3
  private static let ridge = 200.0
  private static let lag = 32
  private static let forgetting: [Double] = [1 - exp2(-1.0 / 4), 1 - exp2(-1.0 / 16)]

  /// Where things lie in `state`: features, weights, the inverse of the regularised Gram matrix row by row, room for gains,
  /// and the last pairs of features and score.
  private static let weights = width
  private static let inverse = 2 * width
  private static let gains = inverse + width * width
  private static let pairs = gains + width
  private static let pair = width + 1

  private var state: [Double]
  private var squares = 50.0
  private var count = 50.0
  /// Pairs that there are, and the place of the oldest of them.
  private var pairCount = 0
  private var oldest = 0

  init() {
    let width = ScoreWhitener.width
    state = Array(
      repeating: 0, count: ScoreWhitener.pairs + ScoreWhitener.lag * ScoreWhitener.pair)
    for k in 0..<width {
      state[ScoreWhitener.inverse + k * width + k] = 1 / ScoreWhitener.ridge
    }
  }

  /// The score less what was expected, in units of how far off that usually is.
  mutating func whiten(_ score: Double) -> Double {
    let width = ScoreWhitener.width
    let spread = max(squares / count, 0.25).squareRoot()
    var lesson: Double?
    let isFull = pairCount == ScoreWhitener.lag
    let place = ScoreWhitener.pairs + (isFull ? oldest : pairCount) * ScoreWhitener.pair
    let rest = state.withUnsafeMutableBufferPointer { state in
      var expected = 0.0
      for k in 0..<width { expected += state[ScoreWhitener.weights + k] * state[k] }
      if isFull { lesson = ScoreWhitener.learn(state, at: place) }
      for k in 0..<width { state[place + k] = state[k] }
      state[place + width] = score
      state[0] = score
      for k in 1..<width { state[k] += ScoreWhitener.forgetting[k - 1] * (score - state[k]) }
      return (score - expected) / spread
    }
    if let lesson {
      squares += lesson
      count += 1
      oldest = (oldest + 1) % ScoreWhitener.lag
    } else {
      pairCount += 1
    }
    return rest
  }

  /// Learns a pair; how far off it was, squared.
  private static func learn(
    _ state: UnsafeMutableBufferPointer<Double>, at place: Int
  ) -> Double {
    var (scale, miss) = (1.0, state[place + width])
    for i in 0..<width {
      var gain = 0.0
      for k in 0..<width { gain += state[inverse + i * width + k] * state[place + k] }
      state[gains + i] = gain
    }
    for k in 0..<width {
      scale += state[place + k] * state[gains + k]
      miss -= state[weights + k] * state[place + k]
    }
    for i in 0..<width {
      let gain = state[gains + i]
      state[weights + i] += gain * miss / scale
      for k in 0..<width { state[inverse + i * width + k] -= gain * state[gains + k] / scale }
    }
    return miss * miss / scale
  }

  /// Forgets the scores, not how they hang together.
  mutating func forget() {
    for k in 0..<ScoreWhitener.width { state[k] = 0 }
    (pairCount, oldest) = (0, 0)
    squares = squares / 2 + 25
    count = count / 2 + 25
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(Array(state[..<ScoreWhitener.gains]) + [squares, count])
    writer.write(Array(state[ScoreWhitener.pairs...].prefix(pairCount * ScoreWhitener.pair)))
    writer.write(oldest)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    let pairs = try reader.readDoubles()
    oldest = try reader.readInt()
    let size = ScoreWhitener.gains
    guard numbers.count == size + 2, pairs.count.isMultiple(of: ScoreWhitener.pair),
      pairs.count <= ScoreWhitener.lag * ScoreWhitener.pair,
      (0..<ScoreWhitener.lag).contains(oldest)
    else { throw .corrupt }
    state.replaceSubrange(..<size, with: numbers[..<size])
    (squares, count) = (numbers[size], numbers[size + 1])
    pairCount = pairs.count / ScoreWhitener.pair
    state.replaceSubrange(
      ScoreWhitener.pairs..<ScoreWhitener.pairs + pairs.count, with: pairs)
  }
}
