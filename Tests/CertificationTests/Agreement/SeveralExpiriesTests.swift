import Control
import Formulation
import TestKit
import Testing

@testable import Certification

/// What a leg leaves when it expires before the others is hedged at once: the solver, the roll-out and the bound from below agree,
/// wherever the expiry lies among the roll-out's looks.
@Suite(.serialized) struct SeveralExpiriesTests {
  private static func certified(_ problem: OptionBookProblem) throws -> OptionBookAnswer {
    let certificate = try OptionBookCertifier(
      problem: problem, grid: GridSettings(), settings: CertificationSettings(classes: [])
    ).run()
    #expect(certificate.isCertified, "\(certificate.failures)")
    guard case .optionBook(let answer) = certificate.answer else { fatalError("an option book") }
    return answer
  }

  /// 1024 looks in 30 days: at 7.5 days one falls on the expiry, at the others it lies between two. What a better policy might save is
  /// below a hundredth.
  @Test(arguments: [2.0, 4, 7.5]) func watchedWithoutPause(days: Double) throws {
    let answer = try Self.certified(try TwoExpiries.problem(days: days))
    guard case .found(let bounds) = answer.bounds else {
      Issue.record("no bound")
      return
    }
    for (e, regime) in answer.regimes.enumerated() {
      #expect(answer.gapNotAsked(regime: e) == nil)
      let gap = bounds[e].bounds.gap
      #expect(gap.mean < 0.01 * regime.value.value + 2 * gap.standardError, "\(regime.name): \(gap)")
    }
  }

  /// Reviews at 08:00 and every four hours after, the expiry at one of them: known to a thousandth, and simulated as such.
  @Test func atAReview() throws {
    let answer = try Self.certified(try TwoExpiries.problem(days: 7, checkEvery: 4 * 3600))
    for regime in answer.regimes {
      #expect(regime.value.error < 1e-3 * regime.value.value, "\(regime.value)")
      let simulated = regime.rollOut.extrapolated
      #expect(abs(simulated.mean - regime.value.value) < 3 * simulated.standardError, "\(simulated), \(regime.value)")
    }
  }
}
