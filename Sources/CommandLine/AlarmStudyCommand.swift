import ArgumentParser
import Catalogues
import Detectors
import Report
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
  @Option(help: "The study as one HTML page that stands for itself.")
  var report: String?

  func run() throws {
    try reporting {
      let detectors = try options.detectors()
      let streams = stream.isEmpty ? StudyStreams.still : stream
      let out = try OutputFile(path: "-")
      try out.append("stream,detector,events,alarms,events_per_alarm,low,high\n")
      try out.flush()
      let page = try report.map { try OutputFile(path: $0) }
      var report = StudyPages.begin("False alarms", about: "streams that do not drift")
      report.say(
        "How often detectors alarm where nothing changes",
        [
          "Each stream of \(events) values is without drift, so that every alarm is a false one. Further to the right is better."
        ])
      let progress = StudyProgress(
        jobs: streams.count, steps: streams.count * events, interruption: Interruption.install())
      try inParallel(streams, options.threads, progress) { stream in
        try FalseAlarms.count(
          detectors, on: stream, events: events, seed: options.seedBits, goesOn: progress.advance)
      } done: { stream, counts in
        var estimates: [StudyReport.Estimate] = []
        for (name, count) in zip(detectors, counts) {
          let range = Intervals.mean(ofCount: count.alarms)
          let all = Double(count.events)
          let cells = [
            StudyStreams.quoted(stream), StudyStreams.quoted(name), "\(count.events)",
            "\(count.alarms)", StudyStreams.whole(all / Double(count.alarms)),
            StudyStreams.whole(all / range.upperBound), StudyStreams.whole(all / range.lowerBound),
          ]
          try out.append(cells.joined(separator: ",") + "\n")
          estimates.append(
            StudyReport.Estimate(
              name, count.alarms > 0 ? all / Double(count.alarms) : nil,
              low: all / range.upperBound,
              high: range.lowerBound > 0 ? all / range.lowerBound : nil))
        }
        try out.flush()
        report.begin(Markup.harmless(stream))
        report.add(
          "Values per false alarm", estimates, unit: "values per false alarm, logarithmic",
          isLogarithmic: true)
      }
      try StudyPages.write(report, to: page)
    }
  }
}
