/// What the first rows show of features that rows name one by one (VW text, libsvm), and which of them become
/// columns of their own.
///
/// A column is what a number was given for in at least half of the rows, or what an option names. So dense data
/// have the columns that the same data have as CSV, numbers on any scale are standardised, and words, which stand
/// without a number or in few rows, are not: a column costs every row, named or not.
struct FeatureSample {
  /// Columns at most: a row of so many is 32 kB, and a batch of 256 rows then still fits into a cache of 8 MB. More
  /// are taken as words.
  static let mostColumns = 4096
  /// Features that are looked at; a feature of half the rows is among the first.
  private static let mostFeatures = 4 * mostColumns

  /// A feature as it is named.
  struct Name: Hashable {
    let space: [UInt8]
    let name: [UInt8]
  }

  private struct Feature {
    let name: Name
    /// Rows that gave it a number.
    var numbers = 0
    /// What stood there, by row.
    var texts: [(row: Int, text: [UInt8])] = []
  }

  private var numbers: [Name: Int] = [:]
  private var features: [Feature] = []
  private var spaces: Set<[UInt8]> = []
  private(set) var rows = 0

  /// Takes a row's features, in the order of the row; nil: it stood without a value.
  mutating func addRow(_ row: [(name: Name, value: [UInt8]?)]) {
    for (name, value) in row {
      spaces.insert(name.space)
      if numbers[name] == nil {
        guard features.count < FeatureSample.mostFeatures else { continue }
        numbers[name] = features.count
        features.append(Feature(name: name))
      }
      guard let k = numbers[name], features[k].texts.last?.row != rows else { continue }
      if value != nil { features[k].numbers += 1 }
      features[k].texts.append((rows, value ?? [0x31]))
    }
    rows += 1
  }

  /// Where a table of `width` indices for features without a column stands: before the levels of categories, which
  /// there may be any number of; but behind room for as many as data have if no row had such a feature, so that
  /// numbers alone have the indices that they have as CSV.
  func place(_ width: Int) -> Range<Int> {
    let first = features.contains { !isCommon($0) } ? 0 : FeatureSample.levelRoom
    return first..<first + width
  }

  private static let levelRoom = 1 << 17

  private func isCommon(_ feature: Feature) -> Bool { feature.numbers * 2 >= rows }

  /// Adds the columns that features become to the format's own and gives roles to those. Returns the columns' names.
  ///
  /// The first own column is the target: `--target` gives it a name, unless a feature is called so and meant. The
  /// others have their `roles` unless the options give these to other columns, and are no features by themselves.
  func settle(
    _ options: inout IngestOptions, _ evidence: inout [ColumnEvidence],
    roles: [(column: Int, role: WritableKeyPath<IngestOptions, String?>?)]
  ) -> [Name] {
    let own = evidence.map(\.name)
    let mentioned = options.mentionedColumns
    let columns = columns(
      wished: mentioned.union([options.target].compactMap { $0 }), own: own,
      keepsValues: options.isAutomatic)
    if !options.readsTargetOnly {
      let target = options.target ?? evidence[0].name
      let isOther = own.contains(target) || columns.contains { $0.evidence.name == target }
      if !isOther { evidence[0].name = target }
      options.target = target
      for (column, role) in roles {
        let name = own[column]
        if let role, options[keyPath: role] == nil {
          options[keyPath: role] = name
        } else if !(options.number + options.category).contains(name) {
          options.ignore.append(name)
        }
      }
    }
    evidence += columns.map(\.evidence)
    return columns.map(\.name)
  }

  /// The features that become columns, with what was seen of them: a row that did not name one had 0 there.
  ///
  /// A column is called by its feature's name alone while there is one namespace and no column of the format's own
  /// is called so, otherwise `namespace^feature`. `wished` are names in options, `own` the format's columns.
  private func columns(
    wished: Set<String>, own: [String], keepsValues: Bool
  ) -> [(name: Name, evidence: ColumnEvidence)] {
    var columns: [(name: Name, evidence: ColumnEvidence)] = []
    let scratch = Scratch()
    for feature in features {
      let short = String(decoding: feature.name.name, as: UTF8.self)
      let long = String(decoding: feature.name.space, as: UTF8.self) + "^" + short
      let title = spaces.count == 1 && !own.contains(short) ? short : long
      let isCommon = isCommon(feature) && columns.count < FeatureSample.mostColumns
      guard isCommon || wished.contains(title) else { continue }
      var evidence = ColumnEvidence(name: title)
      var texts = feature.texts[...]
      for row in 0..<rows {
        let isNamed = texts.first?.row == row
        let text = isNamed ? texts.removeFirst().text : [0x30]
        evidence.add(scratch.piece(text), row: keepsValues ? row : nil)
      }
      columns.append((feature.name, evidence))
    }
    return columns
  }
}

extension IngestOptions {
  /// Every name of a column that an option mentions, or what may be one.
  var mentionedColumns: Set<String> {
    let products = (crosses + lags + means).flatMap { text in
      text.split { "*=:,()@".contains($0) }.map(String.init) + [text]
    }
    return Set(number + category + ignore + time + products + [id, weight, key].compactMap { $0 })
  }
}
