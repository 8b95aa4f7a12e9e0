import Control
import Formulation

/// A written result put to its questions again.
///
/// What its files should state is found again with the settings that they record, as if nothing were known of them; the policy that
/// they hold is simulated and bounded by itself. Whether the files say what was found is for their reader to compare, who knows
/// their format: ``verdict(misstatements:)`` takes his count.
public struct Recertification: Sendable {
  /// The certificate of the run that wrote the result, found again.
  public let found: Certificate
  /// The certificate of the policy and the numbers in the files.
  public let emitted: Certificate

  /// Refused when either certificate is, or when the files state something that is not found again.
  ///
  /// - Parameter misstatements: how many places of the files differ from what `found` says.
  public func verdict(misstatements: Int) -> Certificate {
    Certificate(
      answer: emitted.answer,
      checks: emitted.checks + found.failures + [Check(.misstatement, measured: Double(misstatements), atMost: 0)])
  }
}

extension OptionBookCertifier {
  /// - Parameters:
  ///   - emitted: what the files hold.
  ///   - judge: how thoroughly it is looked at; `settings` are those of the run that wrote it.
  public func recertify(
    _ emitted: EmittedPolicy, judge: CertificationSettings, progress: (@Sendable (Double) -> Void)? = nil
  ) throws(CertificationError) -> Recertification {
    let solutions = try solve { progress?(Recertification.solved * $0) }
    let found = try certify(solutions) { progress?(Recertification.afterSolving($0)) }
    var other = OptionBookCertifier(problem: problem, grid: grid, settings: judge)
    other.emitted = emitted
    let own = try other.certify(solutions) { progress?(Recertification.afterFinding($0)) }
    return Recertification(found: found, emitted: own)
  }
}

extension FormulaCertifier {
  /// As `OptionBookCertifier.recertify`; what was emitted is the formula's.
  public func recertify(
    _ emitted: EmittedPolicy, judge: CertificationSettings, progress: (@Sendable (Double) -> Void)? = nil
  ) throws(CertificationError) -> Recertification {
    let rule = try rule()
    let solutions = try certifier.solve { progress?(Recertification.solved * $0) }
    let found = try certify(rule, solutions) { progress?(Recertification.afterSolving($0)) }
    var other = OptionBookCertifier(problem: certifier.problem, grid: certifier.grid, settings: judge)
    other.emitted = emitted
    let own = try FormulaCertifier(formula: formula, certifier: other).certify(rule, solutions) {
      progress?(Recertification.afterFinding($0))
    }
    return Recertification(found: found, emitted: own)
  }
}

extension TrackingCertifier {
  /// As `OptionBookCertifier.recertify`.
  public func recertify(
    _ emitted: [(band: Band, value: Approximation)], judge: CertificationSettings,
    progress: (@Sendable (Double) -> Void)? = nil
  ) throws(CertificationError) -> Recertification {
    let found = try run { progress?(Recertification.found * $0) }
    var other = TrackingCertifier(problem: problem, settings: judge)
    other.emitted = emitted
    let own = try other.run { progress?(Recertification.afterFinding($0)) }
    return Recertification(found: found, emitted: own)
  }
}

extension Recertification {
  /// Shares of the work, for progress.
  fileprivate static let solved = 0.2
  fileprivate static let found = 0.75

  fileprivate static func afterSolving(_ share: Double) -> Double { max(solved, found * share) }
  fileprivate static func afterFinding(_ share: Double) -> Double { found + (1 - found) * share }
}
