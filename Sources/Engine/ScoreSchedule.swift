/// After which events the journal is told the scores.
package enum ScoreSchedule: Sendable, Equatable {
  /// After every so many.
  case every(Int)
  /// After every so many at first; the distance doubles whenever there would be more than `most` such places so far.
  ///
  /// A million events are told of some 3,000 times, a thousand million some 8,000 times. Where the places are depends on
  /// nothing but the events' numbers, so that a run that goes on has them where it would have had them.
  case thinning(from: Int)

  private static let most = 1024

  /// Events between two places as of the event before which `events` were taken.
  private func distance(at events: Int) -> Int {
    switch self {
    case .every(let count): return count
    case .thinning(let first):
      var distance = first
      while distance * ScoreSchedule.most < events { distance *= 2 }
      return distance
    }
  }

  /// How many events will have been taken at the first place after `events`.
  package func next(after events: Int) -> Int {
    let distance = distance(at: events + 1)
    return (events / distance + 1) * distance
  }
}
