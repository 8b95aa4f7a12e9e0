import Control
import Formulation
import Testing

@testable import Certification

/// Right answers that certificates once refused.
@Suite struct FewReviewsTests {
  static func problem(
    kinds: [OptionKind], volatility: Double, cost: TradeCost, preference: Preference, settlement: Settlement = .none,
    checkEvery: Double? = nil
  ) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T08:00:00Z")!
    let positions = kinds.map {
      Position(
        name: $0.rawValue, instrument: .option(kind: $0, strike: 100, expiry: valuation.adding(seconds: 30 * 86_400)),
        quantity: -1, impliedVolatilities: [volatility])
    }
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "only", volatility: volatility, drift: 0)], generator: Generator([[0]]))
    return try OptionBookProblem(
      name: "book", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: 100, rate: 0, environment: chain), positions: positions,
      costs: [cost], execution: Execution(checkEvery: checkEvery), preference: preference, settlement: settlement)
  }

  static func certified(_ problem: OptionBookProblem) throws -> OptionBookAnswer.Regime {
    let certificate = try OptionBookCertifier(
      problem: problem, grid: GridSettings(), settings: CertificationSettings(classes: [])
    ).run()
    #expect(certificate.isCertified, "\(certificate.failures)")
    guard case .optionBook(let answer) = certificate.answer else { fatalError("an option book") }
    return answer.regimes[0]
  }

  /// Reviews of a month's short straddle, days apart: a = 0.05, K = 0.02, k = 10 bp, cash, against dynamic programming over
  /// reviews with Gaussian transitions on an inventory grid of 0.005, every trade tried. The bound from below leaves 13 % open.
  @Test(arguments: [(5.0, 0.695920, -0.2920), (20, 0.515036, -0.2920)])
  func reviewsDaysApart(reviews: Double, value: Double, lower: Double) throws {
    let problem = try Self.problem(
      kinds: [.call, .put], volatility: 0.5,
      cost: TradeCost(fixed: 0.02, proportionalBuy: 0.001, proportionalSell: 0.001),
      preference: .quadratic(riskAversion: 0.05), settlement: .cash, checkEvery: 30 * 86_400 / reviews)
    let regime = try Self.certified(problem)
    #expect(abs(regime.value.value - value) < 1e-4, "\(regime.value)")
    if reviews == 20 { #expect(abs(regime.band.lower - lower) < 0.001, "\(regime.band)") }
  }

  /// Free trading is worth nothing but rounding, whatever the preference.
  @Test(arguments: [Preference.quadratic(riskAversion: 0.1), .exponential(riskAversion: 0.1)])
  func freeTrading(preference: Preference) throws {
    let problem = try Self.problem(kinds: [.call], volatility: 0.2, cost: TradeCost(), preference: preference)
    let regime = try Self.certified(problem)
    #expect(abs(regime.value.value) < 1e-6 && regime.check ?? 1 > 0, "\(regime.value)")
  }
}
