/// What a row of a batch has to do with its label, where labels come later than their rows and are joined to
/// them by id.
package struct LabelTicket: Sendable, Equatable {
  package enum Kind: UInt8, Sendable {
    /// Features and label in one: predicted, then learned at once.
    case whole
    /// Features whose label is still to come: predicted, and kept in `slot` until then.
    case asks
    /// The label of the row that waits in `slot`; of the row itself only target, weight and time mean anything.
    case answers
    /// Nothing to be predicted or learned: a label or a row that came twice, or a label of an unknown row.
    case idle
  }

  package let kind: Kind
  /// Where the row waits; a slot is used again once its row has been learned or has expired.
  package let slot: Int

  package init(_ kind: Kind, slot: Int = 0) {
    self.kind = kind
    self.slot = slot
  }

  /// Whether the row is an event: something that is predicted.
  package var isEvent: Bool { kind == .whole || kind == .asks }
}
