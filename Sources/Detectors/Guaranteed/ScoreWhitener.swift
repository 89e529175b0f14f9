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

  private var features = [Double](repeating: 0, count: width)
  private var weights = [Double](repeating: 0, count: width)
  /// Inverse of the regularised Gram matrix, row by row.
  private var inverse: [Double]
  private var squares = 50.0
  private var count = 50.0
  /// The last pairs, oldest first from `oldest` on: features, then the score.
  private var pairs: [Double] = []
  private var oldest = 0
  private var gains = [Double](repeating: 0, count: width)

  init() {
    let width = ScoreWhitener.width
    inverse = Array(repeating: 0, count: width * width)
    for k in 0..<width { inverse[k * width + k] = 1 / ScoreWhitener.ridge }
    pairs.reserveCapacity(ScoreWhitener.lag * (width + 1))
  }

  /// The score less what was expected, in units of how far off that usually is.
  mutating func whiten(_ score: Double) -> Double {
    let width = ScoreWhitener.width
    var expected = 0.0
    for k in 0..<width { expected += weights[k] * features[k] }
    let rest = (score - expected) / max(squares / count, 0.25).squareRoot()
    if pairs.count < ScoreWhitener.lag * (width + 1) {
      pairs.append(contentsOf: features)
      pairs.append(score)
    } else {
      let place = oldest * (width + 1)
      learn(at: place)
      for k in 0..<width { pairs[place + k] = features[k] }
      pairs[place + width] = score
      oldest = (oldest + 1) % ScoreWhitener.lag
    }
    features[0] = score
    for k in 1..<width { features[k] += ScoreWhitener.forgetting[k - 1] * (score - features[k]) }
    return rest
  }

  private mutating func learn(at place: Int) {
    let width = ScoreWhitener.width
    var (scale, miss) = (1.0, pairs[place + width])
    for i in 0..<width {
      var gain = 0.0
      for k in 0..<width { gain += inverse[i * width + k] * pairs[place + k] }
      gains[i] = gain
    }
    for k in 0..<width {
      scale += pairs[place + k] * gains[k]
      miss -= weights[k] * pairs[place + k]
    }
    for i in 0..<width {
      weights[i] += gains[i] * miss / scale
      for k in 0..<width { inverse[i * width + k] -= gains[i] * gains[k] / scale }
    }
    squares += miss * miss / scale
    count += 1
  }

  /// Forgets the scores, not how they hang together.
  mutating func forget() {
    for k in features.indices { features[k] = 0 }
    pairs.removeAll(keepingCapacity: true)
    oldest = 0
    squares = squares / 2 + 25
    count = count / 2 + 25
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(features + weights + inverse + [squares, count])
    writer.write(pairs)
    writer.write(oldest)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let width = ScoreWhitener.width
    let numbers = try reader.readDoubles()
    pairs = try reader.readDoubles()
    oldest = try reader.readInt()
    let inverseEnd = 2 * width + width * width
    guard numbers.count == inverseEnd + 2, pairs.count % (width + 1) == 0,
      pairs.count <= ScoreWhitener.lag * (width + 1), (0..<ScoreWhitener.lag).contains(oldest)
    else { throw .corrupt }
    features = Array(numbers[..<width])
    weights = Array(numbers[width..<(2 * width)])
    inverse = Array(numbers[(2 * width)..<inverseEnd])
    (squares, count) = (numbers[inverseEnd], numbers[inverseEnd + 1])
  }
}
