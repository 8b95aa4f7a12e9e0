import Glibc

/// Where a command reads its surroundings and writes its words: the process's own streams, or a record for tests.
public struct Console: Sendable {
  /// Writes data.
  let writeOutput: @Sendable (String) -> Void
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
    return Console(
      writeOutput: { write($0, to: STDOUT_FILENO) }, writeError: { write($0, to: STDERR_FILENO) },
      outputIsTerminal: isatty(STDOUT_FILENO) == 1, errorIsTerminal: isatty(STDERR_FILENO) == 1,
      refusesColour: noColour)
  }

  /// Writes all of a text. A reader that has gone away (`EPIPE`, as after `| head`) ends the writing and nothing else:
  /// the work and its status are not the reader's.
  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      bytes = bytes.dropFirst(count)
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
      writeOutput: { text in self.texts.withLock { $0.output += text } },
      writeError: { text in self.texts.withLock { $0.words += text } },
      outputIsTerminal: false, errorIsTerminal: false, refusesColour: false)
  }
}
