import Control
import Formulation
import TestKit
import Testing

@testable import Certification

/// Bands that the grid of inventories resolves, barely resolves and misses: what is certified is right within its stated error.
@Suite struct NarrowBandTests {
  /// A forward hedged at a volatility so low that the price stands still: half-width k/(a S (e^{σ²T} − 1)).
  private static let volatility = 0.05
  private static let proportional = 0.0005
  private static let days = 30.0

  private func problem(halfWidth: Double) throws -> OptionBookProblem {
    let valuation = Instant(year: 2026, month: 1, day: 1)!
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "only", volatility: Self.volatility)], generator: .frozen(count: 1))
    let variance = Self.volatility * Self.volatility * Self.days / 365
    return try OptionBookProblem(
      name: "narrow", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: 1, rate: 0, environment: chain),
      positions: [Position(name: "forward", instrument: .forward, quantity: -5)],
      costs: [.proportional(Self.proportional)],
      preference: .quadratic(riskAversion: Self.proportional / (halfWidth * variance)), settlement: .none,
      horizon: valuation.adding(seconds: Self.days * 86_400))
  }

  /// In spacings of inventory.
  @Test(arguments: [0.1, 0.45, 0.9, 1.4, 2.5, 6, 9.3]) func certifiedIsRight(_ spacings: Double) throws {
    // Five units and a margin over 160 lines.
    let exact = spacings * 5.25 / 158
    let certificate = try OptionBookCertifier(
      problem: problem(halfWidth: exact), grid: GridSettings(spots: 60, holdings: 160, steps: 100),
      settings: CertificationSettings(paths: 512, checksPerPath: 128, seed: 1, threads: 2)
    ).run()
    guard case .optionBook(let answer) = certificate.answer else { return }
    let (band, error) = (answer.regimes[0].band, answer.regimes[0].bandError)
    let verdict = certificate.checks.first { $0.kind == .bandError }?.passed
    #expect(verdict == (spacings > 2), "\(band) for \(exact)")
    if verdict == true {
      #expect(abs(band.upper - exact) <= error + 0.01 * exact, "\(band) ± \(error) for \(exact)")
      #expect(abs(band.lower + exact) <= error + 0.01 * exact, "\(band) ± \(error) for \(exact)")
    }
  }
}
