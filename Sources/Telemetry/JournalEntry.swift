/// One decision or event, as it stands in the journal: a line of JSON.
///
/// Every entry has `event` (how many events had been taken before it happened, so the 0-based number
/// of the event that comes next, or of the event itself for an alarm) and `kind`; the rest depends
/// on the kind.
package struct JournalEntry: Sendable, Equatable {
  package let event: Int
  package let kind: String
  package let fields: [JSONValue.Member]

  package init(event: Int, kind: String, _ fields: [(String, JSONValue)] = []) {
    self.event = event
    self.kind = kind
    self.fields = fields.map { JSONValue.Member(key: $0.0, value: $0.1) }
  }

  package subscript(key: String) -> JSONValue? { fields.first { $0.key == key }?.value }

  package var json: JSONValue {
    .object(
      [
        JSONValue.Member(key: "event", value: .int(event)),
        JSONValue.Member(key: "kind", value: .string(kind)),
      ] + fields)
  }
}
