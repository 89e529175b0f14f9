import CLanes

/// Deviations d, each of a stream and of an event.
package struct Deviations: Sendable {
  package var streams: [Int32] = []
  package var values: [Double] = []
  package var events: [Double] = []

  package init() {}

  package var count: Int { values.count }

  /// Into the caller: a call for each row is as long as what it does.
  @inlinable
  package mutating func append(_ value: Double, of stream: Int, event: Int) {
    streams.append(Int32(truncatingIfNeeded: stream))
    values.append(value)
    events.append(Double(event))
  }

  package mutating func removeAll() {
    streams.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
  }
}

/// Bets on deviations d of several streams, five stakes above and five below: the arithmetic of `DeviationWatch`.
///
/// For each stake λ and side s, with slack σ:
///
///     e = 1 + λ·(s·d − σ)     sum ← (sum + w)·e     win ← max(1, win)·e
///
/// both at most 1e100, and where a win is at most 1 it begins: the event, the sum and the count before it are kept.
/// Cost: three lanes of four, some 8 ns a deviation.
package struct DeviationBets: Sendable {
  /// Bets on a stream.
  package static let count = 10
  private static let lanes = Int(WEIR_DEVIATION_BETS)
  private static let head = Int(WEIR_DEVIATION_HEAD)
  /// Arrays of a stream: sums, wins, the events with which these began, and the sums and counts before that.
  private static let arrays = 5
  private static let size = head + arrays * lanes
  /// Arrays before the first stream: stakes, sides, and what is put in with each value.
  private static let constants = 3 * lanes

  /// What is known of a stream besides its bets.
  package struct Head: Sendable, Equatable {
    /// What all bets have won.
    package var total = 0.0
    /// Of all values.
    package var (sum, count) = (0.0, 0.0)
    /// Of the last ones.
    package var (recentSum, recentCount) = (0.0, 0.0)

    package init() {}
  }

  private let slack: Double
  private let kept: Double
  private let limit: Double
  private let calm: Double
  private var state: [Double]

  /// - Parameters:
  ///   - streams: how many there are.
  ///   - shares: the five stakes, as parts of the greatest that there may be, 1/(1 + slack).
  ///   - slack: how far deviations may lie off.
  ///   - kept: what remains of the last values with each new one.
  ///   - limit: the total of a stream that asks for attention.
  ///   - calm: the count of last values from which on a stream without bets does, once their mean is within the slack.
  package init(
    streams: Int, shares: [Double], slack: Double, kept: Double, limit: Double, calm: Double
  ) {
    let count = DeviationBets.count
    precondition(2 * shares.count == count, "\(shares.count) stakes")
    (self.slack, self.kept, self.limit, self.calm) = (slack, kept, limit, calm)
    state = Array(
      repeating: 0, count: DeviationBets.constants + streams * DeviationBets.size)
    for k in 0..<count {
      state[k] = shares[k % shares.count] / (1 + slack)
      state[DeviationBets.lanes + k] = k < shares.count ? 1 : -1
      state[2 * DeviationBets.lanes + k] = 1 / Double(count)
    }
  }

  /// Takes deviations from number `from` on, up to and including the first whose stream asks for attention: its number, or nil
  /// if none does.
  package mutating func take(_ deviations: Deviations, from: Int) -> Int? {
    let (slack, kept, limit, calm) = (slack, kept, limit, calm)
    let count = deviations.count
    let row = state.withUnsafeMutableBufferPointer { state -> Int in
      guard let base = state.baseAddress else { return count }
      var watch = weir_deviations(bets: base, slack: slack, kept: kept, limit: limit, calm: calm)
      return Int(
        weir_bet_deviations(
          &watch, base + DeviationBets.constants, deviations.streams, deviations.values,
          deviations.events, Int64(from), Int64(count)))
    }
    return row < count ? row : nil
  }

  /// Whether a stream is bet on; if not, only its last values are followed.
  package mutating func setBetting(_ stream: Int, _ isOn: Bool) {
    state[DeviationBets.first(stream) + 5] = isOn ? 0 : 1
  }

  /// Where a change began, by the bet that has won most: the event, and the sum and the count before it.
  package func start(_ stream: Int) -> (event: Int, sum: Double, count: Double) {
    let arrays = self[stream]
    var best = 0
    for place in arrays[1].indices where arrays[1][place] > arrays[1][best] { best = place }
    return (Int(arrays[2][best]), arrays[3][best], arrays[4][best])
  }

  /// Forgets all of a stream but its last values.
  package mutating func reset(_ stream: Int) {
    let first = DeviationBets.first(stream)
    let (sum, count) = (state[first + 3], state[first + 4])
    for place in first..<first + DeviationBets.size { state[place] = 0 }
    (state[first + 3], state[first + 4]) = (sum, count)
  }

  private static func first(_ stream: Int) -> Int { constants + stream * size }

  package var totals: [Double] {
    stride(from: DeviationBets.constants, to: state.count, by: DeviationBets.size).map {
      state[$0]
    }
  }

  package func head(_ stream: Int) -> Head {
    let first = DeviationBets.first(stream)
    var head = Head()
    (head.total, head.sum, head.count) = (state[first], state[first + 1], state[first + 2])
    (head.recentSum, head.recentCount) = (state[first + 3], state[first + 4])
    return head
  }

  package mutating func setHead(_ stream: Int, _ head: Head) {
    let first = DeviationBets.first(stream)
    (state[first], state[first + 1], state[first + 2]) = (head.total, head.sum, head.count)
    (state[first + 3], state[first + 4]) = (head.recentSum, head.recentCount)
  }

  /// The five arrays of a stream, for a snapshot.
  package subscript(stream: Int) -> [[Double]] {
    get {
      let first = DeviationBets.first(stream) + DeviationBets.head
      return (0..<DeviationBets.arrays).map { array in
        Array(state[(first + array * DeviationBets.lanes)...].prefix(DeviationBets.count))
      }
    }
    set {
      for (array, numbers) in newValue.enumerated() {
        let first =
          DeviationBets.first(stream) + DeviationBets.head + array * DeviationBets.lanes
        for (place, number) in numbers.enumerated() { state[first + place] = number }
      }
    }
  }
}
