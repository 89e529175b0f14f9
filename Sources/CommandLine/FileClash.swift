/// Files that a command would read and write at once, or write twice: the one would destroy the other.
enum FileClash {
  /// - Parameters:
  ///   - reads: paths that are read; `-` and pipes clash with nothing.
  ///   - writes: paths that are written, with the options that name them.
  /// - Throws: a failure of usage that names both.
  static func refuse(reads: [String?], writes: [(option: String, path: String?)]) throws {
    let inputs = reads.compactMap { $0 }
    var outputs: [(option: String, path: String)] = []
    for (option, path) in writes {
      guard let path, path != "-" else { continue }
      guard !inputs.contains(where: { isSame($0, path) }) else {
        throw LearnSettings.usage("\(option) \(path) is what is read; name another file")
      }
      if let other = outputs.first(where: { isSame($0.path, path) }) {
        throw LearnSettings.usage(
          "\(option) \(path) is written by \(other.option) already; name another file")
      }
      outputs.append((option, path))
    }
  }

  private static func isSame(_ a: String, _ b: String) -> Bool {
    guard let one = FileIdentity(a), let other = FileIdentity(b) else { return a == b && a != "-" }
    return one.isFile && one == other
  }
}
