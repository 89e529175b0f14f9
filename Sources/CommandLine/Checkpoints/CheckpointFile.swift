import Kernels
import Registry
import Telemetry

/// The file that a run's checkpoints are written to, each in place of the one before.
///
/// A thread of its own writes: the outputs that the checkpoint counts on are put on the medium first, then the
/// checkpoint under another name, which is made durable and takes the place of the old one. Whatever the instant of a
/// crash, what has the name is one whole checkpoint, and what it says of the outputs is there.
final class CheckpointFile {
  private final class Job: @unchecked Sendable {
    let path: String
    let outputs: [OutputFile]
    var bytes: [UInt8] = []
    var failure: (any Error)?

    init(_ path: String, _ outputs: [OutputFile]) { (self.path, self.outputs) = (path, outputs) }

    func save() {
      do {
        for output in outputs { try output.synchronise() }
        try WholeFile.replace(path, bytes)
      } catch {
        failure = error
      }
    }
  }

  private let job: Job
  private let thread: SideThread

  init(path: String, outputs: [OutputFile]) {
    let job = Job(path, outputs)
    self.job = job
    thread = SideThread { job.save() }
  }

  /// Begins to write; throws what went wrong with the one before.
  func save(_ bytes: [UInt8]) throws {
    try finish()
    job.bytes = bytes
    if !thread.begin() { job.save() }
  }

  /// Waits until what was begun is there.
  func finish() throws {
    thread.finish()
    if let failure = job.failure { throw failure }
  }
}
