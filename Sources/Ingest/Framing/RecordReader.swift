import Glibc
import Kernels

/// Cuts bytes into records: lines, and for CSV lines whose quoted fields may hold line ends.
///
/// Memory is bounded by the line limit: a longer record is refused and passed over without being
/// kept. Empty lines are passed over silently. A byte-order mark is taken off.
struct RecordReader: ~Copyable {
  enum Outcome {
    case record(Record)
    /// A record was longer than the limit, or a quote in it was never closed. Boxed: what every record is handed
    /// over in is to be small.
    indirect case refused(Refusal)
    case late
    case end
    case interrupted
  }

  private var buffer = InputBuffer(capacity: 1 << 18)
  private var source: any ByteSource
  private let lineLimit: Int
  private var quotes = false
  private var line = 1
  private var isAtStart = true
  private var isFinished = false
  /// Bytes at the buffer's start that have been searched for a line end without finding one.
  private var searched = 0
  /// A record too long is being passed over up to its line end.
  private var isSkipping = false
  private var lineAtMark = 1
  private var delimiter = UInt8(ascii: ",")
  private var comment = UInt8(ascii: "\n")

  /// - Parameters:
  ///   - source: where bytes come from.
  ///   - lineLimit: the longest record in bytes.
  init(_ source: any ByteSource, lineLimit: Int) {
    self.source = source
    self.lineLimit = lineLimit
  }

  /// Says how records are cut: whether line ends inside quoted fields belong to them (CSV), and
  /// what separates fields, for telling where a quote opens one. A record that begins with `comment` is passed over
  /// as an empty line is; no record begins with a line feed.
  mutating func configure(quotes: Bool, delimiter: UInt8, comment: UInt8 = UInt8(ascii: "\n")) {
    self.quotes = quotes
    self.delimiter = delimiter
    self.comment = comment
  }

  /// The next record, waited for; nil at the end or when the user asked for one.
  mutating func nextRecord() throws(IngestError) -> Record? {
    while true {
      switch try next(until: nil) {
      case .record(let record): return record
      case .refused(let refusal): throw .badHeader(reason: refusal.message)
      case .late: continue
      case .interrupted: throw .interrupted
      case .end: return nil
      }
    }
  }

  /// Bytes used so far.
  var offset: Int { buffer.offset }

  /// The first bytes of the input that have been read, `InputPlace.mostBeginning` at most.
  private(set) var beginning: [UInt8] = []

  private mutating func readMore(
    until deadline: MonotonicTime?
  ) throws(IngestError) -> ReadOutcome {
    let space = buffer.space()
    let outcome = try source.read(into: space, until: deadline)
    guard case .bytes(let count) = outcome else { return outcome }
    buffer.append(count)
    let room = InputPlace.mostBeginning - beginning.count
    if room > 0 { beginning += space[..<min(room, count)] }
    return outcome
  }

  /// Whether there is a line, or an end, to be read; waits for it until `deadline`.
  mutating func isReady(until deadline: MonotonicTime?) throws(IngestError) -> Bool {
    while !isFinished {
      if memchr(buffer.first, 0x0A, buffer.count) != nil { return true }
      if isSkipping || buffer.count > lineLimit { return true }
      switch try readMore(until: deadline) {
      case .bytes: continue
      case .late: return false
      case .gap:
        // Told once: what this writer left without an end is not to be glued to what the next one begins with.
        guard buffer.count > 0 else { continue }
        finishLastLine()
        return true
      case .interrupted: return true
      case .end: isFinished = true
      }
    }
    return true
  }

  // MARK: - Going on where another reader was

  /// Whether the input, of which nothing has been used, begins with `bytes`; waits until that can be told.
  mutating func begins(with bytes: ArraySlice<UInt8>) throws(IngestError) -> Bool {
    while true {
      let known = UnsafeRawBufferPointer(start: buffer.first, count: min(buffer.count, bytes.count))
      guard bytes.prefix(known.count).elementsEqual(known) else { return false }
      if known.count == bytes.count { return true }
      if isFinished { return false }
      switch try readMore(until: nil) {
      case .bytes, .gap, .late: continue
      case .end: isFinished = true
      case .interrupted: throw .interrupted
      }
    }
  }

