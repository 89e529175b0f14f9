import Monitors
import Telemetry

/// A profile as JSON: what a registry keeps of a version's data, `weir profile --json` writes, and `--reference` reads.
extension Reference {
  var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("rows", .int(rows)), ("refused", .int(refused)),
      ("typeErrors", .members(typeErrors.sorted { $0.key < $1.key }.map { ($0, .int($1)) })),
      ("names", .array(columns.map { .string($0) })),
      ("firstTime", .number(firstTime)), ("lastTime", .number(lastTime)),
      ("longestGap", .double(longestGap)),
    ]
    if let blockSeconds {
      members.append(
        (
          "blockSeconds",
          .array([
            .double(blockSeconds.least), .double(blockSeconds.mean), .double(blockSeconds.most),
          ])
        ))
    }
    if let target { members.append(("target", target.json)) }
    members.append(
      ("columns", .members(numbers.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })))
    members.append(
      (
        "categories",
        .members(categories.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })
      ))
    return .members(members)
  }

  /// Reads what `json` wrote; nil where it is something else.
  init?(_ json: JSONValue) {
    self.init()
    guard let rows = json["rows"]?.asInt, let columns = json["columns"]?.asMembers,
      json["categories"] != nil
    else { return nil }
    (self.rows, refused) = (rows, json["refused"]?.asInt ?? 0)
    for member in json["typeErrors"]?.asMembers ?? [] {
      typeErrors[member.key] = member.value.asInt ?? 0
    }
    self.columns = json["names"]?.strings ?? []
    (firstTime, lastTime) = (json["firstTime"]?.asNumber, json["lastTime"]?.asNumber)
    longestGap = json["longestGap"]?.asNumber ?? 0
    if let seconds = json["blockSeconds"]?.numbers, seconds.count == 3 {
      blockSeconds = BlockSeconds(least: seconds[0], mean: seconds[1], most: seconds[2])
    }
    if let member = json["target"] {
      guard let number = Number(member) else { return nil }
      target = number
    }
    for member in columns {
      guard let number = Number(member.value) else { return nil }
      numbers[member.key] = number
    }
    for member in json["categories"]?.asMembers ?? [] {
      guard let category = Category(member.value) else { return nil }
      categories[member.key] = category
    }
  }
}

extension Reference.Number {
  var json: JSONValue {
    .members([
      ("count", .int(count)), ("missing", .int(missing)), ("mean", .number(mean)),
      ("standardDeviation", .number(deviation)), ("least", .number(least)),
      ("most", .number(most)), ("distinct", .double(distinct.rounded())),
      ("correlation", .number(correlation)), ("labelled", .int(labelled)),
      ("quantiles", .array(quantiles.map { .double($0) })),
      ("rowsPerMean", .int(rowsPerMean)), ("means", .array(means.map { .double($0) })),
      ("blocks", .array(blocks.map { .double($0) })),
    ])
  }

  init?(_ json: JSONValue) {
    self.init()
    guard let count = json["count"]?.asInt else { return nil }
    (self.count, missing) = (count, json["missing"]?.asInt ?? 0)
    (mean, deviation) = (json["mean"]?.asNumber ?? 0, json["standardDeviation"]?.asNumber ?? 0)
    least = json["least"]?.asNumber ?? .infinity
    most = json["most"]?.asNumber ?? -.infinity
    distinct = json["distinct"]?.asNumber ?? 0
    (correlation, labelled) = (json["correlation"]?.asNumber ?? 0, json["labelled"]?.asInt ?? 0)
    quantiles = json["quantiles"]?.numbers ?? []
    (rowsPerMean, means) = (json["rowsPerMean"]?.asInt ?? 64, json["means"]?.numbers ?? [])
    blocks = json["blocks"]?.numbers ?? []
    guard rowsPerMean > 0 else { return nil }
  }
}

extension Reference.Category {
  var json: JSONValue {
    .members([
      ("count", .int(count)), ("missing", .int(missing)),
      ("distinct", .double(distinct.rounded())),
      ("top", .array(top.map { .array([.string($0.name), .int($0.count)]) })),
      ("blocks", .array(blocks.map { .double($0) })),
      (
        "known",
        known.map { .array($0.sorted().map { .string(String($0, radix: 16)) }) } ?? .null
      ),
    ])
  }

  init?(_ json: JSONValue) {
    self.init()
    guard let count = json["count"]?.asInt, let top = json["top"]?.asList else { return nil }
    (self.count, missing) = (count, json["missing"]?.asInt ?? 0)
    distinct = json["distinct"]?.asNumber ?? 0
    for item in top {
      guard let pair = item.asList, pair.count == 2, case .string(let name) = pair[0],
        let often = pair[1].asInt
      else { return nil }
      self.top.append((name, often))
    }
    blocks = json["blocks"]?.numbers ?? []
    known = json["known"]?.strings.map { Set($0.compactMap { UInt64($0, radix: 16) }) }
  }
}

extension JSONValue {
  var asInt: Int? {
    switch self {
    case .int(let value): value
    case .double(let value): Int(exactly: value)
    default: nil
    }
  }

  var asNumber: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  var asList: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
  var asMembers: [Member]? { if case .object(let members) = self { members } else { nil } }

  /// The numbers of a list, if it has nothing else.
  var numbers: [Double]? {
    guard let list = asList else { return nil }
    let numbers = list.compactMap(\.asNumber)
    return numbers.count == list.count ? numbers : nil
  }

  /// The texts of a list, if it has nothing else.
  var strings: [String]? {
    guard let list = asList else { return nil }
    let texts = list.compactMap { if case .string(let text) = $0 { text } else { nil } }
    return texts.count == list.count ? texts : nil
  }
}
