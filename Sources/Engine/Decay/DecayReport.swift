package import Telemetry

/// What age costs a frozen version, and after how many events it pays to retrain.
package struct DecayReport: Sendable {
  /// Copies of some ages.
  package struct Age: Sendable, Equatable {
    /// In events: from `from` to `to` − 1, and their mean.
    package let from: Int
    package let to: Int
    package let mean: Double
    package let rows: Int
    /// Mean loss of the copies, and by how much it is above what was served on the same rows.
    package let loss: Double
    package let excess: Double
    /// Of the clipped excess; all hold at all times together with 95 %. Nil: too few rows.
    package let interval: ClosedRange<Double>?

    package init(
      from: Int, to: Int, mean: Double, rows: Int, loss: Double, excess: Double,
      interval: ClosedRange<Double>?
    ) {
      (self.from, self.to, self.mean, self.rows) = (from, to, mean, rows)
      (self.loss, self.excess, self.interval) = (loss, excess, interval)
    }
  }

  package let ages: [Age]
  /// Mean loss of what was served on these rows.
  package let servedLoss: Double?
  package let secondsPerEvent: Double?

  package init(ages: [Age], servedLoss: Double?, secondsPerEvent: Double?) {
    (self.ages, self.servedLoss, self.secondsPerEvent) = (ages, servedLoss, secondsPerEvent)
  }

  /// Ages of few rows, which were reached last, say little.
  private static let leastRows = 100

  /// Ages with their excess, which falls nowhere: where it seems to, neighbours are taken together, each by its rows (pool
  /// adjacent violators). That age should help is chance, and would make retraining pay less than nothing.
  private var points: [(age: Double, excess: Double)] {
    let known = ages.filter { $0.rows >= DecayReport.leastRows }
    var pools: [(excess: Double, rows: Double, count: Int)] = []
    for age in known {
      pools.append((age.excess, Double(age.rows), 1))
      while pools.count > 1, pools[pools.count - 2].excess > pools[pools.count - 1].excess {
        let (later, earlier) = (pools.removeLast(), pools.removeLast())
        let rows = earlier.rows + later.rows
        let excess = (earlier.excess * earlier.rows + later.excess * later.rows) / rows
        pools.append((excess, rows, earlier.count + later.count))
      }
    }
    let levels = pools.flatMap { Array(repeating: $0.excess, count: $0.count) }
    return [(0, 0)] + zip(known, levels).map { ($0.mean, $1) }
  }

  /// g(a): the excess at an age, by straight lines from one octave's mean to the next, 0 at age 0; behind the last
  /// as at the last; it falls nowhere.
  package func excess(at age: Double) -> Double {
    let points = points
    for (before, after) in zip(points, points.dropFirst()) where age <= after.age {
      let share = (age - before.age) / (after.age - before.age)
      return before.excess + share * (after.excess - before.excess)
    }
    return points[points.count - 1].excess
  }

  /// G(T): the integral of g from 0 to T, which is what T events cost more than if the model had gone on learning.
  package func cost(of events: Double) -> Double {
    let points = points
    var total = 0.0
    for (before, after) in zip(points, points.dropFirst()) {
      let end = min(events, after.age)
      guard end > before.age else { return total }
      total += (end - before.age) * (excess(at: before.age) + excess(at: end)) / 2
    }
    let last = points[points.count - 1]
    return total + max(0, events - last.age) * last.excess
  }

  /// The excess as a line over age, by least squares over the octaves, each by its rows: what it costs at once that a model
  /// learns no more, and what each event of age costs besides; nil where fewer than two ages are known.
  package var line: (atOnce: Double, perEvent: Double)? {
    let known = ages.filter { $0.rows >= DecayReport.leastRows }
    let rows = known.reduce(0) { $0 + Double($1.rows) }
    guard known.count > 1 else { return nil }
    let age = known.reduce(0) { $0 + Double($1.rows) * $1.mean } / rows
    let excess = known.reduce(0) { $0 + Double($1.rows) * $1.excess } / rows
    let (squares, products) = known.reduce((0.0, 0.0)) { sums, own in
      let distance = own.mean - age
      let weight = Double(own.rows) * distance
      return (sums.0 + weight * distance, sums.1 + weight * (own.excess - excess))
    }
    guard squares > 0 else { return nil }
    return (excess - products / squares * age, products / squares)
  }

  /// What a schedule comes to.
  package struct Schedule: Sendable, Equatable {
    /// Events from one retraining to the next.
    package let every: Double
    /// What an event costs then above what was served, retrainings included.
    package let costPerEvent: Double
    /// Whether a longer one might be cheaper: no copy was older.
    package let isLongest: Bool
  }

  /// The schedule that costs least where one retraining costs as much as `cost` units of loss: a retraining every T events
  /// costs
  ///
  ///     J(T) = (cost + G(T))/T   an event, which is least where g(T) = J(T)
  ///
  /// and where age costs a·rate it is at T = √(2·cost/rate). Nil: nothing is known of any age.
  package func schedule(cost: Double) -> Schedule? {
    guard let oldest = points.last?.age, oldest > 0 else { return nil }
    var best: (every: Double, value: Double)?
    var every = 1.0
    while every < oldest * 1.02 {
      let period = min(every, oldest)
      let value = (cost + self.cost(of: period)) / period
      if best.map({ value < $0.value }) ?? true { best = (period, value) }
      every *= 1.02
    }
    return best.map {
      Schedule(every: $0.every, costPerEvent: $0.value, isLongest: $0.every * 1.03 > oldest)
    }
  }

  /// The cost of a retraining at which one every T events is the best: T·g(T) − G(T).
  package func worth(of events: Double) -> Double {
    events * excess(at: events) - cost(of: events)
  }

  package func members(cost: Double?) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [
      (
        "ages",
        .array(
          ages.map { age in
            .members([
              ("from", .int(age.from)), ("to", .int(age.to)), ("meanAge", .number(age.mean)),
              ("rows", .int(age.rows)), ("loss", .number(age.loss)),
              ("excess", .number(age.excess)),
              (
                "interval",
                age.interval.map { .array([.double($0.lowerBound), .double($0.upperBound)]) }
                  ?? .null
              ),
            ])
          })
      ),
      ("servedLoss", .number(servedLoss)), ("atOnce", .number(line?.atOnce)),
      ("perEvent", .number(line?.perEvent)),
    ]
    if let seconds = secondsPerEvent, let line {
      members.append(("perDay", .number(line.perEvent * 86_400 / seconds)))
    }
    if let cost, let schedule = schedule(cost: cost) {
      members.append(
        (
          "schedule",
          .members([
            ("retrainCost", .double(cost)), ("every", .double(schedule.every.rounded())),
            ("costPerEvent", .number(schedule.costPerEvent)),
            ("isLongest", .bool(schedule.isLongest)),
          ])
        ))
    }
    return members
  }
}
