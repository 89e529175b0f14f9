import Catalogues
import Generators
import Ingest
import Kernels

/// The rows of a synthetic stream as CSV.
struct StreamText {
  private var stream: DriftingStream
  private var random: RandomBits
  private var row: [Double]
  private let columns: [StreamColumn]
  /// Words as bytes; none for a column of numbers.
  private let words: [[[UInt8]]]

  init(_ spec: String, drifts: [DriftPlan], seed: UInt64) throws(SpecificationError) {
    stream = try DriftingStream(spec, drifts: drifts, seed: seed)
    random = RandomBits(seed: seed ^ 0x5EED)
    columns = stream.columns
    row = Array(repeating: 0, count: columns.count)
    words = columns.map { column in
      guard case .words(let words) = column.kind else { return [] }
      return words.map { Array($0.utf8) }
    }
  }

  /// The line that names the columns.
  var header: String { columns.map(\.name).joined(separator: ",") + "\n" }
  /// The column that is to be predicted.
  var target: String { columns.last?.name ?? "" }

  /// Appends the next row, a line.
  mutating func append(to bytes: inout [UInt8]) {
    row.withUnsafeMutableBufferPointer { stream.next($0, &random) }
    for k in row.indices {
      switch columns[k].kind {
      case .number(let decimals): DecimalText.append(row[k], decimals: decimals, to: &bytes)
      case .words: bytes.append(contentsOf: words[k][Int(row[k])])
      }
      bytes.append(UInt8(ascii: k == row.count - 1 ? "\n" : ","))
    }
  }
}

/// A synthetic stream as bytes to be read, the same that `weir generate` writes.
struct GeneratedSource: ByteSource {
  private var text: StreamText
  private var rowsLeft: Int
  private let interruption: Int32
  private var pending: [UInt8]
  private var cursor = 0

  init(_ text: StreamText, rows: Int, interruption: Int32) {
    (self.text, rowsLeft, self.interruption) = (text, rows, interruption)
    pending = Array(text.header.utf8)
  }

  mutating func read(
    into buffer: UnsafeMutableRawBufferPointer, until deadline: MonotonicTime?
  ) throws(IngestError) -> ReadOutcome {
    if Interruption.hasCome(interruption) { return .interrupted }
    if cursor == pending.count { refill(atLeast: buffer.count) }
    let count = min(buffer.count, pending.count - cursor)
    guard count > 0 else { return .end }
    pending.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[cursor..<(cursor + count)]))
    }
    cursor += count
    return .bytes(count)
  }

  private mutating func refill(atLeast size: Int) {
    pending.removeAll(keepingCapacity: true)
    cursor = 0
    while rowsLeft > 0, pending.count < min(size, 1 << 16) {
      text.append(to: &pending)
      rowsLeft -= 1
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
