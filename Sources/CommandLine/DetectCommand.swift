import ArgumentParser

/// `weir detect`: a column in, or several, alarms out.
struct DetectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect",
    abstract: "Watch a column of numbers, or several as one, and print an alarm when they change.",
    discussion: """
      Prints event,detector,level,since,before,after: the 0-based number of the event that raised the
      alarm, the detector, the level, the first event after the estimated change, and the means before
      and after it. With --json it also says what is promised of such alarms, the correlation of a value
      with the next that this rests on, and with --column which of the other columns and which rows moved. The
      default, bcs:direction=both, keeps a budget of one false alarm in 100,000 values.

      Of several columns the rows are watched, by mmd: it sees what no column shows alone, such as a correlation
      that turns. A missing number then counts as its column's mean so far, and before and after are the distance
      that chance makes and the one found.

      With --truth nothing but a table comes out: how the alarms compare with where the column truly changed,
      each figure with a 95 % interval, and what always and never firing would get.

      EXAMPLES
        weir detect latencies.txt
        weir detect --column cnt --detect page-hinkley:threshold=500 Datasets/bikes/hour.csv
        weir detect --column temp,hum,windspeed --detect mmd:window=500 Datasets/bikes/hour.csv
        seq 1000 | weir detect --json
        weir detect --detect bcs --detect adwin --truth 10000,20000,30000 --margin 500 errors.txt
      """)

  @Argument(help: "A file, a named pipe, or - for standard input.")
  var source = "-"
  @Option(help: "The column, if there are several; or several to be watched as one: a,b,c.")
  var column: String?
  @Option(help: "A detector from the catalogue. Repeatable.")
  var detect: [String] = []
  @Option(help: "auto, csv, ndjson, vw, libsvm or arff.")
  var format = "auto"
  @Option(help: "Where it truly changed: a file of weir generate or inject, or rows: 10000,20000.")
  var truth: String?
  @Option(help: "With --truth, events after a change in which an alarm still finds it.")
  var margin = 1000
  @Flag(help: "NDJSON.")
  var json = false
  @Flag(help: "Keep a named pipe open across its writers.")
  var follow = false

  func run() throws {
    try reporting {
      var run = try DetectRun.open(self)
      try run.run()
    }
  }
}
