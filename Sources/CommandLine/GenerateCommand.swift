import ArgumentParser
import Catalogues
import Generators
import Ingest
import Kernels
import Telemetry

/// `weir generate`: a synthetic stream with known drift.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Write a synthetic stream as CSV, with drift where you want it.",
    discussion: """
      The last column is what is to be predicted. weir catalogue lists the streams and their parameters.

      EXAMPLES
        weir generate sea --rows 60000 --drift 20000=sea:concept=3 | weir learn --target label
        weir generate agrawal --drift 40000..60000=agrawal:function=7 --truth truth.json > loans.csv
        weir generate errors:rate=.2,correlation=.5 --rows 10000 | weir detect --detect bcs
      """)

  @Argument(help: "A stream from the catalogue, as NAME:key=value,…")
  var stream: String
  @Option(help: "Rows to write.")
  var rows = 100_000
  @Option(
    help:
      "AT=STREAM: another law from row AT on, rows counted from 0; START..END=STREAM: more and more rows of it in between. Repeatable."
  )
  var drift: [String] = []
  @Option(help: "Seed: the same gives the same bytes.")
  var seed = 1
  @Option(help: "Write where the stream truly changes to this file, as JSON.")
  var truth: String?
  @Flag(inversion: .prefixedNo, help: "The first line names the columns.")
  var header = true

  func run() throws {
    try reporting {
      guard rows >= 0 else {
        throw Failure(message: "--rows \(rows): expected 0 or more", code: Exit.usage)
      }
      var plans: [DriftPlan] = []
      for text in drift { plans.append(try DriftPlan(text)) }
      var generator = try DriftingStream(
        stream, drifts: plans, seed: UInt64(bitPattern: Int64(seed)))
      if let truth {
        let file = TruthFile(
          rows: rows,
          drifts: plans.map { .init(start: $0.start, end: $0.end, kind: $0.stream, columns: []) })
        try file.write(to: truth)
      }
      let columns = generator.columns
      let out = try OutputFile(path: "-")
      if header { try out.append(columns.map(\.name).joined(separator: ",") + "\n") }
      // Words as bytes, each with what separates it from the next field.
      let words = columns.map { column -> [[UInt8]] in
        guard case .words(let words) = column.kind else { return [] }
        return words.map { Array($0.utf8) }
      }
      let decimals = columns.map { column -> Int in
        guard case .number(let decimals) = column.kind else { return 0 }
        return decimals
      }
      var random = RandomBits(seed: UInt64(bitPattern: Int64(seed)) ^ 0x5EED)
      let row = UnsafeMutableBufferPointer<Double>.allocate(capacity: columns.count)
      row.initialize(repeating: 0)
      defer { row.deallocate() }
      for _ in 0..<rows {
        generator.next(row, &random)
        try out.append { bytes in
          for k in row.indices {
            if words[k].isEmpty {
              DecimalText.append(row[k], decimals: decimals[k], to: &bytes)
            } else {
              bytes.append(contentsOf: words[k][Int(row[k])])
            }
            bytes.append(UInt8(ascii: k == row.count - 1 ? "\n" : ","))
          }
        }
      }
      try out.flush()
    }
  }
}

/// Numbers with a fixed count of decimals at most, without zeros at their end.
enum DecimalText {
  /// Appends `value` rounded to `decimals` places, 0 ... 9.
  static func append(_ value: Double, decimals: Int, to bytes: inout [UInt8]) {
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = (value * scale).rounded()
    guard abs(scaled) < 1e15 else {
      bytes.append(contentsOf: "\(value)".utf8)
      return
    }
    if scaled < 0 { bytes.append(UInt8(ascii: "-")) }
    let whole = Int(abs(scaled)) / Int(scale)
    var rest = Int(abs(scaled)) % Int(scale)
    bytes.append(contentsOf: String(whole).utf8)
    guard rest > 0 else { return }
    bytes.append(UInt8(ascii: "."))
    var unit = Int(scale) / 10
    while rest > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(rest / unit))
      rest %= unit
      unit /= 10
    }
  }
}
