import Batches
import Snapshots

/// Finds the row that a label belongs to by its id, in bounded memory.
///
///     row  ──ask──▶ waiting ──its label──▶ learned ─╮
///                      │                            ├─ remembered ──as many more──▶ forgotten
///                      ╰──too old, too many──▶ expired ─╯
///
/// Each id has a slot: what others keep of the row that waits, they keep by it. Waiting rows stand in a list by
/// age, so that the oldest is the first to expire; remembered ids in another. An id is looked up by its bytes in
/// an open-addressed table (linear probing, deletion by shifting back); the bytes themselves stand in one
/// stretch that is moved together when half of it is dead. No allocation once as many ids are known as ever are.
///
/// Cost: one look-up a row and one a label; 64 bytes an id, its own bytes, and 8 to 16 in the table.
struct LabelJoin: Snapshotted {
  /// What is known of an id.
  enum Standing: UInt8 {
    case unknown
    case waiting
    case learned
    case expired
  }

  /// Where an id was found, or was not.
  struct Meeting {
    fileprivate let hash: UInt64
    /// −1: nowhere.
    let slot: Int
    let standing: Standing
  }

  private struct Entry {
    var hash: UInt64 = 0
    var start = 0
    var length: Int32 = 0
    var standing = Standing.unknown
    var previous: Int32 = -1
    var next: Int32 = -1
    /// The number of the row.
    var event = 0
    /// Its time; NaN: it has none.
    var time = Double.nan
  }

  /// Entries by age, oldest first.
  private struct Line {
    var first: Int32 = -1
    var last: Int32 = -1
    var count = 0
  }

  private let options: LateLabelOptions
  private var entries: [Entry] = []
  /// Slots that are free, the last one to be used first.
  private var free: [Int32] = []
  private var waiting = Line()
  private var remembered = Line()
  /// Slots plus one, by hash; 0: nothing.
  private var table = [Int32](repeating: 0, count: 64)
  private var bytes: [UInt8] = []
  private var spare: [UInt8] = []
  private var deadBytes = 0
  private(set) var counts = JoinCounts()
  /// The slots of the rows that `ask` or `expire` gave up last.
  private(set) var expiredLast: [Int] = []

  init(_ options: LateLabelOptions) { self.options = options }

  // MARK: - Rows and labels

  /// Looks an id up.
  func find(_ id: Field) -> Meeting {
    let hash = LabelJoin.hash(id)
    var place = Int(truncatingIfNeeded: hash) & (table.count - 1)
    while table[place] != 0 {
      let slot = Int(table[place]) - 1
      if entries[slot].hash == hash, isEqual(slot, id) {
        return Meeting(hash: hash, slot: slot, standing: entries[slot].standing)
      }
      place = (place + 1) & (table.count - 1)
    }
    return Meeting(hash: hash, slot: -1, standing: .unknown)
  }

  /// Takes row `event`, whose id was met for the first time, and that waits for its label from now on.
  ///
  /// - Returns: its slot.
  mutating func ask(_ id: Field, _ meeting: Meeting, event: Int, time: Double) -> Int {
    expire(event: event, time: time)
    if waiting.count >= options.waitRows { giveUpOldest() }
    let slot = add(id, meeting.hash, .waiting, event: event, time: time)
    LabelJoin.append(slot, to: &waiting, &entries)
    counts.rows += 1
    counts.waiting += 1
    return slot
  }

  /// Takes a row that has its label with it.
  mutating func learn(_ id: Field, _ meeting: Meeting, event: Int, time: Double) {
    expire(event: event, time: time)
    let slot = add(id, meeting.hash, .learned, event: event, time: time)
    remember(slot)
    counts.rows += 1
    counts.atOnce += 1
  }

  /// The label of the row in `slot` has come after `events` events.
  mutating func answer(_ slot: Int, events: Int) {
    let delay = max(0, events - 1 - entries[slot].event)
    LabelJoin.remove(slot, from: &waiting, &entries)
    entries[slot].standing = .learned
    counts.waiting -= 1
    counts.joined += 1
    counts.delaySum += delay
    counts.longestDelay = max(counts.longestDelay, delay)
    remember(slot)
  }

  /// Gives up the rows that are too old for event `event` at `time`.
  mutating func expire(event: Int, time: Double) {
    expiredLast.removeAll(keepingCapacity: true)
    guard let limit = options.timeToLive else { return }
    while waiting.count > 0 {
      let oldest = entries[Int(waiting.first)]
      switch limit {
      case .events(let most): guard event - oldest.event > most else { return }
      case .seconds(let most): guard time - oldest.time > most else { return }
      }
      giveUpOldest()
    }
  }

