import Monitors
import Registry
import Telemetry

/// Where a reference comes from: a version of a registry, or a file that `weir profile --json` wrote.
enum ReferenceOrigin {
  /// The same version by its number, whatever an alias will point at later.
  static func pinned(_ text: String) throws -> String {
    guard try SystemFiles().status(text) == nil, let address = try RegistryAddress(text) else {
      return text
    }
    let number = try Registry.open(address.registry).resolve(address.reference)
    return "\(address.registry)@\(number)"
  }

  /// Reads what `text` names.
  static func load(_ text: String) throws -> Reference {
    let isFile = try SystemFiles().status(text) != nil
    if !isFile, let address = try RegistryAddress(text) {
      let registry = try Registry.open(address.registry)
      let number = try registry.resolve(address.reference)
      let record = try registry.version(number).record
      guard let reference = (try? JSONValue(parsing: record.profileJSON)).flatMap({ Reference($0) })
      else {
        throw Failure(
          message: "version \(number) of \(address.registry) has no profile to compare with: it "
            + "was made before versions had one; train it again", code: Exit.usage)
      }
      return reference
    }
    guard let bytes = try WholeFile.read(text) else {
      throw Failure(message: "cannot read \(text): no such file", code: Exit.inputOutput)
    }
    let parsed = try? JSONValue(parsing: String(decoding: bytes, as: UTF8.self))
    guard let reference = parsed.flatMap({ Reference($0["profile"] ?? $0) }) else {
      throw Failure(
        message: "\(text) is no profile; weir profile FILE --json writes one", code: Exit.badData)
    }
    return reference
  }
}
