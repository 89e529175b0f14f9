import Catalogues
import Glibc

/// A column of numbers in a file: a number a line, or plain CSV with a header and without quotes.
enum NumberColumn {
  /// The numbers, in order; lines whose field is empty are left out. Throws with the line of the first that is
  /// neither, or when there are none.
  static func read(_ path: String, column: String) throws(SpecificationError) -> [Double] {
    let lines = try bytes(path).split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let comma = UInt8(ascii: ",")
    var (place, first) = (0, 0)
    let header = (lines.first ?? []).split(separator: comma, omittingEmptySubsequences: false)
    if header.contains(where: { number($0) == nil && !text($0).isEmpty }) {
      first = 1
      let names = header.map(text)
      guard !column.isEmpty || names.count == 1 else {
        throw .unfit(
          entry: path, reason: "it has the columns \(names.joined(separator: ", ")); say column=…")
      }
      guard let found = column.isEmpty ? 0 : names.firstIndex(of: column) else {
        throw .unknownName(noun: "column", name: column, known: names)
      }
      place = found
    } else if !column.isEmpty {
      throw .unfit(entry: path, reason: "it has no header with a column '\(column)'")
    } else if header.count > 1 {
      throw .unfit(entry: path, reason: "it has several columns and no header")
    }
    var values: [Double] = []
    for index in first..<max(first, lines.count) {
      let fields = lines[index].split(
        separator: comma, maxSplits: place + 1, omittingEmptySubsequences: false)
      guard place < fields.count, !text(fields[place]).isEmpty else { continue }
      guard let value = number(fields[place]) else {
        throw .unfit(
          entry: path, reason: "line \(index + 1): '\(text(fields[place]))' is no number")
      }
      values.append(value)
    }
    guard !values.isEmpty else { throw .unfit(entry: path, reason: "it holds no numbers") }
    return values
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.filter { $0 != 0x0D && $0 != 0x20 }, as: UTF8.self)
  }

  private static func number(_ field: ArraySlice<UInt8>) -> Double? {
    guard let value = Double(text(field)), value.isFinite else { return nil }
    return value
  }

  private static func bytes(_ path: String) throws(SpecificationError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(path) }
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }

  private static func unreadable(_ path: String) -> SpecificationError {
    .unfit(entry: path, reason: String(cString: strerror(errno)))
  }
}