  /// Passes over `count` bytes, with which a line has to end, so many of them there.
  mutating func pass(_ count: Int, lines: Int) throws(IngestError) {
    isAtStart = false
    var (left, found, last) = (count, 0, UInt8(ascii: "\n"))
    while left > 0 {
      let some = min(left, buffer.count)
      if some > 0 {
        found += lineFeeds(UnsafePointer(buffer.first), UnsafePointer(buffer.first + some))
        last = buffer.first[some - 1]
        buffer.advance(some)
        left -= some
        continue
      }
      guard !isFinished else { throw .cannotGoOn(reason: "it ends at byte \(count - left)") }
      switch try readMore(until: nil) {
      case .bytes, .gap, .late: continue
      case .end: isFinished = true
      case .interrupted: throw .interrupted
      }
    }
    guard found == lines, last == UInt8(ascii: "\n") else {
      throw .cannotGoOn(
        reason: last == UInt8(ascii: "\n")
          ? "there are \(found) lines before byte \(count), there were \(lines)"
          : "no line begins at byte \(count)")
    }
    searched = 0
    line = lines + 1
  }

  /// The first bytes of the input, for telling formats apart, and whether the input ends with them.
  mutating func peek() throws(IngestError) -> Field {
    while buffer.count < 4096, !isFinished {
      let outcome = try readMore(until: nil)
      switch outcome {
      case .bytes: break
      // A writer that left without a word, or in the middle of the first line: the next may go on.
      case .gap, .late: continue
      case .end: isFinished = true
      case .interrupted: throw .interrupted
      }
      // A line is enough; a pipe may have no more to say before it is answered.
      if FormatGuess.suffices(UnsafeRawBufferPointer(start: buffer.first, count: buffer.count)) {
        break
      }
    }
    return Field(start: buffer.first, end: buffer.first + buffer.count)
  }

  /// Records from here on are kept, so that `rewind` can bring them back.
  mutating func setMark() {
    buffer.setMark()
    lineAtMark = line
  }

  mutating func rewind() {
    buffer.rewind()
    line = lineAtMark
    searched = 0
    isSkipping = false
    quoteIsOpen = false
  }

  /// Bytes used since the mark.
  var marked: UnsafeRawBufferPointer { buffer.marked }

  /// Forgets the mark without going back.
  mutating func removeMark() { buffer.removeMark() }

  /// The next record. Waits for it until `deadline`; nil: for ever.
  mutating func next(until deadline: MonotonicTime?) throws(IngestError) -> Outcome {
    while true {
      if isAtStart, buffer.count >= 3 || isFinished { try dropByteOrderMark() }
      if buffer.count > 0, !isAtStart, let found = scan() {
        switch found {
        case .record(let record)
        where record.body.isEmpty || record.body.start[0] == comment: continue
        default: return found
        }
      }
      if isFinished {
        if buffer.count == 0 { return .end }
        finishLastLine()
        continue
      }
      if !isSkipping, buffer.count > lineLimit { return .refused(skipLongRecord()) }
      let outcome = try readMore(until: deadline)
      switch outcome {
      case .bytes: break
      case .gap: if buffer.count > 0 { finishLastLine() }
      case .late: return .late
      case .end: isFinished = true
      case .interrupted: return .interrupted
      }
    }
  }

  /// Uses up the next piece of bytes without looking at one; how many they were, 0 at the end.
  mutating func skipPiece() throws(IngestError) -> Int {
    while buffer.count == 0, !isFinished {
      switch try readMore(until: nil) {
      case .bytes, .gap, .late: continue
      case .end: isFinished = true
      case .interrupted: throw .interrupted
      }
    }
    let count = buffer.count
    buffer.advance(count)
    return count
  }

  /// Gives the last line the end that it lacks.
  private mutating func finishLastLine() {
    if quotes, buffer.first[buffer.count - 1] == 0x0A, !isSkipping {
      // Everything is ended but a quote: scan again, line by line.
      quoteIsOpen = true
      searched = 0
      return
    }
    buffer.space()[0] = 0x0A
    buffer.append(1)
  }

  /// At the end of the input a quote was still open; the line it stands on is refused.
  private var quoteIsOpen = false

