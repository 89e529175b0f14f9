import Telemetry
import TestSupport

/// `benchdata ROWS` writes so many rows (a million if not given) of 30 numbers and a rare class whose
/// weights change half-way, `benchdata ROWS agrawal` those of `Agrawal`, as CSV; `benchdata ROWS words` rows of 40
/// words of 50,000 as VW's text: on standard output, the same bytes each time.
func run() throws {
  let rows =
    CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 1_000_000 : 1_000_000
  switch CommandLine.arguments.dropFirst(2).first {
  case "agrawal": return try writeAgrawal(rows)
  case "words": return try writeWords(rows)
  default: break
  }
  var random = SplitMix(seed: 101)
  let weights = (0..<30).map { _ in random.normal() }
  let out = try OutputFile(path: "-")
  try out.append((1...30).map { "V\($0)," }.joined() + "Class\n")
  for row in 0..<rows {
    var z = -6.0
    var line: [UInt8] = []
    for j in 0..<30 {
      let value = (random.normal() * (2 - Double(j) / 20) * 1e5).rounded() / 1e5
      z += (row < rows / 2 || j % 3 > 0 ? 1 : -1) * weights[j] * value / 3
      NumberWriter.append(value, to: &line)
      line.append(UInt8(ascii: ","))
    }
    line.append(random.unit() < 1 / (1 + (-z).exponential) ? 0x31 : 0x30)
    line.append(0x0A)
    try out.append { $0 += line }
  }
  try out.flush()
}

func writeAgrawal(_ rows: Int) throws {
  var stream = Agrawal()
  let out = try OutputFile(path: "-")
  try out.append(Agrawal.header)
  for row in 0..<rows { try out.append(stream.line(row, of: rows)) }
  try out.flush()
}

/// Words of which the k-th comes some 1/k as often as the first, each with a weight of its own.
func writeWords(_ rows: Int) throws {
  var random = SplitMix(seed: 404)
  let weights = (0..<50_000).map { _ in random.normal() / 3 }
  let out = try OutputFile(path: "-")
  for _ in 0..<rows {
    var z = 0.0
    var words = ""
    for _ in 0..<40 {
      let unit = random.unit()
      let word = min(Int((10.8 * unit).exponential), weights.count) - 1
      z += weights[word]
      words += " w\(word)"
    }
    try out.append((random.unit() < 1 / (1 + (-z).exponential) ? "1" : "-1") + " |w" + words + "\n")
  }
  try out.flush()
}

try run()