  /// A label or a row came that nothing is made of. A label of an id that `meeting` has found nowhere is unmatched.
  mutating func countIdle(_ standing: Standing, isLabel: Bool) {
    switch (standing, isLabel) {
    case (_, false): counts.repeatedRows += 1
    case (.learned, true): counts.duplicates += 1
    case (.expired, true): counts.afterExpiry += 1
    case (.unknown, true), (.waiting, true): counts.unmatched += 1
    }
  }

  /// The standing of what `slot` holds now.
  func standing(_ slot: Int) -> Standing { slot < 0 ? .unknown : entries[slot].standing }

  /// The id in `slot`, for telling it to people.
  func id(_ slot: Int) -> [UInt8] {
    Array(bytes[entries[slot].start..<entries[slot].start + Int(entries[slot].length)])
  }

  /// Ids of which anything is known, and the bytes that are held for them.
  var knownIDs: Int { entries.count - free.count }
  var memoryBytes: Int {
    entries.capacity * MemoryLayout<Entry>.stride + 4 * (table.count + free.capacity)
      + bytes.capacity + spare.capacity
  }

  /// The number of the row in `slot`.
  func event(_ slot: Int) -> Int { entries[slot].event }

  private mutating func giveUpOldest() {
    let slot = Int(waiting.first)
    LabelJoin.remove(slot, from: &waiting, &entries)
    entries[slot].standing = .expired
    counts.waiting -= 1
    counts.expired += 1
    expiredLast.append(slot)
    remember(slot)
  }

  private mutating func remember(_ slot: Int) {
    if remembered.count >= options.waitRows { forget(Int(remembered.first)) }
    LabelJoin.append(slot, to: &remembered, &entries)
  }

  /// Forgets which ids were learned or expired: rows with the same are new ones. Those that wait go on waiting.
  mutating func forgetRemembered() {
    while remembered.count > 0 { forget(Int(remembered.first)) }
  }

  // MARK: - Lists

  /// Static, so that a list and the entries can be changed at the same time.
  private static func append(_ slot: Int, to line: inout Line, _ entries: inout [Entry]) {
    entries[slot].previous = line.last
    entries[slot].next = -1
    if line.last >= 0 {
      entries[Int(line.last)].next = Int32(slot)
    } else {
      line.first = Int32(slot)
    }
    line.last = Int32(slot)
    line.count += 1
  }

  private static func remove(_ slot: Int, from line: inout Line, _ entries: inout [Entry]) {
    let (previous, next) = (entries[slot].previous, entries[slot].next)
    if previous >= 0 { entries[Int(previous)].next = next } else { line.first = next }
    if next >= 0 { entries[Int(next)].previous = previous } else { line.last = previous }
    line.count -= 1
  }

  // MARK: - The table

  private mutating func add(
    _ id: Field, _ hash: UInt64, _ standing: Standing, event: Int, time: Double
  ) -> Int {
    let known = entries.count - free.count + 1
    if known * 2 > table.count { grow() }
    if deadBytes > 4096, deadBytes * 2 > bytes.count { moveTogether() }
    let slot = free.popLast().map(Int.init) ?? entries.count
    if slot == entries.count { entries.append(Entry()) }
    entries[slot] = Entry(
      hash: hash, start: bytes.count, length: Int32(id.count), standing: standing, event: event,
      time: time)
    bytes.append(contentsOf: id.bytes)
    place(slot)
    return slot
  }

  /// Puts a slot into the table.
  private mutating func place(_ slot: Int) {
    var place = Int(truncatingIfNeeded: entries[slot].hash) & (table.count - 1)
    while table[place] != 0 { place = (place + 1) & (table.count - 1) }
    table[place] = Int32(slot + 1)
  }

  private mutating func grow() {
    table = [Int32](repeating: 0, count: table.count * 2)
    for slot in entries.indices where entries[slot].standing != .unknown { place(slot) }
  }

  private mutating func forget(_ slot: Int) {
    LabelJoin.remove(slot, from: &remembered, &entries)
    let mask = table.count - 1
    var hole = Int(truncatingIfNeeded: entries[slot].hash) & mask
    while Int(table[hole]) != slot + 1 { hole = (hole + 1) & mask }
    // What stands behind the hole and may stand in it moves there.
    var place = (hole + 1) & mask
    while table[place] != 0 {
      let home = Int(truncatingIfNeeded: entries[Int(table[place]) - 1].hash) & mask
      if (place - home) & mask >= (place - hole) & mask {
        table[hole] = table[place]
        hole = place
      }
      place = (place + 1) & mask
    }
    table[hole] = 0
    deadBytes += Int(entries[slot].length)
    entries[slot].standing = .unknown
    free.append(Int32(slot))
  }

