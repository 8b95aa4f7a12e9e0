/// What the process reports to whoever started it. Scripts rely on these numbers.
public enum ExitStatus: Int32, Sendable, CaseIterable {
  /// Done, and certified where there is something to certify.
  case done = 0
  /// A check failed: nothing was emitted, and the reasons were printed.
  case refused = 1
  /// The work could not be finished: a file could not be written, an equation could not be solved, or the keyboard
  /// stopped it.
  case failed = 2
  /// The command line is wrong; 64 is `EX_USAGE` of sysexits.h.
  case usage = 64
  /// A model or data file is wrong; 65 is `EX_DATAERR` of sysexits.h.
  case badData = 65

  var meaning: String {
    switch self {
    case .done: "done, and certified"
    case .refused: "refused: a check failed, nothing was emitted"
    case .failed: "failed: a file, the numerics, or the keyboard"
    case .usage: "the command line is wrong"
    case .badData: "the model or the data is wrong"
    }
  }
}
