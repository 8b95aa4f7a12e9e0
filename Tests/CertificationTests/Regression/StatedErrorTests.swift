import Control
import Formulation
import Testing

@testable import Certification

/// The difference of two grids passes through zero somewhere: the error that is stated there does not.
@Suite(.serialized) struct StatedErrorTests {
  private func solved(_ inventory: Double, volatility: Double, fineness: Int) throws -> Approximation {
    let valuation = Instant("2026-01-01T08:00:00Z")!
    let expiry = valuation.adding(seconds: 30 * 86_400)
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "only", volatility: volatility)], generator: .frozen(count: 1))
    let legs = [OptionKind.call, .put].map {
      Position(
        name: $0.rawValue, instrument: .option(kind: $0, strike: 100, expiry: expiry), quantity: -1,
        impliedVolatilities: [volatility])
    }
    let problem = try OptionBookProblem(
      name: "stated", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: 100, rate: 0, environment: chain), positions: legs,
      costs: [.proportional(0.0005) + .fixed(0.01)], preference: .quadratic(riskAversion: 0.05), settlement: .cash,
      inventory: inventory)
    let certificate = try OptionBookCertifier(
      problem: problem,
      grid: GridSettings(spots: 250 * fineness, holdings: 120 * fineness, steps: 400 * fineness),
      settings: CertificationSettings(
        paths: 256, checksPerPath: 64, boundPaths: 128, seed: 1, threads: 2, classes: [.optimal])
    ).run()
    guard case .optionBook(let answer) = certificate.answer else { fatalError("an option book has such an answer") }
    return answer.regimes[0].value
  }

  @Test(arguments: [0.05, 0.5]) func coversTheFinerGrid(_ volatility: Double) throws {
    for inventory in [-3.0, -1, 0, 2] {
      let (coarse, fine) = try (
        solved(inventory, volatility: volatility, fineness: 1), solved(inventory, volatility: volatility, fineness: 2)
      )
      #expect(abs(coarse.value - fine.value) <= coarse.error, "\(inventory): \(coarse) \(fine)")
    }
  }

  /// On three grids whose finest two happen to agree.
  @Test func agreementByAccident() {
    let limit = Approximation.limit(coarsest: 1.08, halfAsFine: 1, finest: 1, neighbours: [])
    #expect(limit.value == 1 && abs(limit.error - 0.01) < 1e-15)
    let beside = Approximation.limit(
      coarsest: 1, halfAsFine: 1, finest: 1, neighbours: [(2.04, 2), (0.5, 0.5), (1, 0)])
    #expect(beside.value == 1 && abs(beside.error - 0.01) < 1e-15)
    // Of second order nothing changes.
    let plain = Approximation.limit(coarsest: 1.15, halfAsFine: 1.04, finest: 1.01, neighbours: [(1.02, 1)])
    #expect(plain == Approximation.limit(halfAsFine: 1.04, finest: 1.01))
  }
}
