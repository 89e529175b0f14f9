import Batches
import Catalogues
package import Snapshots

/// A stream that comes faster or slower than it did, or that stood still: by the time of its events.
///
/// Of the reference the longest time from one event to the next is known, and how long blocks of 64 events took. A time
/// between two events that is `factor` times the longest is a gap; a block that took a `factor`-th of the quickest, or
/// `factor` times the slowest, is a burst or a lull if the next one is too. Streams without a time column are not
/// watched; one that does not go on at all is what `--silence` is for, which asks the clock.
///
/// Cost: O(1) a block.
package struct VolumeCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "volume", "bursts, lulls and gaps, by the time of the events",
    parameters: [
      CheckEntry.action(.alarm),
      Parameter(
        "factor", .real(default: 4, in: 1...1e9),
        "how many times longer or shorter than ever before is let pass"),
    ],
    make: { settings, context in VolumeCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "Events come much faster or slower than in the reference, or there were none for a time. What is missing was not learned; what came twice was learned twice.",
    lookAt: [
      "`fault`: `gap` is a stretch without events, `burst` and `lull` are rates, `silence` is a stream that has stopped.",
      "Ids or sequence numbers around `since`: events delivered twice, or a source among several that is gone.",
      "The queue before `weir`, and its clock: times in another zone or unit look like both.",
    ],
    toDo: [
      "A gap: have the source deliver what is missing; lags and means of the time bridge it only.",
      "Events that came twice: `--sequence COLUMN` passes over what was taken before.",
      "A true rush: nothing; a new reference if it stays.",
    ])

  private let severity: Severity
  private let factor: Double
  private var longestGap = 0.0
  private var seconds: Reference.BlockSeconds?
  /// Blocks one after another that were quick, and slow.
  private var quick = 0
  private var slow = 0
  private var since = 0
  private var raised: String?
  private var calm = 0

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    factor = settings.real("factor")
  }

  package mutating func begin(_ reference: Reference, _ moment: Moment) {
    longestGap = reference.longestGap
    seconds = reference.blockSeconds
  }

  package mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    guard let usual = seconds, longestGap > 0 else { return [] }
    var found: [Finding] = []
    if block.longestGap > factor * longestGap {
      found.append(
        Finding(
          check: "volume", severity: severity, column: nil, event: moment.event,
          since: block.gapEvent, kind: "gap", expected: longestGap, found: block.longestGap,
          text: "no event came for \(ShortNumber.text(block.longestGap)) seconds, "
            + "\(ShortNumber.text(longestGap)) at most before"))
    }
    guard let took = block.seconds else { return found }
    let isSlow = took - block.longestGap > factor * usual.most
    let isQuick = took * factor < usual.least
    if isSlow || isQuick, quick + slow == 0 { since = block.firstEvent }
    (quick, slow) = (isQuick ? quick + 1 : 0, isSlow ? slow + 1 : 0)
    if raised != nil {
      calm = isQuick || isSlow ? 0 : calm + 1
      if calm >= 4 { found.append(over(moment)) }
    } else if quick >= 2 || slow >= 2 {
      found.append(raise(took, usual, moment))
    }
    return found
  }

  private mutating func raise(
    _ took: Double, _ usual: Reference.BlockSeconds, _ moment: Moment
  ) -> Finding {
    let kind = quick >= 2 ? "burst" : "lull"
    (raised, calm) = (kind, 0)
    let expected = quick >= 2 ? usual.least : usual.most
    return Finding(
      check: "volume", severity: severity, column: nil, event: moment.event, since: since,
      kind: kind, expected: expected, found: took,
      text: "\(RowBlock.length) events took \(ShortNumber.text(took)) seconds, "
        + "\(ShortNumber.text(usual.least)) to \(ShortNumber.text(usual.most)) before")
  }

  private mutating func over(_ moment: Moment) -> Finding {
    defer { raised = nil }
    return Finding(
      check: "volume", severity: .note, column: nil, event: moment.event, since: since,
      kind: raised ?? "burst", text: "events come as often as before", isOver: true)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write([quick, slow, since, calm])
    writer.write(raised)
  }

  /// What was known of the reference is taken from it anew, before (`begin`).
  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    guard counts.count == 4 else { throw .corrupt }
    (quick, slow, since, calm) = (counts[0], counts[1], counts[2], counts[3])
    raised = try reader.readOptionalString()
  }
}
