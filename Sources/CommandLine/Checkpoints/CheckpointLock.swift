import Glibc
import Registry
import Snapshots

/// A checkpoint's file is one run's as long as it lives: `FILE.lock` is locked meanwhile, and says nothing when it is not.
final class CheckpointLock {
  private let descriptor: Int32

  /// Throws where another run has it, where it cannot be written, and where a file of that name is something else: the
  /// input, an output, or anything that is no snapshot.
  ///
  /// `isToBeRead`: whether reading it will say what is the matter with it.
  init(_ path: String, others: [String], isToBeRead: Bool) throws {
    if let file = FileIdentity(path) {
      guard file.isFile, !others.contains(where: { FileIdentity($0) == file }) else {
        throw LearnSettings.usage(
          "--checkpoint \(path) is something else already; name another file")
      }
      let beginning = try WholeFile.read(path)?.prefix(SnapshotWriter.magic.count) ?? []
      guard isToBeRead || file.size == 0 || beginning.elementsEqual(SnapshotWriter.magic) else {
        throw LearnSettings.usage(
          "--checkpoint \(path) is a file that is not a Weir snapshot; name another")
      }
    }
    guard !others.contains(path) else {
      throw LearnSettings.usage("--checkpoint \(path) is an input or output of the run, too")
    }
    descriptor = open(path + ".lock", O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw Failure(
        message: "cannot keep checkpoints in \(path): \(String(cString: strerror(errno)))",
        code: Exit.inputOutput)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw Failure(
        message: "another run keeps its checkpoints in \(path); end it first, or name another file",
        code: Exit.inputOutput)
    }
  }

  deinit { close(descriptor) }
}
