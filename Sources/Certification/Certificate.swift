import Control
import Formulation

/// The verdict on a solution, with every check that led to it. Only this module can make one.
public struct Certificate: Sendable {
  public let answer: Answer
  public let checks: [Check]

  /// What is certified.
  public enum Answer: Sendable {
    case optionBook(OptionBookAnswer)
    case tracking(TrackingAnswer)
  }

  init(answer: Answer, checks: [Check]) {
    self.answer = answer
    self.checks = checks
  }

  /// Whether the bands are those of a formula.
  public var followsFormula: Bool {
    if case .optionBook(let answer) = answer { return answer.formula != nil }
    return false
  }

  /// Whether every check passed.
  public var isCertified: Bool { checks.allSatisfy(\.passed) }

  /// The checks that did not pass.
  public var failures: [Check] { checks.filter { !$0.passed } }
}
