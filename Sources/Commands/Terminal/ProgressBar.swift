/// A line on a terminal that shows how far long work has come; nothing where nobody looks.
///
/// It appears when the work has taken a second and at most ten times a second; `finish` removes it.
final class ProgressBar: Sendable {
  private struct State {
    var drawn: ContinuousClock.Instant?
    var furthest = 0.0
    var isFinished = false
  }

  private static let patience = Duration.seconds(1)
  private static let pause = Duration.milliseconds(100)
  private static let cells = 30
  static let hideCursor = "\u{1B}[?25l"
  static let showCursor = "\u{1B}[?25h"
  static let eraseLine = "\r\u{1B}[2K"

  private let label: String
  private let console: Console
  private let isShown: Bool
  private let start = ContinuousClock.now
  private let state = Guarded(State())

  init(_ label: String, console: Console, quiet: Bool) {
    self.label = label
    self.console = console
    isShown = console.errorIsTerminal && !quiet
  }

  /// Says how much of the work is done, from 0 to 1; may be called from any thread.
  func advance(to fraction: Double) {
    guard isShown else { return }
    let now = ContinuousClock.now
    guard now - start >= ProgressBar.patience else { return }
    state.withLock { state in
      guard !state.isFinished else { return }
      if let drawn = state.drawn, now - drawn < ProgressBar.pause { return }
      state.furthest = max(state.furthest, min(1, fraction))
      let first = state.drawn == nil ? ProgressBar.hideCursor : ""
      state.drawn = now
      let elapsed = Double((now - start).components.seconds)
      console.words(first + ProgressBar.eraseLine + ProgressBar.line(label, state.furthest, elapsed: elapsed))
    }
  }

  /// Removes the bar and shows the cursor again.
  func finish() {
    state.withLock { state in
      if state.drawn != nil, !state.isFinished { console.words(ProgressBar.eraseLine + ProgressBar.showCursor) }
      state.isFinished = true
    }
  }

  /// `solving ━━━━━━━━────── 53 % · 12 s left`.
  static func line(_ label: String, _ fraction: Double, elapsed: Double) -> String {
    let full = Int((fraction * Double(cells)).rounded(.down))
    let bar = String(repeating: "━", count: full) + String(repeating: "─", count: cells - full)
    var text = "\(label) \(bar) \(Int((100 * fraction).rounded(.down))) %"
    // Below a twentieth the rest is a guess.
    if fraction >= 0.05, fraction < 1 {
      text += " · \(Figures.duration(elapsed * (1 - fraction) / fraction)) left"
    }
    return text
  }
}