  /// Looks for a whole record at the buffer's start.
  private mutating func scan() -> Outcome? {
    let start = UnsafePointer(buffer.first)
    guard let found = memchr(start + searched, 0x0A, buffer.count - searched) else {
      searched = buffer.count
      if isSkipping { dropSkipped() }
      return nil
    }
    var newline = UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
    if isSkipping {
      isSkipping = false
      use(upTo: newline, lines: 1)
      return .record(emptyRecord)
    }
    var hasQuotes = false
    if quotes, memchr(start, 0x22, newline - start) != nil {
      hasQuotes = true
      let limit = start + min(buffer.count, lineLimit + 1)
      if let end = endOfQuotedRecord(from: start, limit: limit) {
        newline = end
      } else if quoteIsOpen || buffer.count > lineLimit {
        quoteIsOpen = false
        let refusal = refusal(
          .openQuote, Field(start: start, end: newline), "a closing quote",
          "none within \(min(buffer.count, lineLimit)) bytes")
        use(upTo: newline, lines: 1)
        return .refused(refusal)
      } else {
        searched = buffer.count
        // The line feed that was found may belong to the quoted field: search it again with more.
        searched = 0
        return nil
      }
    }
    var end = newline
    if end > start, end[-1] == 0x0D { end -= 1 }
    if end - start > lineLimit {
      let refusal = refusal(
        .tooLong, Field(start: start, end: end), "at most \(lineLimit) bytes",
        "\(end - start) bytes")
      use(upTo: newline, lines: 1)
      return .refused(refusal)
    }
    let record = Record(
      body: Field(start: start, end: end), line: line, offset: buffer.offset, hasQuotes: hasQuotes)
    use(upTo: newline, lines: hasQuotes ? lineFeeds(start, newline) + 1 : 1)
    return .record(record)
  }

  private var emptyRecord: Record {
    Record(
      body: Field(start: buffer.first, end: buffer.first), line: line, offset: buffer.offset,
      hasQuotes: false)
  }

  private mutating func use(upTo newline: UnsafePointer<UInt8>, lines: Int) {
    buffer.advance(newline + 1 - UnsafePointer(buffer.first))
    line += lines
    searched = 0
  }

  private func lineFeeds(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) -> Int {
    var count = 0
    var cursor = start
    while cursor < end {
      if cursor[0] == 0x0A { count += 1 }
      cursor += 1
    }
    return count
  }

  /// The line feed that ends a record with quotes; nil when it is not there yet. A quote opens a
  /// field only at its beginning (RFC 4180); elsewhere it is a character like any other.
  private func endOfQuotedRecord(
    from start: UnsafePointer<UInt8>, limit: UnsafePointer<UInt8>
  ) -> UnsafePointer<UInt8>? {
    var cursor = start
    var isFieldStart = true
    while cursor < limit {
      let byte = cursor[0]
      if byte == 0x22, isFieldStart {
        cursor += 1
        while true {
          guard let close = memchr(cursor, 0x22, limit - cursor) else { return nil }
          cursor = UnsafePointer(close.assumingMemoryBound(to: UInt8.self)) + 1
          guard cursor < limit else { return nil }
          guard cursor[0] == 0x22 else { break }
          cursor += 1
        }
        isFieldStart = false
        continue
      }
      if byte == 0x0A { return cursor }
      isFieldStart = byte == delimiter
      cursor += 1
    }
    return nil
  }

  private mutating func skipLongRecord() -> Refusal {
    let shown = Field(start: buffer.first, end: buffer.first + min(buffer.count, 80))
    let refusal = refusal(
      .tooLong, shown, "at most \(lineLimit) bytes", "more than \(buffer.count) bytes")
    isSkipping = true
    dropSkipped()
    return refusal
  }

  private mutating func dropSkipped() {
    buffer.advance(buffer.count)
    searched = 0
  }

  private func refusal(
    _ kind: Refusal.Kind, _ record: Field, _ expected: String, _ found: String
  ) -> Refusal {
    Refusal(
      kind: kind, line: line, offset: buffer.offset, column: nil, expected: expected, found: found,
      record: record)
  }

  private mutating func dropByteOrderMark() throws(IngestError) {
    isAtStart = false
    guard buffer.count >= 2 else { return }
    let first = buffer.first
    if buffer.count >= 3, first[0] == 0xEF, first[1] == 0xBB, first[2] == 0xBF {
      buffer.advance(3)
    } else if (first[0] == 0xFF && first[1] == 0xFE) || (first[0] == 0xFE && first[1] == 0xFF) {
      throw .notText(reason: "it is UTF-16; pass it through: iconv -f UTF-16 -t UTF-8")
    }
  }
}