  private mutating func moveTogether() {
    spare.removeAll(keepingCapacity: true)
    for slot in entries.indices where entries[slot].standing != .unknown {
      let start = entries[slot].start
      entries[slot].start = spare.count
      spare.append(contentsOf: bytes[start..<start + Int(entries[slot].length)])
    }
    swap(&bytes, &spare)
    deadBytes = 0
  }

  private func isEqual(_ slot: Int, _ id: Field) -> Bool {
    let length = Int(entries[slot].length)
    guard length == id.count else { return false }
    let start = entries[slot].start
    return bytes.withUnsafeBufferPointer { bytes in
      for i in 0..<length where bytes[start + i] != id.start[i] { return false }
      return true
    }
  }

  private static func hash(_ id: Field) -> UInt64 {
    var value = UInt64(truncatingIfNeeded: id.count) &* 0x9E37_79B9_7F4A_7C15
    var (cursor, rest) = (UnsafeRawPointer(id.start), id.count)
    while rest > 0 {
      var word = UInt64(littleEndian: cursor.loadUnaligned(as: UInt64.self))
      if rest < 8 { word &= ~0 >> UInt64(64 - 8 * rest) }
      value = (value ^ word) &* 0xBF58_476D_1CE4_E5B9
      value ^= value >> 31
      (cursor, rest) = (cursor + 8, rest - 8)
    }
    value = value &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 32
  }

  // MARK: - Snapshots

  func write(to writer: inout SnapshotWriter) {
    writer.write(entries.map { Int(bitPattern: UInt(truncatingIfNeeded: $0.hash)) })
    writer.write(entries.map(\.start))
    writer.write(entries.map { Int($0.length) })
    writer.write(entries.map { Int($0.standing.rawValue) })
    writer.write(entries.map { Int($0.previous) })
    writer.write(entries.map { Int($0.next) })
    writer.write(entries.map(\.event))
    writer.write(entries.map(\.time))
    writer.write(free.map(Int.init))
    for line in [waiting, remembered] {
      writer.write([Int(line.first), Int(line.last), line.count])
    }
    writer.write(bytes)
    writer.write(deadBytes)
    writer.write(counts.numbers)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let hashes = try reader.readInts()
    var lists: [[Int]] = []
    for _ in 0..<6 { lists.append(try reader.readInts()) }
    let times = try reader.readDoubles()
    let count = hashes.count
    guard lists.allSatisfy({ $0.count == count }), times.count == count else { throw .corrupt }
    let slots = -1..<count
    var restored: [Entry] = []
    for slot in 0..<count {
      guard let standing = Standing(rawValue: UInt8(truncatingIfNeeded: lists[2][slot])),
        slots.contains(lists[3][slot]), slots.contains(lists[4][slot]),
        (0...Int(Int32.max)).contains(lists[1][slot]), lists[0][slot] >= 0
      else { throw .corrupt }
      restored.append(
        Entry(
          hash: UInt64(bitPattern: Int64(hashes[slot])), start: lists[0][slot],
          length: Int32(lists[1][slot]), standing: standing, previous: Int32(lists[3][slot]),
          next: Int32(lists[4][slot]), event: lists[5][slot], time: times[slot]))
    }
    let free = try reader.readInts()
    let lines = [try reader.readInts(), try reader.readInts()]
    let texts = try reader.readBytes()
    let dead = try reader.readInt()
    guard free.allSatisfy({ (0..<count).contains($0) }),
      lines.allSatisfy({ $0.count == 3 && slots.contains($0[0]) && slots.contains($0[1]) }),
      let counts = JoinCounts(try reader.readInts()),
      restored.allSatisfy({
        $0.standing == .unknown || $0.start + Int($0.length) <= texts.count
      })
    else { throw .corrupt }
    (entries, self.free, self.counts, deadBytes) = (restored, free.map(Int32.init), counts, dead)
    bytes = texts
    waiting = Line(first: Int32(lines[0][0]), last: Int32(lines[0][1]), count: lines[0][2])
    remembered = Line(first: Int32(lines[1][0]), last: Int32(lines[1][1]), count: lines[1][2])
    table = [Int32](repeating: 0, count: 64)
    while entries.count * 2 > table.count { table = [Int32](repeating: 0, count: 2 * table.count) }
    for slot in entries.indices where entries[slot].standing != .unknown { place(slot) }
  }
}
