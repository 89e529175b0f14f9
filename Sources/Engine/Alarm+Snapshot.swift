import Detectors
import Monitors
import Snapshots

extension Alarm {
  func write(to writer: inout SnapshotWriter) {
    writer.write([event, since])
    writer.write([model, signal, detector, level.rawValue])
    writer.write([before, after])
    writer.write(promise != nil)
    promise?.write(to: &writer)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let (events, names) = (try reader.readInts(), try reader.readStrings())
    let means = try reader.readDoubles(count: 2)
    guard events.count == 2, names.count == 4, let level = DriftLevel(rawValue: names[3]) else {
      throw .corrupt
    }
    self.init(
      event: events[0], model: names[0], signal: names[1], detector: names[2], level: level,
      since: events[1], before: means[0], after: means[1],
      promise: try reader.readBool() ? try AlarmPromise(from: &reader) : nil)
  }
}

extension AlarmCause {
  func write(to writer: inout SnapshotWriter) {
    writer.write(event)
    alarm.write(to: &writer)
    localisation.write(to: &writer)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    self.init(
      event: try reader.readInt(), alarm: try Alarm(from: &reader),
      localisation: try Localisation(from: &reader))
  }
}
