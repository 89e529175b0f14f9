import Batches
import Snapshots

/// Rows that were predicted and whose labels are still under way.
///
/// Rows stand in the order in which they came and leave in any order, found by a key: a small number that is used
/// again when its row has left. A row keeps its slot until `moveTogether`; what models said of it is kept by the
/// same slot (`Answers`). Of more rows than may wait the oldest leaves.
///
/// Memory: room for twice the rows that wait and a few, made as they come; no allocation once as many wait as ever do.
final class WaitingRows {
  /// Rows that may wait at the same time.
  private let most: Int
  private(set) var rows: MicroBatch
  /// Where rows are moved to.
  private var spare: MicroBatch
  /// The number of each slot's row.
  private var events: [Int] = []
  /// The key of each slot's row; `none`: it has no key; `gone`: it has left.
  private var keys: [Int] = []
  /// The slot of each key's row; −1: no row has it.
  private var slots: [Int] = []
  /// No row is in a slot before this one.
  private var first = 0
  private(set) var count = 0
  /// The slots that the rows which stayed had before `moveTogether`, by their slots since.
  private(set) var kept: [Int] = []

  /// The key of a row that will not be looked for.
  static let none = -1
  private static let gone = -2

  init(most: Int, denseWidth: Int) {
    self.most = most
    let capacity = WaitingRows.firstSlots(most: most)
    rows = MicroBatch(capacity: capacity, denseWidth: denseWidth)
    spare = MicroBatch(capacity: capacity, denseWidth: denseWidth)
  }

  /// Slots that there are at first: those of a short wait at once.
  static func firstSlots(most: Int) -> Int { min(2 * most + 64, 1024) }

  var capacity: Int { rows.capacity }
  var isFull: Bool { rows.isFull }

  func write(to writer: inout SnapshotWriter) {
    writer.write(capacity)
    rows.write(to: &writer)
    writer.write(events)
    writer.write(keys)
  }

  func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let room = try reader.readInt()
    guard (rows.capacity...max(rows.capacity, 2 * most + 64)).contains(room) else {
      throw .corrupt
    }
    rows = try MicroBatch.read(denseWidth: rows.denseWidth, capacity: room, from: &reader)
    spare = MicroBatch(capacity: room, denseWidth: rows.denseWidth)
    events = try reader.readInts()
    keys = try reader.readInts()
    guard rows.capacity == room, events.count == rows.count, keys.count == rows.count,
      keys.allSatisfy({ (WaitingRows.gone...4 * most + 64).contains($0) })
    else { throw .corrupt }
    (first, count, slots) = (0, 0, [])
    for slot in keys.indices where keys[slot] != WaitingRows.gone {
      count += 1
      guard keys[slot] >= 0 else { continue }
      while slots.count <= keys[slot] { slots.append(-1) }
      guard slots[keys[slot]] < 0 else { throw .corrupt }
      slots[keys[slot]] = slot
    }
    guard count <= most else { throw .corrupt }
  }

  /// Takes over a row; returns its slot.
  func append(_ batch: borrowing MicroBatch, _ row: Int, key: Int, event: Int) -> Int {
    if count >= most { leave(oldest) }
    rows.append(row: row, of: batch)
    let slot = rows.count - 1
    events.append(event)
    keys.append(key)
    count += 1
    guard key >= 0 else { return slot }
    while slots.count <= key { slots.append(-1) }
    if slots[key] >= 0 { leave(slots[key]) }
    slots[key] = slot
    return slot
  }

  /// Where the row with a key stands; nil when it has left.
  func slot(ofKey key: Int) -> Int? {
    guard key < slots.count, slots[key] >= 0 else { return nil }
    return slots[key]
  }

  /// The number of the row in a slot.
  func event(_ slot: Int) -> Int { events[slot] }

  /// Gives a row the label that has come for it, the importance of which multiplies the row's.
  func answer(_ slot: Int, _ label: Double, weight: Double) {
    rows.setLabel(slot, label, weight: rows.weights[slot] * weight)
  }

  /// A row leaves.
  func leave(_ slot: Int) {
    if keys[slot] >= 0 { slots[keys[slot]] = -1 }
    keys[slot] = WaitingRows.gone
    count -= 1
  }

  /// The slot of the row that came first; to be asked for when there is one.
  var oldest: Int {
    while keys[first] == WaitingRows.gone { first += 1 }
    return first
  }

  /// Gives the rows the slots from 0 on, in the same order, and makes more if more than half are taken; `kept` tells
  /// who stayed.
  func moveTogether() {
    kept.removeAll(keepingCapacity: true)
    for slot in keys.indices where keys[slot] != WaitingRows.gone { kept.append(slot) }
    if kept.count * 2 > capacity {
      let room = min(2 * capacity, 2 * most + 64)
      spare = MicroBatch(capacity: room, denseWidth: rows.denseWidth)
    } else {
      spare.removeAll()
    }
    for (slot, old) in kept.enumerated() {
      spare.append(row: old, of: rows)
      (events[slot], keys[slot]) = (events[old], keys[old])
      if keys[slot] >= 0 { slots[keys[slot]] = slot }
    }
    events.removeLast(events.count - kept.count)
    keys.removeLast(keys.count - kept.count)
    swap(&rows, &spare)
    first = 0
    if spare.capacity < rows.capacity {
      spare = MicroBatch(capacity: rows.capacity, denseWidth: rows.denseWidth)
    }
  }
}
