import ArgumentParser
import Catalogues
import Detectors
import Studies
import Telemetry

/// `weir study alarms`: what is declared against what is realised, on streams that do not drift.
struct AlarmStudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarms",
    abstract: "Count the alarms of detectors on streams that do not drift.",
    discussion: """
      A row for each stream and detector: values per false alarm, with a 95 % interval. Detectors of rows
      are shown all columns, others the last one.

      EXAMPLES
        weir study alarms --events 1000000
        weir study alarms --detect bcs:budget=10000 --detect adwin --stream errors:correlation=.8
      """)

  @OptionGroup var options: StudyOptions
  @Option(help: "A stream without drift. Repeatable; without it, ten that look as if they did.")
  var stream: [String] = []
  @Option(help: "Values of each stream.")
  var events = 8_000_000

  func run() throws {
    try reporting {
      let detectors = try options.detectors()
      let streams = stream.isEmpty ? StudyStreams.still : stream
      let out = try OutputFile(path: "-")
      try out.append("stream,detector,events,alarms,events_per_alarm,low,high\n")
      try out.flush()
      let progress = StudyProgress(
        jobs: streams.count, steps: streams.count * events, interruption: Interruption.install())
      try inParallel(streams, options.threads, progress) { stream in
        try FalseAlarms.count(
          detectors, on: stream, events: events, seed: options.seedBits, goesOn: progress.advance)
      } done: { stream, counts in
        for (name, count) in zip(detectors, counts) {
          let range = Intervals.mean(ofCount: count.alarms)
          let all = Double(count.events)
          let cells = [
            StudyStreams.quoted(stream), StudyStreams.quoted(name), "\(count.events)",
            "\(count.alarms)", StudyStreams.whole(all / Double(count.alarms)),
            StudyStreams.whole(all / range.upperBound), StudyStreams.whole(all / range.lowerBound),
          ]
          try out.append(cells.joined(separator: ",") + "\n")
        }
        try out.flush()
      }
    }
  }
}
