import ArgumentParser
import Catalogues
import Glibc
import Ingest
import Registry
import Snapshots
import Telemetry

/// Exit codes, as sysexits.h has them.
enum Exit {
  static let usage: Int32 = 64
  static let badData: Int32 = 65
  static let internalError: Int32 = 70
  static let inputOutput: Int32 = 74
}

/// A message for the user and the code to end with.
struct Failure: Error {
  let message: String
  let code: Int32

  /// What went wrong, for whatever was thrown.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as IngestError: self.init(message: error.message, code: Failure.code(error))
    case let error as SpecificationError: self.init(message: error.message, code: Exit.usage)
    case let error as RegistryError: self.init(message: error.message, code: Failure.code(error))
    case let error as SnapshotError:
      self.init(message: "the checkpoint is \(error.message)", code: Exit.badData)
    case let error as CheckpointError:
      self.init(message: "the checkpoint cannot be used: \(error.message)", code: Exit.badData)
    case let error as OutputError: self.init(message: error.message, code: Exit.inputOutput)
    default: self.init(message: "\(error)", code: Exit.internalError)
    }
  }

  init(message: String, code: Int32) {
    self.message = message
    self.code = code
  }

  private static func code(_ error: RegistryError) -> Int32 {
    switch error {
    case .notARegistry, .readOnly, .busy, .system: Exit.inputOutput
    case .foreign, .newer, .damagedDatabase, .pruned, .missingBlob, .damagedBlob: Exit.badData
    case .database: Exit.internalError
    case .unknownVersion, .unknownReference, .ambiguousHash, .unknownAlias, .nothingBefore,
      .badAddress, .badName, .badTime, .badHash, .badRange, .notJSON:
      Exit.usage
    }
  }

  private static func code(_ error: IngestError) -> Int32 {
    switch error {
    case .cannotOpen, .cannotRead, .cannotWrite: Exit.inputOutput
    case .interrupted: 0
    case .damagedCompression, .notText, .noHeader, .badHeader, .unfitTarget, .tooManyBadRows,
      .badRow, .cannotGoOn, .otherInput, .otherVersion, .otherNumbering:
      Exit.badData
    case .noSuchColumn, .conflictingRoles, .noTarget, .badFeature: Exit.usage
    }
  }
}

/// Runs `body`; on a failure tells the user and ends with its code.
func reporting(_ body: () throws -> Void) throws {
  do {
    try body()
  } catch OutputError.readerLeft {
    throw ExitCode(0)
  } catch IngestError.interrupted {
    throw ExitCode(0)
  } catch let code as ExitCode {
    // What there is to say was said.
    throw code
  } catch {
    let failure = Failure(error)
    Terminal.say("weir: \(failure.message)\n")
    throw ExitCode(failure.code)
  }
}
