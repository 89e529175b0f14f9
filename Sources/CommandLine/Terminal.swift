import Glibc
import Report

/// Standard error: messages, and whether somebody watches.
enum Terminal {
  /// Whether standard error is a terminal that understands a carriage return.
  static var isLive: Bool { isTerminal(2) && !isDumb }

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Whether it is a file, whose size grows with what is written.
  static func isFile(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  private static var isDumb: Bool {
    guard let kind = variable("TERM") else { return true }
    return kind.isEmpty || kind == "dumb"
  }

  /// Whether colours are wanted where there is a terminal (https://no-color.org).
  static var wantsColour: Bool { (variable("NO_COLOR") ?? "").isEmpty && !isDumb }

  /// What the terminal can show; letters beyond ASCII where its locale says UTF-8.
  static func style(hasColour: Bool = wantsColour) -> TerminalStyle {
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(variable).first { !$0.isEmpty } ?? ""
    let name = locale.uppercased()
    return TerminalStyle(
      hasColour: hasColour, hasUnicode: name.contains("UTF-8") || name.contains("UTF8"))
  }

  /// Columns of the terminal; 80 where that is not known.
  static var width: Int { width(of: 2) }

  static func width(of descriptor: Int32) -> Int { size(of: descriptor).columns }

  /// Columns and rows; 80 and 24 where they are not known. Asked anew each time: windows change.
  static func size(of descriptor: Int32 = 2) -> (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 24) }
    return (Int(size.ws_col), size.ws_row > 0 ? Int(size.ws_row) : 24)
  }

  /// Writes text to standard error. A reader that left is no reason to stop.
  static func say(_ text: String) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        write(2, buffer.baseAddress.map { $0 + written }, bytes.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      written += count
    }
  }
}

/// Lets SIGINT and SIGTERM end the run cleanly; a second signal ends the process at once.
///
/// A signal also puts nothing in the place of standard input: who is about to read it finds its end, and who waits in a
/// read is woken by the signal, so that no moment is left in which it could be missed.
enum Interruption {
  /// The writing end of the pipe that the handler makes readable. Set once, before any handler.
  private nonisolated(unsafe) static var writer: Int32 = -1
  /// Of this there is nothing to read; set once, before any handler.
  private nonisolated(unsafe) static var nothing: Int32 = -1

  /// Installs the handlers; returns a descriptor that becomes readable when a signal came.
  static func install() -> Int32 {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return -1 }
    writer = ends[1]
    nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
    // A parent may have left the signals blocked; a run that cannot be ended would be the result.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    sigprocmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGINT, SIGTERM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in
        var byte: UInt8 = 1
        _ = write(Interruption.writer, &byte, 1)
        if Interruption.nothing >= 0 { dup2(Interruption.nothing, 0) }
      }
      // Reset to the default: the second signal is not caught. No restart: poll must return.
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(number, &action, nil)
    }
    return ends[0]
  }

  /// Whether a signal came, by the descriptor that `install` returned.
  static func hasCome(_ descriptor: Int32) -> Bool {
    guard descriptor >= 0 else { return false }
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, 0) > 0
  }
}
