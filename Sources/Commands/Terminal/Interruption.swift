import Dispatch
import Glibc

/// What happens when the keyboard, the system or a closed terminal stops the work: the cursor comes back, what was begun is
/// undone, status 2.
enum Interruption {
  private static let undoing = Guarded<(@Sendable () -> Void)?>(nil)
  private static let sources = Guarded<[any DispatchSourceSignal]>([])
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Runs work that `undo` takes back should it be interrupted.
  static func guarding<Result, Failure: Error>(
    console: Console, undo: @escaping @Sendable () -> Void = {}, _ work: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    undoing.withLock { $0 = undo }
    defer { undoing.withLock { $0 = nil } }
    start(console)
    return try work()
  }

  /// Replaces what undoes the work, once more is known.
  static func undo(with action: @escaping @Sendable () -> Void) { undoing.withLock { $0 = action } }

  /// A queue of its own has its own thread, so that the kernels' threads do not delay the signal.
  private static func start(_ console: Console) {
    sources.withLock { sources in
      guard sources.isEmpty else { return }
      let queue = DispatchQueue(label: "interruption")
      sources = signals.map { number in
        signal(number, SIG_IGN)
        let made = DispatchSource.makeSignalSource(signal: number, queue: queue)
        made.setEventHandler {
          if console.errorIsTerminal { console.words(ProgressBar.eraseLine + ProgressBar.showCursor) }
          undoing.withLock { $0?() }
          console.words("deadband: interrupted; nothing was emitted\n")
          _exit(ExitStatus.failed.rawValue)
        }
        made.resume()
        return made
      }
    }
  }

  /// A closed pipe and a file beyond the allowed size are reported by `write`, not by a signal.
  static func ignoreSignalsOfWriting() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }
}
