/// Anything that Deadband is asked to solve.
public enum Problem: Sendable, Equatable {
  case optionBook(OptionBookProblem)
  case tracking(TrackingProblem)

  public var name: String {
    switch self {
    case .optionBook(let problem): return problem.name
    case .tracking(let problem): return problem.name
    }
  }

  /// The kind as the model file spells it.
  public var kind: String {
    switch self {
    case .optionBook: return "optionBook"
    case .tracking: return "tracking"
    }
  }
}
