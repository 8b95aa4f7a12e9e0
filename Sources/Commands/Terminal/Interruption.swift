import Dispatch
import Glibc

/// What happens when the keyboard stops the work: the cursor comes back, what was begun is undone, status 130.
enum Interruption {
  private static let undoing = Guarded<(@Sendable () -> Void)?>(nil)
  private static let source = Guarded<(any DispatchSourceSignal)?>(nil)

  /// From now on an interruption is caught, and undone by `action`.
  static func undo(of console: Console, with action: @escaping @Sendable () -> Void = {}) {
    undoing.withLock { $0 = action }
    start(console)
  }

  /// The work is done: nothing is left to undo.
  static func nothingToUndo() { undoing.withLock { $0 = nil } }

  /// A queue of its own has its own thread, so that the kernels' threads do not delay the signal.
  private static func start(_ console: Console) {
    source.withLock { source in
      guard source == nil else { return }
      signal(SIGINT, SIG_IGN)
      let made = DispatchSource.makeSignalSource(signal: SIGINT, queue: DispatchQueue(label: "interruption"))
      made.setEventHandler {
        if console.errorIsTerminal { console.words(ProgressBar.eraseLine + ProgressBar.showCursor) }
        undoing.withLock { $0?() }
        console.words("deadband: interrupted; nothing was emitted\n")
        _exit(ExitStatus.interrupted.rawValue)
      }
      made.resume()
      source = made
    }
  }

  /// A closed pipe is reported by `write`, not by a signal.
  static func ignoreClosedPipes() { signal(SIGPIPE, SIG_IGN) }
}
