import Batches
import Kernels

/// Makes a stream with late labels of one with labels: each row goes out without its label, and the label some events
/// or some time later as a row of its own, of an id and the label.
///
/// A label that is N events late comes behind the row N events later; one that is a time late, behind the last row
/// that is not later than that. When the rows are over, the labels that are left come in their order.
struct LateReplay {
  /// What is to become of the labels.
  struct Plan {
    let delay: StreamInterval
    /// A label comes up to so much later, evenly; of the delay's kind.
    var jitter: StreamInterval?
    /// The share of labels that never come, and that come twice.
    var loss = 0.0
    var repeats = 0.0
    var seed = 1

    /// Whether the delay is in the data's own time.
    var isTimed: Bool { if case .seconds = delay { true } else { false } }
  }

  private struct Waiting: Comparable {
    let due: Double
    let number: Int
    let line: String

    static func < (left: Waiting, right: Waiting) -> Bool {
      (left.due, left.number) < (right.due, right.number)
    }
  }

  private let plan: Plan
  private let delimiter: UInt8
  private let columns: Int
  /// Nil: rows are numbered from 1 in a column of their own.
  private let id: Int?
  private let target: Int
  /// The columns that come with the label: the target, and what would tell it.
  private let withheld: [Int]
  private var heap = Heap<Waiting>()
  private var random: RandomBits
  private var row = 0
  private var number = 0
  private(set) var header: String

  /// `header` is the first line, `withheld` are columns that would tell the label.
  init(
    _ plan: Plan, header line: [UInt8], target: String, id: String?, withheld: [String]
  ) throws {
    self.plan = plan
    delimiter =
      line.contains(UInt8(ascii: "\t")) && !line.contains(UInt8(ascii: ","))
      ? UInt8(ascii: "\t") : UInt8(ascii: ",")
    let names = FieldText.split(line.dropLast(), delimiter)
    func place(_ name: String, _ option: String) throws -> Int {
      guard let place = names.firstIndex(of: name) else {
        throw Failure(
          message: "--\(option) \(name): there is no such column; the columns are "
            + names.joined(separator: ", "), code: Exit.usage)
      }
      return place
    }
    self.target = try place(target, "target")
    self.id = try id.map { try place($0, "id") }
    self.withheld = try [self.target] + withheld.map { try place($0, "withhold") }
    guard id != nil || !names.contains("id") else {
      throw Failure(
        message:
          "there is a column 'id'; say --id id, or --id with another that differs in every row",
        code: Exit.usage)
    }
    columns = names.count
    random = RandomBits(seed: UInt64(bitPattern: Int64(plan.seed)))
    header = FieldText.line(id == nil ? ["id"] + names : names, delimiter)
  }

  /// What goes out now that the next row comes: labels that are due, and the row.
  mutating func take(_ line: [UInt8], time: Double?) throws -> String {
    var fields = FieldText.split(line.dropLast(), delimiter)
    guard fields.count == columns else {
      throw Failure(
        message: "row \(row) has \(fields.count) fields, the header \(columns)", code: Exit.badData)
    }
    var now = Double(row)
    if case .seconds = plan.delay {
      guard let time else {
        throw Failure(
          message: "row \(row) has no time, which the delay is counted in", code: Exit.badData)
      }
      now = time
    }
    var text = due { $0 < now }
    var label = Array(repeating: "", count: columns)
    for place in withheld { (label[place], fields[place]) = (fields[place], "") }
    if let id { label[id] = fields[id] } else { label.insert("\(row + 1)", at: 0) }
    if id == nil { fields.insert("\(row + 1)", at: 0) }
    text += FieldText.line(fields, delimiter)
    if !(random.unit() < plan.loss) {
      let line = FieldText.line(label, delimiter)
      let first = now + plan.delay.length + jitter()
      add(first, line)
      if random.unit() < plan.repeats { add(first + plan.delay.length / 2 + jitter(), line) }
    }
    row += 1
    return text
  }

  /// The labels that are left.
  mutating func finish() -> String { due { _ in true } }

  private mutating func add(_ due: Double, _ line: String) {
    heap.insert(Waiting(due: due, number: number, line: line))
    number += 1
  }

  private mutating func jitter() -> Double {
    guard let jitter = plan.jitter else { return 0 }
    let share = random.unit()
    if case .events(let most) = jitter { return (share * Double(most + 1)).rounded(.down) }
    return share * jitter.length
  }

  private mutating func due(_ isDue: (Double) -> Bool) -> String {
    var text = ""
    while let next = heap.least, isDue(next.due) {
      text += next.line
      heap.removeLeast()
    }
    return text
  }
}

extension StreamInterval {
  /// In events, or in seconds.
  fileprivate var length: Double {
    switch self {
    case .events(let count): Double(count)
    case .seconds(let seconds): seconds
    }
  }
}

/// A binary heap with the least element in front.
struct Heap<Element: Comparable> {
  private var elements: [Element] = []

  init() {}

  var least: Element? { elements.first }

  mutating func insert(_ element: Element) {
    elements.append(element)
    var place = elements.count - 1
    while place > 0, elements[place] < elements[(place - 1) / 2] {
      elements.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func removeLeast() {
    guard elements.count > 1 else { return elements.removeAll() }
    elements[0] = elements.removeLast()
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2]
      where child < elements.count && elements[child] < elements[least] {
        least = child
      }
      guard least != place else { return }
      elements.swapAt(place, least)
      place = least
    }
  }
}
