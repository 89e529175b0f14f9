import Batches
import Snapshots

/// Reads the target: a number, or the index of a class.
struct TargetReader: Snapshotted {
  private let task: Task
  private var classes: [String] = []
  private var values: [Double?] = []
  private var weights: [String: Double] = [:]
  private var weightByClass: [Double] = []
  /// More classes than this are a mistake rather than a task.
  private static let classLimit = 1000

  /// `positive` is the value of a binary target that is to have index 1, if the user said so; `seen`
  /// are values in the first events.
  init(task: Task, name: String, positive: String?, seen: [String]) throws(IngestError) {
    self.task = task
    guard task == .binary else { return }
    let others = seen.filter { $0 != positive }
    if let positive {
      guard seen.count != 2 || seen.contains(positive) else {
        throw .badFeature(
          option: "--positive", text: positive,
          reason: "the target's values are \(seen.joined(separator: " and "))")
      }
      guard others.count <= 1 else {
        throw .unfitTarget(
          name: name, reason: "it has more than two values: \(seen.joined(separator: ", "))")
      }
      classes = [others.first ?? "", positive]
    } else {
      guard seen.count <= 2 else {
        throw .unfitTarget(
          name: name,
          reason: "--task binary, but it has more than two values: \(seen.joined(separator: ", "))")
      }
      classes = TargetReader.ordered(seen)
    }
    values = classes.map(Double.init)
  }

  /// The two classes, the event itself last: 1, true, yes or the greater of two words.
  private static func ordered(_ seen: [String]) -> [String] {
    let events: Set<String> = ["1", "+1", "1.0", "true", "True", "TRUE", "yes", "y", "Yes", "t"]
    if let event = seen.first(where: { events.contains($0) }) {
      let other = seen.first { $0 != event } ?? opposite(of: event)
      return [other, event]
    }
    if seen.count == 2 { return seen.sorted() }
    guard let only = seen.first else { return ["0", "1"] }
    return [only, opposite(of: only)]
  }

  private static func opposite(of value: String) -> String {
    let pairs = [
      "0": "1", "0.0": "1.0", "-1": "1", "-1.0": "1.0", "1": "0", "1.0": "0.0", "+1": "-1",
      "true": "false", "True": "False", "false": "true", "False": "True", "no": "yes", "yes": "no",
    ]
    return pairs[value] ?? ""
  }

  var classNames: [String] { classes }

  /// Numbers classes as another reader of the same task does.
  mutating func takeClasses(of other: TargetReader) {
    (classes, values, short) = (other.classes, other.values, other.short)
    weightByClass.removeAll()
  }

  /// Takes the importance of classes, each `CLASS=WEIGHT`.
  mutating func setWeights(_ texts: [String]) throws(IngestError) {
    for text in texts {
      let parts = text.split(separator: "=").map(String.init)
      guard parts.count == 2, let weight = Double(parts[1]), weight >= 0, weight.isFinite,
        task != .regression
      else {
        throw .badFeature(
          option: "--class-weight", text: text,
          reason: task == .regression ? "the target has no classes" : "expected CLASS=WEIGHT")
      }
      guard task != .binary || classes.contains(parts[0]) || classes.contains("") else {
        throw .badFeature(
          option: "--class-weight", text: text,
          reason: "the classes are \(classes.joined(separator: " and "))")
      }
      weights[parts[0]] = weight
    }
  }

  /// The importance of a class's rows.
  mutating func weight(_ index: Double) -> Double {
    guard !weights.isEmpty, !index.isNaN else { return 1 }
    while weightByClass.count < classes.count {
      weightByClass.append(weights[classes[weightByClass.count]] ?? 1)
    }
    return weightByClass[Int(index)]
  }

  /// The target's value; NaN when it is missing; nil when it is no such target.
  mutating func read(_ field: Field) -> Double? {
    if field.count == 1, short[Int(field.start[0])] >= 0 {
      return Double(short[Int(field.start[0])])
    }
    let field = field.trimmed
    switch task {
    case .regression:
      if MissingWords.contains(field) { return .nan }
      guard let value = NumberField.value(field), value.isFinite else { return nil }
      return value
    case .binary, .multiclass:
      if field.isEmpty || (task == .binary && MissingWords.contains(field)) { return .nan }
      return index(field)
    }
  }

  /// Indices of the classes whose names are one byte long, by that byte; -1: no such class.
  private var short = [Int16](repeating: -1, count: 256)

  private mutating func index(_ field: Field) -> Double? {
    guard field.count == 1 else { return search(field) }
    let byte = Int(field.start[0])
    if short[byte] >= 0 { return Double(short[byte]) }
    let found = search(field)
    // A class that was found by its name or its number keeps it.
    if let found { short[byte] = Int16(found) }
    return found
  }

  private mutating func search(_ field: Field) -> Double? {
    for (index, name) in classes.enumerated() where isEqual(field, name) { return Double(index) }
    if task == .binary, let number = NumberField.value(field) {
      for (index, value) in values.enumerated() where value == number { return Double(index) }
    }
    if task == .binary {
      // The other of two words may show up late; a third one is an error.
      guard let free = classes.firstIndex(of: "") else { return nil }
      classes[free] = field.text
      weightByClass.removeAll()
      return Double(free)
    }
    guard classes.count < TargetReader.classLimit else { return nil }
    classes.append(field.text)
    return Double(classes.count - 1)
  }

  /// Classes as they were met. Which of them have names of one byte is found again when they come.
  func write(to writer: inout SnapshotWriter) { writer.write(classes) }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    classes = try reader.readStrings()
    guard task != .binary || classes.count == values.count else { throw .corrupt }
    weightByClass.removeAll()
  }

  private func isEqual(_ field: Field, _ name: String) -> Bool {
    let utf8 = name.utf8
    guard utf8.count == field.count else { return false }
    return utf8.withContiguousStorageIfAvailable { bytes in
      for i in 0..<bytes.count where bytes[i] != field.start[i] { return false }
      return true
    } ?? field.bytes.elementsEqual(utf8)
  }

  /// What a message says was expected.
  var expectation: String {
    switch task {
    case .regression: "a finite number"
    case .binary: classes.filter { !$0.isEmpty }.joined(separator: " or ")
    case .multiclass: "one of at most \(TargetReader.classLimit) classes"
    }
  }
}
