import ArgumentParser
import FoundationEssentials
import Ingest
import Monitors
import Registry
import Telemetry

/// How an input that is only looked at is read: what stands in its columns.
struct WatchOptions: ParsableArguments {
  @Option(help: "auto, csv, ndjson, vw, libsvm or arff.")
  var format: String?
  @Option(help: "Names of the columns of an input without a header: a,b,c.")
  var columns: String?
  @Option(help: "The byte between fields; 'tab' for a tab.")
  var delimiter: String?
  @Option(help: "The column with the labels, where it has one: what goes together with it.")
  var target: String?
  @Option(help: "Columns that are not looked at: a,b,c.")
  var ignore: String?
  @Option(help: "Columns that are numbers: a,b,c.")
  var number: String?
  @Option(help: "Columns that are categories: a,b,c.")
  var category: String?
  @Option(help: "A column with a name for each row.")
  var id: String?
  @Option(help: "A timestamp column, or a date column and an hour column: A[,B].")
  var time: String?
  @Flag(help: "Keep a named pipe open across its writers.")
  var follow = false

  /// What that says of the input; what it leaves open is as a version of a registry was trained, where `like` names one.
  func ingest(like reference: String? = nil) throws -> IngestOptions {
    var options = try LearnOptions.parse([])
    (options.format, options.columns, options.delimiter) = (format, columns, delimiter)
    (options.target, options.ignore, options.number) = (target, ignore, number)
    (options.category, options.id, options.time) = (category, id, time)
    if let reference, try SystemFiles().status(reference) == nil,
      let address = try RegistryAddress(reference)
    {
      let registry = try Registry.open(address.registry)
      let record = try registry.version(try registry.resolve(address.reference)).record
      try Configuration.merge(
        Data(record.configurationJSON.utf8), "the version's options", into: &options)
    }
    // What a model gets is made of columns; here they are looked at as they stand.
    (options.cross, options.lag, options.mean) = ([], [], [])
    (options.auto, options.monitor, options.check, options.reference) = (false, false, [], nil)
    (options.checkpoint, options.checkpointEvery, options.registry) = (nil, nil, nil)
    (options.resume, options.lateLabels, options.labels) = (false, false, nil)
    (options.arrival, options.ttl, options.waitRows) = (nil, nil, nil)
    (options.labelDelay, options.referenceRows, options.silence) = (nil, nil, nil)
    (options.update, options.warmup, options.retrainEvery) = (nil, nil, nil)
    (options.season, options.badRows, options.maxBad) = (nil, nil, nil)
    (options.challenger, options.shadow) = ([], [])
    var ingest = try LearnSettings(options).ingest
    ingest.mayLackTarget = true
    return ingest
  }
}
