import Control
import Formulation
import Testing

@testable import Certification

/// Books far out of the money, worth less than anybody would trade for: they were refused for errors of digits on which no
/// decision depends.
@Suite(.serialized) struct FarOutOfTheMoneyTests {
  private func certificate(strike: Double, fixed: Double) throws -> Certificate {
    let valuation = Instant("2026-01-01T08:00:00Z")!
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "only", volatility: 0.5)], generator: .frozen(count: 1))
    let call = Position(
      name: "call", instrument: .option(kind: .call, strike: strike, expiry: valuation.adding(seconds: 30 * 86_400)),
      quantity: -1, impliedVolatilities: [0.5])
    let problem = try OptionBookProblem(
      name: "far", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: 100, rate: 0, environment: chain), positions: [call],
      costs: [.proportional(0.0005) + .fixed(fixed)], preference: .quadratic(riskAversion: 0.05), settlement: .none)
    return try OptionBookCertifier(
      problem: problem, grid: GridSettings(spots: 400, holdings: 161, steps: 600),
      settings: CertificationSettings(
        paths: 8192, checksPerPath: 512, boundPaths: 256, seed: 1, threads: 2, classes: [.optimal])
    ).run()
  }

  @Test(arguments: [170.0, 200, 300, 10_000]) func isCertified(_ strike: Double) throws {
    let certificate = try certificate(strike: strike, fixed: 0.01)
    let failures = certificate.failures.map { "\($0.kind): \($0.measured) against \($0.threshold)" }
    #expect(failures == [], "strike \(strike)")
  }

  /// At the money the share of the value decides, as it did.
  @Test func ordinaryBooksKeepTheirThresholds() throws {
    let certificate = try certificate(strike: 100, fixed: 0.01)
    guard case .optionBook(let answer) = certificate.answer else { return }
    let value = answer.regimes[0].value.value
    let check = certificate.checks.first { $0.kind == .valueError }!
    #expect(abs(check.threshold - CertificationSettings.valueTolerance * value) < 1e-6 * value)
  }
}
