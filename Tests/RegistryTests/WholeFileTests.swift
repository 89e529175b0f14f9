import Registry
import TestSupport
import Testing

/// A file that takes another one's place, when any call fails, when the process dies and when the power is cut.
@Suite struct WholeFileTests {
  private let path = "/home/state"
  private let old = [UInt8](repeating: 7, count: 5000)
  private let new = (0..<9000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

  private func disk() throws -> SimulatedDisk {
    let disk = SimulatedDisk("/home")
    try WholeFile.replace(path, old, files: disk)
    disk.fault = .none
    return disk
  }

  private func calls() throws -> Int {
    let disk = try disk()
    try WholeFile.replace(path, new, files: disk)
    return disk.calls
  }

  @Test func `it is the new one once it was said to be, even after a power cut`() throws {
    for seed in 0..<8 as Range<UInt64> {
      let disk = try disk()
      try WholeFile.replace(path, new, files: disk)
      #expect(try WholeFile.read(path, files: disk.afterPowerCut(seed: seed)) == new)
    }
    #expect(try WholeFile.read("/home/other", files: try disk()) == nil)
  }

  @Test func `a call that fails leaves a whole file, and a second attempt succeeds`() throws {
    let calls = try calls()
    #expect(calls >= 4)
    for call in 0..<calls {
      let disk = try disk()
      disk.fault = .error(at: call)
      #expect(throws: RegistryError.self, "call \(call)") {
        try WholeFile.replace(path, new, files: disk)
      }
      disk.fault = .none
      let found = try WholeFile.read(path, files: disk)
      #expect(found == old || found == new, "call \(call)")
      try WholeFile.replace(path, new, files: disk)
      #expect(try WholeFile.read(path, files: disk) == new, "call \(call)")
    }
  }

  @Test func `death and a power cut at every call leave a whole file`() throws {
    for call in 0..<(try calls()) {
      for seed in 0..<16 as Range<UInt64> {
        let disk = try disk()
        disk.fault = .death(at: call)
        #expect(throws: RegistryError.self, "call \(call)") {
          try WholeFile.replace(path, new, files: disk)
        }
        let later = disk.afterPowerCut(seed: seed)
        let found = try WholeFile.read(path, files: later)
        #expect(found == old || found == new, "call \(call), seed \(seed)")
        try WholeFile.replace(path, new, files: later)
        #expect(try WholeFile.read(path, files: later) == new, "call \(call), seed \(seed)")
      }
    }
  }
}
