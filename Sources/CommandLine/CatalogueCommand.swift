import ArgumentParser
import Catalogues
import Comparisons
import Detectors
import Engine
import Generators
import Ingest
import Learners
import Monitors
import Scores
import Telemetry

/// `weir catalogue`: everything that can be named, with its parameters.
struct CatalogueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalogue",
    abstract:
      "List every learner, detector, stream, drift, format, score, check, test and reaction, with parameters.",
    discussion: """
      EXAMPLES
        weir catalogue
        weir catalogue linear
        weir catalogue --json
      """)

  @Argument(help: "Show only what has this name.")
  var name: String?
  @Flag(help: "One JSON object.")
  var json = false

  func run() throws {
    try reporting {
      var sections = CatalogueSection.all
      if let name {
        let known = sections.flatMap { $0.rows.map(\.name) }
        sections = sections.map { section in
          CatalogueSection(noun: section.noun, rows: section.rows.filter { $0.name == name })
        }.filter { !$0.rows.isEmpty }
        guard !sections.isEmpty else {
          throw SpecificationError.unknownName(noun: "entry", name: name, known: known)
        }
      }
      let out = try OutputFile(path: "-")
      if json {
        try out.append(
          JSONValue.members(sections.map { ($0.noun + "s", $0.json) }).indented() + "\n")
      } else {
        try out.append(sections.map(\.text).joined(separator: "\n"))
      }
      try out.flush()
    }
  }
}

/// One catalogue as text and as JSON.
struct CatalogueSection {
  struct Row {
    let name: String
    let summary: String
    let parameters: [Parameter]
  }

  let noun: String
  let rows: [Row]

  static var all: [CatalogueSection] {
    [
      CatalogueSection(Catalogue.learners),
      CatalogueSection(Catalogue.detectors),
      CatalogueSection(Catalogue.generators),
      CatalogueSection(Catalogue.injectors),
      CatalogueSection(Catalogue.formats),
      CatalogueSection(Catalogue.scores),
      CatalogueSection(Catalogue.checks),
      CatalogueSection(Catalogue.pairedTests),
      CatalogueSection(
        noun: "reaction",
        rows: ReactionKind.allCases.map {
          Row(name: $0.rawValue, summary: $0.summary, parameters: [])
        }),
    ]
  }

  init(noun: String, rows: [Row]) {
    self.noun = noun
    self.rows = rows
  }

  init<Context, Product>(_ catalogue: Catalogue<Context, Product>) {
    self.init(
      noun: catalogue.noun,
      rows: catalogue.entries.map {
        Row(name: $0.name, summary: $0.summary, parameters: $0.parameters)
      })
  }

  var text: String {
    var lines = ["\(noun.uppercased())S"]
    for row in rows {
      lines.append("  \(row.name): \(row.summary)")
      for parameter in row.parameters {
        lines.append(
          "      \(parameter.name)=\(parameter.defaultText)  [\(parameter.rangeText)]  \(parameter.help)"
        )
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  var json: JSONValue {
    .array(
      rows.map { row in
        .members([
          ("name", .string(row.name)), ("summary", .string(row.summary)),
          (
            "parameters",
            .array(
              row.parameters.map {
                .members([
                  ("name", .string($0.name)), ("default", .string($0.defaultText)),
                  ("range", .string($0.rangeText)), ("help", .string($0.help)),
                ])
              })
          ),
        ])
      })
  }
}
