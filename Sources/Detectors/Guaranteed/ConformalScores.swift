import Kernels
import Snapshots

/// Where a number ranks among those before it, as a normal score.
///
/// Of n earlier numbers let `above` be greater and `ties` equal, and U uniform on 0 ... 1: then
/// p = (above + U·(ties + 1))/(n + 1) is uniform and independent of the earlier p's whenever the order of the
/// numbers tells nothing (exchangeability), whatever their distribution; −Φ⁻¹(p) is N(0, 1) and grows with the
/// number.
///
/// Past `capacity` numbers nothing is added any more: of 4096 the error that this leaves, a 64th of a standard
/// deviation, is far below the smallest change that is looked for.
///
/// Reference: V. Vovk, A. Gammerman and G. Shafer, Algorithmic learning in a random world (2005), ch. 7;
/// V. Vovk, Testing randomness online, Statistical Science 36 (2021).
struct ConformalScores: Sendable {
  private let capacity: Int
  /// In ascending order.
  private var history: [Double] = []
  private var random: RandomBits

  init(capacity: Int, seed: UInt64) {
    self.capacity = capacity
    random = RandomBits(seed: seed)
  }

  /// The score of the next number, which then joins the others.
  mutating func score(_ number: Double) -> Double {
    let lower = firstIndex(notBelow: number - 1e-12)
    let bound = (number + 1e-12).nextUp
    // Few columns have ties.
    let hasTies = lower < history.count && history[lower] < bound
    let upper = hasTies ? firstIndex(notBelow: bound) : lower
    let count = Double(history.count)
    let above = count - Double(upper)
    let p = (above + random.unit() * (Double(upper - lower) + 1)) / (count + 1)
    if history.count < capacity { history.insert(number, at: upper) }
    return -NormalDistribution.quantile(min(max(p, 1e-12), 1 - 1e-12))
  }

  /// Halves without branches: which way it goes is as good as random, and a wrong guess costs more than the step.
  private func firstIndex(notBelow number: Double) -> Int {
    history.withUnsafeBufferPointer { history in
      var (low, count) = (0, history.count)
      while count > 1 {
        let half = count / 2
        low += history[low + half - 1] < number ? half : 0
        count -= half
      }
      return low + (count == 1 && history[low] < number ? 1 : 0)
    }
  }

  /// Forgets what came before; what will be drawn goes on.
  mutating func forget() { history.removeAll(keepingCapacity: true) }

  func write(to writer: inout SnapshotWriter) {
    writer.write(history)
    writer.write(random.state)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    history = try reader.readDoubles()
    random.state = try reader.readWord()
    guard history.count <= capacity else { throw .corrupt }
  }
}
