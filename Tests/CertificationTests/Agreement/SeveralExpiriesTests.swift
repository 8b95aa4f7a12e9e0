import Control
import Formulation
import Testing

@testable import Certification

/// What a leg leaves when it expires before the others is hedged at once: the solver, the roll-out and the bound from below agree,
/// wherever the expiry lies among the roll-out's looks.
@Suite(.serialized) struct SeveralExpiriesTests {
  static func problem(days: Double, checkEvery: Double? = nil) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T08:00:00Z")!
    func leg(_ kind: OptionKind, _ strike: Double, days: Double, _ quantity: Double) -> Position {
      Position(
        name: "\(kind.rawValue) \(days)",
        instrument: .option(kind: kind, strike: strike, expiry: valuation.adding(seconds: days * 86_400)),
        quantity: quantity, impliedVolatilities: [0.6])
    }
    return try OptionBookProblem(
      name: "two expiries", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0,
        environment: EnvironmentChain(
          regimes: [Regime(name: "calm", volatility: 0.5), Regime(name: "wild", volatility: 1)],
          generator: Generator([[-6, 6], [24, -24]]))),
      positions: [leg(.call, 100, days: days, -10), leg(.put, 95, days: 30, 5)],
      costs: Array(repeating: TradeCost(fixed: 0.05, proportionalBuy: 0.0005, proportionalSell: 0.0005), count: 2),
      execution: Execution(checkEvery: checkEvery), preference: .quadratic(riskAversion: 0.01), settlement: .cash)
  }

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
    let answer = try Self.certified(try Self.problem(days: days))
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
    let answer = try Self.certified(try Self.problem(days: 7, checkEvery: 4 * 3600))
    for regime in answer.regimes {
      #expect(regime.value.error < 1e-3 * regime.value.value, "\(regime.value)")
      let simulated = regime.rollOut.extrapolated
      #expect(abs(simulated.mean - regime.value.value) < 3 * simulated.standardError, "\(simulated), \(regime.value)")
    }
  }
}
