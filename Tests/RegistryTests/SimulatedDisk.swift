import Registry
import TestSupport

/// A disk whose calls can be made to fail, and whose power can be cut: what was not synchronised is then lost,
/// kept, or kept in part, as a seed has it.
final class SimulatedDisk: FileSystem {
  private struct Content {
    var now: [UInt8] = []
    /// What is on the medium.
    var durable: [UInt8] = []
    var modified = 0
  }

  /// What happens when the call of that number is made.
  enum Fault: Equatable {
    case none
    /// That call fails; of a write half is done.
    case error(at: Int)
    /// That call and all later ones fail: the process is gone.
    case death(at: Int)
  }

  private var contents: [Int: Content] = [:]
  /// Names of files, as the system shows them and as they are on the medium.
  private var names: [String: Int] = [:]
  private var durableNames: [String: Int] = [:]
  private var folders: Set<String>
  private var durableFolders: Set<String>
  private var next = 3
  var clock = 0
  var fault = Fault.none { didSet { calls = 0 } }
  /// Calls that change something, since the fault was set.
  private(set) var calls = 0
  /// Somebody else's doing, before the call of each number.
  var meanwhile: ((Int) -> Void)?

  init(_ folder: String) {
    folders = [folder]
    durableFolders = [folder]
  }

  /// The disk after a power cut. Seed 0 loses all that may be lost; 1 keeps names and loses content.
  func afterPowerCut(seed: UInt64) -> SimulatedDisk {
    var random = SplitMix(seed: seed)
    func isKept(name: Bool) -> Bool { seed < 2 ? seed == 1 && name : random.below(2) == 0 }
    let disk = SimulatedDisk("")
    disk.next = next
    disk.clock = clock
    disk.folders = durableFolders
    for folder in folders.subtracting(durableFolders).sorted() where isKept(name: true) {
      disk.folders.insert(folder)
    }
    for path in Set(names.keys).union(durableNames.keys).sorted() {
      let (new, old) = (names[path], durableNames[path])
      disk.names[path] = new == old || isKept(name: true) ? new : old
    }
    // A file in a folder that is lost is lost.
    disk.names = disk.names.filter { disk.folders.contains(SimulatedDisk.folder(of: $0.key)) }
    for id in Set(disk.names.values).sorted() {
      guard var content = contents[id] else { continue }
      if content.now != content.durable {
        let longer = content.now
        content.now =
          isKept(name: false)
          ? Array(longer.prefix(random.below(longer.count + 1))) : content.durable
      }
      content.durable = content.now
      disk.contents[id] = content
    }
    disk.durableNames = disk.names
    disk.durableFolders = disk.folders
    return disk
  }

  /// Changes a byte of a file, as a failing medium does.
  func damage(_ path: String, byte: Int) {
    guard let id = names[path] else { return }
    contents[id]?.now[byte] ^= 1
  }

  private func call(_ path: String, _ half: () -> Void = {}) throws(RegistryError) {
    defer { calls += 1 }
    if let other = meanwhile {
      // What it does makes calls, too.
      meanwhile = nil
      let call = calls
      other(call)
      (calls, meanwhile) = (call, other)
    }
    switch fault {
    case .error(let at) where calls == at: half()
    case .death(let at) where calls >= at: if calls == at { half() }
    default: return
    }
    throw .system(operation: "test", path: path, reason: "call \(calls) fails")
  }

  private static func folder(of path: String) -> String {
    String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  }

  // MARK: - FileSystem

  func makeFolder(_ path: String) throws(RegistryError) {
    try call(path)
    folders.insert(path)
  }

  func create(_ path: String) throws(RegistryError) -> Int32? {
    try call(path)
    guard names[path] == nil else { return nil }
    guard folders.contains(SimulatedDisk.folder(of: path)) else {
      throw .system(operation: "make", path: path, reason: "no folder")
    }
    next += 1
    contents[next] = Content(modified: clock)
    names[path] = next
    return Int32(next)
  }

  func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(RegistryError) {
    let id = Int(descriptor)
    try call(path) { contents[id]?.now += bytes.prefix(bytes.count / 2) }
    contents[id]?.now += bytes
    contents[id]?.modified = clock
  }

  func synchronise(_ descriptor: Int32, _ path: String) throws(RegistryError) {
    try call(path)
    guard let now = contents[Int(descriptor)]?.now else { return }
    contents[Int(descriptor)]?.durable = now
  }

  func close(_ descriptor: Int32) {}

  func rename(_ old: String, to new: String) throws(RegistryError) {
    try call(new)
    guard names[old] != nil else {
      throw .system(operation: "rename to", path: new, reason: "no such file")
    }
    names[new] = names.removeValue(forKey: old)
  }

  func synchroniseFolder(_ path: String) throws(RegistryError) {
    try call(path)
    for name in Set(names.keys).union(durableNames.keys)
    where SimulatedDisk.folder(of: name) == path {
      durableNames[name] = names[name]
    }
    for folder in folders where SimulatedDisk.folder(of: folder) == path {
      durableFolders.insert(folder)
    }
  }

  func remove(_ path: String) throws(RegistryError) {
    try call(path)
    names[path] = nil
  }

  func read(_ path: String) throws(RegistryError) -> [UInt8]? {
    try call(path)
    return names[path].flatMap { contents[$0]?.now }
  }

  func names(in folder: String) throws(RegistryError) -> [String] {
    try call(folder)
    return Array(names.keys).filter { SimulatedDisk.folder(of: $0) == folder }
      .map { String($0.dropFirst(folder.count + 1)) }.sorted()
      + folders.filter { SimulatedDisk.folder(of: $0) == folder }
      .map { String($0.dropFirst(folder.count + 1)) }.sorted()
  }

  func status(_ path: String) throws(RegistryError) -> FileStatus? {
    // The database is on the real disk.
    if path.hasSuffix(".sqlite") { return try SystemFiles().status(path) }
    try call(path)
    if folders.contains(path) { return FileStatus(size: 0, modified: 0, isFolder: true) }
    guard let content = names[path].flatMap({ contents[$0] }) else { return nil }
    return FileStatus(size: content.now.count, modified: content.modified, isFolder: false)
  }
}
