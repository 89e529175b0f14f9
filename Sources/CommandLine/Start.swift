import ArgumentParser
import Glibc
import Kernels

/// Runs the program on the process's arguments; never returns.
package func start() -> Never {
  BLAS.useOneThread()
  // A reader that leaves shows as EPIPE where it can be answered, not as a silent death.
  signal(SIGPIPE, SIG_IGN)
  WeirCommand.main()
  exit(0)
}

/// The root of the command: what it is for, and its subcommands.
struct WeirCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "weir",
    abstract:
      "Learns from an event stream while it flows, notices when the world has shifted, and reacts.",
    discussion: """
      EXAMPLES
        weir replay bikes | weir learn --config Datasets/bikes/recipe.json
        tail -F events.csv | weir learn --target clicked --columns user,page,clicked
        weir catalogue

      EXIT CODES
        0 done · 64 usage · 65 the input cannot be used, or too many bad rows · 70 a bug of weir's
        74 input or output failed
      """,
    version: Version.text,
    subcommands: [
      LearnCommand.self, PredictCommand.self, ExplainCommand.self, ReplayCommand.self,
      GenerateCommand.self, InjectCommand.self, DetectCommand.self, StudyCommand.self,
      ReportCommand.self, ModelsCommand.self, MonitorCommand.self, ProfileCommand.self,
      RunbookCommand.self, BenchCommand.self, CatalogueCommand.self,
    ])
}

/// What this build is made of.
enum Version {
  static let number = "0.1.0"
  static var text: String { "weir \(number) (\(BLAS.configuration))" }
}
