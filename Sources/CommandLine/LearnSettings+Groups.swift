import Engine
import Ingest

extension LearnSettings {
  /// Reads by what scores are told apart.
  mutating func readGroups(_ options: LearnOptions) throws {
    guard !options.group.isEmpty else {
      for (name, isSet) in [
        ("group-rows", options.groupRows != nil), ("group-limit", options.groupLimit != nil),
        ("group-every", options.groupEvery != nil),
        ("group-threshold", options.groupThreshold != nil),
      ] where isSet {
        throw LearnSettings.usage("--\(name) is for groups: name their column with --group")
      }
      return
    }
    var groups = GroupOptions()
    for text in options.group {
      // The cuts of a column stand behind its name.
      let names = text.prefix { $0 != "=" }
      groups.columns += names.split(separator: ",").map(String.init)
      guard !text.contains("=") || names.split(separator: ",").count == 1 else {
        throw LearnSettings.usage(
          "--group \(text): a column that is cut stands alone, as --group age=25,45 --group sex")
      }
    }
    guard Set(groups.columns).count == groups.columns.count, !groups.columns.isEmpty else {
      throw LearnSettings.usage("--group: expected columns, each once")
    }
    ingest.groups = options.group
    ingest.groupLimit =
      try LearnSettings.check(options.groupLimit, "group-limit", atLeast: 1, atMost: 10_000) ?? 32
    groups.leastRows =
      try LearnSettings.check(options.groupRows, "group-rows", atLeast: 1) ?? groups.leastRows
    groups.every = try LearnSettings.check(options.groupEvery, "group-every", atLeast: 1)
    if let threshold = options.groupThreshold {
      guard (0...1).contains(threshold) else {
        throw LearnSettings.usage(
          "--group-threshold \(threshold): expected a probability, such as 0.5")
      }
      groups.threshold = threshold
    }
    engine.groups = groups
  }
}
