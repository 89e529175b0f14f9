/// Who is to answer which share of the events, as `--from` and `--split` say.
struct SplitWish: Equatable {
  /// Where versions are from, that of `--from` first.
  let origins: [String]
  /// The shares of all but the first.
  let shares: [Double]
  let salt: String

  /// The share of the version at a place.
  func share(_ place: Int) -> Double {
    place == 0 ? shares.reduce(1, -) : shares[place - 1]
  }

  init(from origin: String, splits: [String], salt: String?) throws {
    var (origins, shares) = ([origin], [Double]())
    for text in splits {
      guard let equals = text.lastIndex(of: "="), equals > text.startIndex,
        let share = Double(text[text.index(after: equals)...]), share > 0, share < 1
      else {
        throw LearnSettings.usage(
          "--split \(text): expected REGISTRY@REF=SHARE with a share between 0 and 1, such as "
            + "models@challenger=0.1")
      }
      let other = String(text[..<equals])
      guard !origins.contains(other) else {
        throw LearnSettings.usage("--split \(text): \(other) has a share of the events already")
      }
      origins.append(other)
      shares.append(share)
    }
    guard shares.reduce(0, +) < 1 else {
      throw LearnSettings.usage(
        "--split: the shares come to \(shares.reduce(0, +)); together they must be less than 1, and "
          + "--from answers the rest")
    }
    guard salt == nil || !splits.isEmpty else {
      throw LearnSettings.usage("--salt needs --split: there is nothing to deal out")
    }
    (self.origins, self.shares, self.salt) = (origins, shares, salt ?? "")
  }
}
