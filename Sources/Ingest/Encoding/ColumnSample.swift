/// What the first events showed of a column, and the type that follows.
struct ColumnEvidence {
  var name: String
  private(set) var values = 0
  private(set) var numbers = 0
  private(set) var nested = 0
  /// Values that were JSON's true or false, which count as 1 and 0.
  private(set) var booleans = 0
  /// The first few distinct values, as text.
  private(set) var distinct: [String] = []

  /// Every value as text, row by row, empty where there was none; kept only for an automatic recipe.
  private(set) var texts: [String] = []

  /// What the input itself says of its type; nil: it says nothing.
  private var isDeclaredNumber: Bool?

  init(name: String) { self.name = name }

  /// Takes the type that the input says the column has, and the values of a category where it names them.
  mutating func declare(isNumber: Bool, values: [String]) {
    isDeclaredNumber = isNumber
    distinct = Array(values.prefix(3))
  }

  /// Remembers a row's value; rows before it that had none are empty.
  private mutating func keep(_ text: String, row: Int) {
    while texts.count < row { texts.append("") }
    if texts.count == row { texts.append(text) }
  }

  mutating func addBoolean(_ field: Field, row: Int?) {
    if let row { keep(field.text, row: row) }
    values += 1
    booleans += 1
    if distinct.count < 3, !distinct.contains(field.text) { distinct.append(field.text) }
  }

  mutating func add(_ field: Field, row: Int?) {
    let trimmed = field.trimmed
    guard !MissingWords.contains(trimmed) else { return }
    if let row { keep(trimmed.text, row: row) }
    values += 1
    if NumberField.value(trimmed) != nil { numbers += 1 }
    guard distinct.count < 3 else { return }
    let text = trimmed.text
    if !distinct.contains(text) { distinct.append(text) }
  }

  mutating func addNested() { nested += 1 }

  /// Numbers unless a value was seen that is none, or the input says which.
  var isNumeric: Bool { isDeclaredNumber ?? (numbers + booleans == values) }
}

/// Words that stand for a number that is not there.
enum MissingWords {
  private static let words: [StaticString] = [
    "NA", "N/A", "NaN", "nan", "NAN", "null", "NULL", "None", "none", "?", "-", "n/a", "na",
  ]

  static func contains(_ field: Field) -> Bool {
    if field.isEmpty { return true }
    // None begins or ends with a digit, which most fields do.
    guard field.count <= 4, !Decimal.isDigit(field.start[0]), !Decimal.isDigit(field.end[-1])
    else { return false }
    return words.contains { word in
      word.utf8CodeUnitCount == field.count
        && (0..<field.count).allSatisfy { word.utf8Start[$0] == field.start[$0] }
    }
  }
}

/// A whole field read as one number.
enum NumberField {
  /// Nil when the field is anything but one number, finite or not.
  static func value(_ field: Field) -> Double? {
    guard !field.isEmpty else { return nil }
    let reading = Decimal.readLong(field.start)
    guard let next = reading.next, next == field.end else { return nil }
    return reading.value
  }

  /// 1 for true, 0 for false.
  static func boolean(_ field: Field) -> Double? {
    switch field.count <= 5 ? field.text : "" {
    case "true": 1
    case "false": 0
    default: nil
    }
  }
}
