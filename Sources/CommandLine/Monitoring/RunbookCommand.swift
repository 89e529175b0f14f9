import ArgumentParser
import Catalogues
import Monitors
import Telemetry

/// `weir runbook`: what the alarms of checks mean, and what to do about them.
struct RunbookCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runbook",
    abstract: "What an alarm of a check means, what to look at, and what to do.",
    discussion: """
      EXAMPLES
        weir runbook
        weir runbook missing
      """)

  @Argument(help: "The check; without it, all of them.")
  var name: String?

  func run() throws {
    try reporting {
      var entries = CheckEntry.all
      if let name {
        entries = entries.filter { $0.name == name }
        guard !entries.isEmpty else {
          throw SpecificationError.unknownName(
            noun: "check", name: name, known: CheckEntry.all.map(\.name))
        }
      }
      let out = try OutputFile(path: "-")
      try out.append(name == nil ? RunbookPage.text : RunbookPage.section(entries[0]))
      try out.flush()
    }
  }
}
