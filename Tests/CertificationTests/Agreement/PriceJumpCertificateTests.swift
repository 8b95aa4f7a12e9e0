import Control
import Formulation
import Testing

@testable import Certification

/// The emitted policy rolled out by the judge, whose jumps are exact and whose risk of jumps knows nothing of kernels, agrees
/// with the solved value: certificates of books under jumps.
@Suite(.serialized) struct PriceJumpCertificateTests {
  private static let kou = PriceJumps.Law.kou(scaleUp: 0.05, scaleDown: 0.07, probabilityUp: 0.4)

  private func problem(
    _ regimes: [Regime], switching: [[Double]] = [[0]], switchJumps: [[Double]] = [], cost: TradeCost,
    settlement: Settlement = .none
  ) throws -> OptionBookProblem {
    let valuation = Instant(year: 2024, month: 1, day: 1)!
    let chain = try EnvironmentChain(
      regimes: regimes, generator: try Generator(switching), switchJumps: switchJumps)
    let call = Position(
      name: "call", instrument: .option(kind: .call, strike: 1, expiry: valuation.adding(seconds: 30 * 86_400)),
      quantity: -1, impliedVolatilities: regimes.count == 1 ? [0.8] : [0.7, 0.9])
    return try OptionBookProblem(
      name: "call", valuation: valuation,
      market: Market(underlying: "X", quote: "USD", spot: 1, rate: 0, environment: chain), positions: [call],
      costs: regimes.map { _ in cost }, preference: .quadratic(riskAversion: 10), settlement: settlement)
  }

  private func certify(_ problem: OptionBookProblem) throws -> Certificate {
    try OptionBookCertifier(
      problem: problem, grid: GridSettings(spots: 360, holdings: 181, steps: 720),
      settings: CertificationSettings(paths: 8192, checksPerPath: 1024, seed: 5, threads: 2)
    ).run()
  }

  private func confirm(_ problem: OptionBookProblem) throws {
    let certificate = try certify(problem)
    let failures = certificate.failures.map { "\($0.kind) \($0.regime ?? ""): \($0.measured) over \($0.threshold)" }
    #expect(failures.isEmpty, "\(failures)")
    guard case .optionBook(let answer) = certificate.answer else {
      Issue.record("not an option book")
      return
    }
    for regime in answer.regimes {
      let rollOut = regime.rollOut
      #expect(rollOut.extrapolated.standardError < 0.02 * abs(regime.value.value), "\(rollOut.extrapolated)")
    }
  }

  @Test func merton() throws {
    let jumps = PriceJumps(intensity: 10, law: .merton(mean: -0.05, deviation: 0.08))
    try confirm(
      problem(
        [Regime(name: "only", volatility: 0.5, jumps: jumps)], cost: .proportional(0.0005), settlement: .cash))
  }

  @Test func kouInTwoRegimes() throws {
    let regimes = [
      Regime(name: "calm", volatility: 0.5, jumps: PriceJumps(intensity: 8, law: Self.kou)),
      Regime(name: "stressed", volatility: 0.9, jumps: PriceJumps(intensity: 20, law: Self.kou)),
    ]
    try confirm(
      problem(
        regimes, switching: [[-6, 6], [24, -24]], switchJumps: [[0, -0.06], [0.03, 0]],
        cost: .proportional(0.0005) + .fixed(0.0002)))
  }
}
