import ArgumentParser
import Catalogues
import Generators
import Ingest
import Kernels
import Telemetry

/// `weir inject`: drift put into a real stream, with the truth written beside it.
struct InjectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inject",
    abstract: "Put drift into a stream of CSV, and write where it is beside it.",
    discussion: """
      KIND@AT changes the rows from AT on, KIND@START..END those before END; rows count from 0. Every kind
      takes over=N, way=gradual|incremental and every=N beside its own parameters. What is not changed comes
      out as it came in, but for line ends, which are \\n.

      KINDS
      \(Catalogue<Void, any Injector>.injectors.entries.map { "  \($0.name): \($0.summary) (\($0.parameters.map(\.name).joined(separator: ", ")))" }.joined(separator: "\n"))

      EXAMPLES
        weir replay bikes | weir inject unit:column=temp,change=c-to-f@8645 --truth truth.json
        weir inject feature-swap:a=V14,b=V13@142403 feature-swap:a=V17,b=V15@142403 --source cards.csv
        weir inject shift:column=price,by=20,over=5000,way=incremental@10000 < sales.csv
      """)

  @Argument(help: "KIND:key=value,…@WHERE. Several are put in one after another.")
  var injections: [String]
  @Option(help: "A file, a named pipe, or - for standard input.")
  var source = "-"
  @Option(help: "Write where the stream truly changes to this file, as JSON.")
  var truth: String?
  @Option(help: "Seed: the same gives the same bytes.")
  var seed = 1

  func run() throws {
    try reporting {
      var plans: [Injection] = []
      for text in injections { plans.append(try Injection(text)) }
      try FileClash.refuse(reads: [source], writes: [("--truth", truth)])
      let bytes = try DescriptorSource.open(path: source, interruption: Interruption.install())
      var lines = try LineReplay.open(GzipSource(bytes), time: [])
      let out = try OutputFile(path: "-")
      guard case .line(let header, _) = try lines.next() else { return }
      let delimiter =
        header.contains(UInt8(ascii: "\t")) && !header.contains(UInt8(ascii: ","))
        ? UInt8(ascii: "\t") : UInt8(ascii: ",")
      let names = FieldText.split(header.dropLast(), delimiter)
      let places = try plans.map { plan in
        try plan.injector.columns.map { column in
          guard let place = names.firstIndex(of: column) else {
            throw Failure(
              message: "\(plan.kind): no column '\(column)'; the columns are "
                + names.joined(separator: ", "), code: Exit.usage)
          }
          return place
        }
      }
      try out.append(header)
      var random = RandomBits(seed: UInt64(bitPattern: Int64(seed)))
      var (row, written) = (0, 0)
      var progress = WorkProgress("reading \(source)", writes: true)
      defer { progress.finish() }
      /// Row of the output at which each row of the input that matters begins.
      var outputRows: [Int: Int] = [:]
      while case .line(let line, _) = try lines.next() {
        if plans.contains(where: { $0.isEdge(row) }) { outputRows[row] = written }
        var copies = 1
        if plans.contains(where: { $0.isOn(row) }) {
          var fields = FieldText.split(line.dropLast(), delimiter)
          guard fields.count == names.count else {
            throw Failure(
              message: "row \(row) has \(fields.count) fields, the header \(names.count)",
              code: Exit.badData)
          }
          for index in plans.indices where plans[index].isOn(row) && copies > 0 {
            var own = places[index].map { fields[$0] }
            copies *= plans[index].change(&own, row: row, &random)
            for (place, field) in zip(places[index], own) { fields[place] = field }
          }
          let text = FieldText.line(fields, delimiter)
          for _ in 0..<copies { try out.append(text) }
        } else {
          try out.append(line)
        }
        row += 1
        written += copies
        if row % 256 == 0 { progress.update(bytes.meter) }
      }
      try out.flush()
      guard let truth else { return }
      let drifts = zip(injections, plans).flatMap { text, plan in
        plan.changes(before: row).map { change in
          let start = outputRows[change.start] ?? change.start
          let end = outputRows[change.end] ?? change.end
          return TruthFile.Drift(
            start: start, end: max(start, end), kind: text, columns: plan.injector.columns)
        }
      }
      try TruthFile(rows: written, drifts: drifts.sorted { $0.start < $1.start }).write(to: truth)
    }
  }
}

/// Fields of a line of CSV as text, and back.
enum FieldText {
  /// Fields of a record without its line end, unquoted.
  static func split(_ line: some Collection<UInt8>, _ delimiter: UInt8) -> [String] {
    let quote = UInt8(ascii: "\"")
    var (fields, field, isQuoted, wasQuote) = ([String](), [UInt8](), false, false)
    for byte in line {
      if isQuoted {
        if wasQuote {
          wasQuote = false
          if byte == quote {
            field.append(quote)
            continue
          }
          isQuoted = false
        } else if byte == quote {
          wasQuote = true
          continue
        } else {
          field.append(byte)
          continue
        }
      }
      if byte == delimiter {
        fields.append(String(decoding: field, as: UTF8.self))
        field.removeAll(keepingCapacity: true)
      } else if byte == quote, field.isEmpty {
        isQuoted = true
      } else {
        field.append(byte)
      }
    }
    if field.last == UInt8(ascii: "\r") { field.removeLast() }
    fields.append(String(decoding: field, as: UTF8.self))
    return fields
  }

  /// A line with its end; fields are quoted where they must be.
  static func line(_ fields: [String], _ delimiter: UInt8) -> String {
    let separator = String(decoding: [delimiter], as: UTF8.self)
    return fields.map { field in
      let mustQuote = field.utf8.contains {
        $0 == delimiter || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n")
      }
      return mustQuote
        ? "\""
          + field.split(separator: "\"", omittingEmptySubsequences: false)
          .joined(separator: "\"\"") + "\"" : field
    }.joined(separator: separator) + "\n"
  }
}
