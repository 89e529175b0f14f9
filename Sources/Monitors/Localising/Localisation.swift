/// What moved when a detector said that something did.
package struct Localisation: Sendable, Equatable {
  /// Where the change lies.
  package enum Cause: String, Sendable, Equatable {
    /// The same rows cost something else: what the features say of the target is different.
    case relation
    /// Other rows come, and they are the ones that cost more or less.
    case inputs
    /// A column is broken.
    case data
    /// Too few rows, or nothing stands out.
    case unclear
  }

  /// A column of the model.
  package enum Feature: Sendable, Equatable {
    /// A number, by its position in the row.
    case dense(Int)
    /// A family of categories, by its number.
    case family(Int)
  }

  /// How a feature's distribution moved.
  package struct Shift: Sendable, Equatable {
    package let feature: Feature
    /// Jensen and Shannon's distance of before and after, 0 ... 1.
    package let distance: Double
    /// The same of the two halves of what was before, or by chance of so few rows: so much it moves anyway.
    package let usual: Double
    /// The mean of a number before and after; nil for categories.
    package let means: (before: Double, after: Double)?
    /// The part of the loss's change that comes of this feature's new distribution; nil without losses.
    package let composition: Double?
    /// Its distribution before and after; nil once the shift was restored from a snapshot.
    package var bins: ShiftBins?

    package static func == (left: Shift, right: Shift) -> Bool {
      left.feature == right.feature && left.distance == right.distance
        && left.usual == right.usual && left.composition == right.composition
    }
  }

  /// Rows that have something in common.
  package enum Members: Sendable, Equatable {
    /// A number from `from` up to, but not including, `to`.
    case range(feature: Int, from: Double, to: Double)
    /// A level of categories, by its sparse feature.
    case level(family: Int, index: Int)
  }

  /// The rows whose loss rose or fell most beyond everybody's.
  package struct Segment: Sendable, Equatable {
    package let members: Members
    /// Share of the rows after.
    package let share: Double
    package let lossBefore: Double
    package let lossAfter: Double
    /// Part of the whole change that is this segment's.
    package let part: Double
  }

  package var cause = Cause.unclear
  /// Number of the first event after the change.
  package let since: Int
  package let rowsBefore: Int
  package let rowsAfter: Int
  /// Mean losses; nil where there are too few.
  package var loss: (before: Double, after: Double)?
  /// Share of the loss's change that one feature's new distribution explains at most; nil where the loss did not change.
  package var explained: Double?
  /// The one that explains half of the loss's change or more, if any, and those that moved most beyond what is usual;
  /// three at most.
  package var shifts: [Shift] = []
  package var segment: Segment?
  package var fault: (feature: Feature, fault: DataFault)?

  package init(since: Int, rowsBefore: Int, rowsAfter: Int) {
    (self.since, self.rowsBefore, self.rowsAfter) = (since, rowsBefore, rowsAfter)
  }

  package static func == (left: Localisation, right: Localisation) -> Bool {
    left.cause == right.cause && left.since == right.since && left.rowsBefore == right.rowsBefore
      && left.rowsAfter == right.rowsAfter && left.loss?.before == right.loss?.before
      && left.loss?.after == right.loss?.after && left.explained == right.explained
      && left.shifts == right.shifts && left.segment == right.segment
      && left.fault?.feature == right.fault?.feature && left.fault?.fault == right.fault?.fault
  }
}
