import Glibc

/// Where a command reads its surroundings and writes its words: the process's own streams, or a record for tests.
public struct Console: Sendable {
  /// Writes data.
  let writeOutput: @Sendable (String) -> Void
  /// Why data could not be written, if any; a reader that went away is no failure.
  let outputFailure: @Sendable () -> String?
  /// Writes words and progress.
  let writeError: @Sendable (String) -> Void
  let outputIsTerminal: Bool
  let errorIsTerminal: Bool
  /// Whether `NO_COLOR` is set (no-color.org: to anything but nothing).
  let refusesColour: Bool

  /// Colour only where someone looks and has not refused it.
  var usesColour: Bool { outputIsTerminal && !refusesColour }

  func output(_ text: String) { writeOutput(text) }

  func words(_ text: String) { writeError(text) }

  /// The process's standard streams.
  public static func standard() -> Console {
    let noColour = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    let failure = Guarded<Int32>(0)
    return Console(
      writeOutput: { text in
        let code = write(text, to: STDOUT_FILENO)
        if code != 0 { failure.withLock { $0 = code } }
      },
      outputFailure: {
        let code = failure.withLock { $0 }
        return code == 0 ? nil : String(cString: strerror(code))
      },
      writeError: { _ = write($0, to: STDERR_FILENO) },
      outputIsTerminal: isatty(STDOUT_FILENO) == 1, errorIsTerminal: isatty(STDERR_FILENO) == 1,
      refusesColour: noColour)
  }

  /// Writes all of a text. A reader that has gone away (`EPIPE`, as after `| head`) ends the writing and nothing else:
  /// the work and its status are not the reader's.
  /// - Returns: the error number of anything else that ends it, or 0.
  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return errno == EPIPE ? 0 : errno
      }
      bytes = bytes.dropFirst(count)
    }
    return 0
  }

  /// Gives each standard stream that the caller has closed a descriptor that cannot be written, so that no file of the
  /// result gets its number, and with it the words meant for a reader.
  static func reserveStandardStreams() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", O_RDONLY)
    }
  }
}

/// A console that remembers, for tests.
public final class RecordingConsole: Sendable {
  private let texts = Guarded<(output: String, words: String)>(("", ""))

  public init() {}

  public var output: String { texts.withLock { $0.output } }

  public var words: String { texts.withLock { $0.words } }

  public var console: Console {
    Console(
      writeOutput: { text in self.texts.withLock { $0.output += text } }, outputFailure: { nil },
      writeError: { text in self.texts.withLock { $0.words += text } },
      outputIsTerminal: false, errorIsTerminal: false, refusesColour: false)
  }
}
