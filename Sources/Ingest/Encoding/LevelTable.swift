import Snapshots

/// Numbers the distinct values of a category column in the order in which they first appear.
///
/// Open addressing with linear probing over a power-of-two table. A value of up to 8 bytes is
/// compared as one word; longer ones byte by byte in an arena. At the limit, new values share the
/// last number. No allocation unless a value is new.
struct LevelTable: Snapshotted {
  /// The number given to a value, and whether it was met for the first time.
  struct Level {
    let index: Int
    let isNew: Bool
  }

  private struct Slot {
    var word: UInt64 = 0
    var start: Int32 = 0
    var length: Int32 = -1
    var index: Int32 = 0
  }

  private var slots = [Slot](repeating: Slot(), count: 64)
  private var arena: [UInt8] = []
  private var bounds: [(start: Int32, length: Int32)] = []
  private let limit: Int
  /// Whether values had to share a number because there were too many.
  private(set) var isFull = false

  init(limit: Int) { self.limit = limit }

  var count: Int { bounds.count + (isFull ? 1 : 0) }

  /// What value `index` is called.
  func name(_ index: Int) -> String {
    guard index < bounds.count else { return "(others)" }
    let (start, length) = bounds[index]
    return String(decoding: arena[Int(start)..<Int(start + length)], as: UTF8.self)
  }

  /// The number of the value that `field` spells.
  mutating func level(_ field: Field) -> Level {
    let length = field.count
    let word = LevelTable.word(field)
    var slot = Int(truncatingIfNeeded: hash(word, field)) & (slots.count - 1)
    while slots[slot].length >= 0 {
      if slots[slot].word == word, slots[slot].length == length,
        length <= 8 || isEqual(field, at: Int(slots[slot].start))
      {
        return Level(index: Int(slots[slot].index), isNew: false)
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    guard bounds.count < limit else {
      let wasFull = isFull
      isFull = true
      return Level(index: limit, isNew: !wasFull)
    }
    let index = bounds.count
    let start = Int32(arena.count)
    arena.append(contentsOf: field.bytes)
    bounds.append((start, Int32(length)))
    slots[slot] = Slot(word: word, start: start, length: Int32(length), index: Int32(index))
    if bounds.count * 2 > slots.count { grow() }
    return Level(index: index, isNew: true)
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(arena)
    writer.write(bounds.map(\.length))
    writer.write(isFull)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let bytes = try reader.readBytes()
    let lengths = try reader.readInt32s()
    var table = LevelTable(limit: limit)
    let scratch = Scratch()
    var start = 0
    for length in lengths {
      let end = start + Int(length)
      guard length >= 0, end <= bytes.count,
        table.level(scratch.piece(Array(bytes[start..<end]))).isNew
      else { throw .corrupt }
      start = end
    }
    table.isFull = try reader.readBool()
    guard start == bytes.count else { throw .corrupt }
    self = table
  }

  /// The first eight bytes; a shorter value's word has zeros after it.
  @inline(__always)
  private static func word(_ field: Field) -> UInt64 {
    let word = UInt64(
      littleEndian: UnsafeRawPointer(field.start).loadUnaligned(as: UInt64.self))
    let length = field.count
    return length >= 8 ? word : length == 0 ? 0 : word & (~0 >> UInt64(64 - 8 * length))
  }

  private func hash(_ word: UInt64, _ field: Field) -> UInt64 {
    var value = (word ^ UInt64(truncatingIfNeeded: field.count)) &* 0x9E37_79B9_7F4A_7C15
    if field.count > 8 {
      for byte in field.bytes[8...] { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
    value ^= value >> 29
    return value &* 0xBF58_476D_1CE4_E5B9 >> 7
  }

  private func isEqual(_ field: Field, at start: Int) -> Bool {
    let bytes = field.bytes
    for i in 8..<bytes.count where arena[start + i] != bytes[i] { return false }
    return true
  }

  private mutating func grow() {
    let old = slots
    slots = [Slot](repeating: Slot(), count: old.count * 2)
    for entry in old where entry.length >= 0 {
      let key = arena.withUnsafeBufferPointer { bytes -> UInt64 in
        guard let base = bytes.baseAddress else { return 0 }
        let start = base + Int(entry.start)
        return hash(entry.word, Field(start: start, end: start + Int(entry.length)))
      }
      var slot = Int(truncatingIfNeeded: key) & (slots.count - 1)
      while slots[slot].length >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
  }
}

/// Numbers distinct 64-bit keys in the order in which they first appear; for pairs of levels. At the
/// limit, new keys share the last number.
struct KeyTable: Snapshotted {
  private let limit: Int
  private var keys = [UInt64](repeating: 0, count: 64)
  private var indices = [Int32](repeating: -1, count: 64)
  private(set) var count = 0

  init(limit: Int) { self.limit = limit }

  /// The number of `key`, and whether it was met for the first time.
  mutating func index(_ key: UInt64) -> LevelTable.Level {
    var slot = KeyTable.slot(key, in: keys.count)
    while indices[slot] >= 0 {
      if keys[slot] == key { return LevelTable.Level(index: Int(indices[slot]), isNew: false) }
      slot = (slot + 1) & (keys.count - 1)
    }
    guard count < limit else { return LevelTable.Level(index: limit, isNew: false) }
    (keys[slot], indices[slot]) = (key, Int32(count))
    count += 1
    if count * 2 > keys.count { grow() }
    return LevelTable.Level(index: count - 1, isNew: true)
  }

  /// The keys in the order of their numbers.
  func write(to writer: inout SnapshotWriter) {
    var ordered = [UInt64](repeating: 0, count: count)
    for slot in keys.indices where indices[slot] >= 0 { ordered[Int(indices[slot])] = keys[slot] }
    writer.write(ordered)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    var table = KeyTable(limit: limit)
    for key in try reader.readWords() {
      guard table.index(key).isNew else { throw .corrupt }
    }
    self = table
  }

  private static func slot(_ key: UInt64, in size: Int) -> Int {
    let mixed = key &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: mixed ^ mixed >> 32) & (size - 1)
  }

  private mutating func grow() {
    let (oldKeys, oldIndices) = (keys, indices)
    keys = [UInt64](repeating: 0, count: oldKeys.count * 2)
    indices = [Int32](repeating: -1, count: oldKeys.count * 2)
    for i in oldKeys.indices where oldIndices[i] >= 0 {
      var slot = KeyTable.slot(oldKeys[i], in: keys.count)
      while indices[slot] >= 0 { slot = (slot + 1) & (keys.count - 1) }
      (keys[slot], indices[slot]) = (oldKeys[i], oldIndices[i])
    }
  }
}
