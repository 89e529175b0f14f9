import ArgumentParser
import Ingest
import Kernels
import Registry
import Snapshots
import Telemetry

/// `weir models rebuild`: a version trained once more from its own events.
struct ModelsRebuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild",
    abstract: "Train a version again from its events, and show that the bytes are the same.",
    discussion: """
      The run that made the version is done once more with the options that the version
      carries, from the first event on, up to the event at which it came to be. Ends with
      65 if the bytes are others: the events are, or the program.

      EXAMPLES
        weir models rebuild models@champion
        weir models rebuild models 7 --source events-2026.csv.gz
      """)

  @Argument(help: "REGISTRY REF or REGISTRY@REF.")
  var target: [String]
  @Option(help: "Where the events are now; if not given, where they were.")
  var source: String?
  @Option(help: "Write the rebuilt snapshot to this file.")
  var output: String?

  func run() throws {
    try reporting {
      guard let first = target.first else {
        throw Failure(message: "which version? expected REGISTRY@REF", code: Exit.usage)
      }
      let target = try RegistryTarget(first, Array(target.dropFirst()))
      try target.nothingMore()
      let version = try target.registry.version(target.number)
      let wanted = try target.registry.snapshot(of: target.number)
      guard let path = source ?? version.record.source, path != "standard input" else {
        throw Failure(
          message: "version \(target.number) was made from standard input: say with --source where "
            + "its events are", code: Exit.usage)
      }
      let checkpoint = try Checkpoint(wanted)
      var rerun = try Rerun(checkpoint, path: path)
      guard try rerun.advanceToEnd() else {
        throw Failure(
          message: "\(path) ends after \(rerun.source.accepted) events; the version was made from "
            + "\(checkpoint.events)", code: Exit.badData)
      }
      let again = rerun.states.map { state in
        Checkpoint.begin(
          options: checkpoint.options, events: checkpoint.events, outputs: [], versions: nil,
          source: rerun.sourceState(), program: checkpoint.program
        ).sealed(with: state)
      }
      let bytes = again.first { $0 == wanted } ?? again.last ?? []
      if let output { try WholeFile.replace(output, bytes) }
      let hash = SHA256.hex(bytes)
      guard bytes == wanted else {
        let place = zip(bytes, wanted).enumerated().first { $1.0 != $1.1 }?.offset
        throw Failure(
          message: "version \(target.number) is another one when it is made again: sha256:\(hash) "
            + "instead of \(version.blob), from byte \(place ?? min(bytes.count, wanted.count)) of "
            + "\(wanted.count) on; look whether \(path) is what it was, and which program made it "
            + "(\(checkpoint.program); this is \(Version.text))", code: Exit.badData)
      }
      let out = try OutputFile(path: "-")
      try out.append(
        "version \(target.number) rebuilt from \(checkpoint.events) events of \(path): the same "
          + "\(bytes.count) bytes, sha256:\(hash)\n")
      try out.flush()
    }
  }
}
