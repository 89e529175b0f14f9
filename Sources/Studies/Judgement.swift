/// Where a stream truly changed: episodes in ascending order, each from its first row on.
package struct Truth: Sendable, Equatable {
  /// A change: `start` is the first row that may follow the new law, `end` the first that surely does.
  package struct Episode: Sendable, Equatable {
    package let start: Int
    package let end: Int

    package init(start: Int, end: Int) { (self.start, self.end) = (start, end) }
  }

  package let episodes: [Episode]

  /// Changes that begin at the same row are one.
  package init(_ episodes: [Episode]) {
    var merged: [Episode] = []
    for episode in episodes.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      if merged.last?.start == episode.start { merged.removeLast() }
      merged.append(episode)
    }
    self.episodes = merged
  }
}

/// How alarms compare with what is true.
///
/// Each episode owns the events from its start to `margin` after its end, but not beyond the next start. The first
/// alarm there finds it, with a delay of alarm − start; further ones there repeat it and count neither way. Every
/// alarm anywhere else is false.
///
/// Of F1 = 2·found/(2·found + false + missed), delays and rates nothing can be read without those of *always
/// fire* and *never fire*, which `alwaysFire` and `neverFire` give.
package struct Judgement: Sendable, Equatable {
  package let episodes: Int
  /// Delay of each episode that was found, in order.
  package let delays: [Int]
  package let repeats: Int
  package let falseAlarms: Int
  /// Events that no episode owns.
  package let quietEvents: Int

  /// Judges alarms at these events, in ascending order, of a stream of `events`.
  package init(alarms: [Int], truth: Truth, events: Int, margin: Int) {
    var (delays, repeats, owned, next) = ([Int](), 0, 0, alarms.startIndex)
    var falseAlarms = 0
    for (index, episode) in truth.episodes.enumerated() where episode.start < events {
      let following =
        index + 1 < truth.episodes.count ? truth.episodes[index + 1].start : events
      let end = max(episode.start, min(following, events, episode.end + margin))
      owned += end - episode.start
      while next < alarms.count, alarms[next] < episode.start {
        falseAlarms += 1
        next += 1
      }
      var isFound = false
      while next < alarms.count, alarms[next] < end {
        if isFound { repeats += 1 } else { delays.append(alarms[next] - episode.start) }
        isFound = true
        next += 1
      }
    }
    (self.delays, self.repeats) = (delays, repeats)
    self.falseAlarms = falseAlarms + alarms.count - next
    episodes = truth.episodes.count { $0.start < events }
    quietEvents = events - owned
  }

  /// What a detector that fires at every event would get.
  package static func alwaysFire(truth: Truth, events: Int, margin: Int) -> Judgement {
    Judgement(alarms: Array(0..<events), truth: truth, events: events, margin: margin)
  }

  /// What a detector that never fires would get.
  package static func neverFire(truth: Truth, events: Int, margin: Int) -> Judgement {
    Judgement(alarms: [], truth: truth, events: events, margin: margin)
  }

  package var missed: Int { episodes - delays.count }
  /// Share of episodes found; NaN without any.
  package var recall: Double { Double(delays.count) / Double(episodes) }
  package var recallInterval: ClosedRange<Double> {
    Intervals.share(delays.count, of: episodes)
  }
  /// NaN without episodes and alarms.
  package var f1: Double {
    2 * Double(delays.count) / Double(2 * delays.count + falseAlarms + missed)
  }
  package var falseAlarmsPerThousand: Double { Double(falseAlarms) / Double(quietEvents) * 1000 }
  package var falseAlarmsPerThousandInterval: ClosedRange<Double> {
    let range = Intervals.mean(ofCount: falseAlarms)
    let scale = 1000 / Double(max(quietEvents, 1))
    return range.lowerBound * scale...range.upperBound * scale
  }
  /// Quiet events from one false alarm to the next; infinite without one.
  package var meanTimeBetweenFalseAlarms: Double { Double(quietEvents) / Double(falseAlarms) }
  package var delay: (median: Double, interval: ClosedRange<Double>)? {
    Intervals.median(of: delays.map(Double.init))
  }
}
