import Foundation
import Kernels
import Registry

/// A fresh folder, removed when `body` is done.
func inFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appending(
    path: "registry-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

extension VersionRecord {
  /// A record with something in every field.
  static func sample(
    _ number: Int = 1, parent: Int? = nil, key: String? = nil
  ) -> VersionRecord {
    var record = VersionRecord(
      created: time(number), model: "linear:rate=0.0\(number)", reason: "retrain")
    record.parent = parent
    record.evidenceJSON = #"{"detector":"adwin","since":\#(number)}"#
    record.events = (10 * number)..<(20 * number)
    record.times = Double(number)...(2.5 * Double(number))
    record.learned = 9 * number
    record.source = "day.csv, “the one”"
    record.dataHash = "sha256:00ff\(number)"
    record.configurationJSON = #"{"model":["linear"]}"#
    record.schemaJSON = #"{"features":["é"],"target":"cnt"}"#
    record.scoresJSON = #"{"mae":{"all":\#(number).5}}"#
    record.profileJSON = #"{"temp":{"mean":0.5}}"#
    record.softwareJSON = #"{"weir":"0.1.0"}"#
    record.key = key
    return record
  }
}

/// The second `number` of a day, UTC.
func time(_ number: Int) -> String {
  func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
  return "2026-03-01T\(two(number / 3600)):\(two(number / 60 % 60)):\(two(number % 60))Z"
}

/// Bytes of their own for each number below 65,536.
func bytes(_ number: Int, count: Int = 1000) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 % 2 == 0 ? number : number / 256)) }
}

/// SHA-256 in hexadecimal digits.
func hash(_ bytes: [UInt8]) -> String { SHA256.hex(bytes) }
