import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// Certificates of small option books: given where the solution is right, refused where it is not.
@Suite(.serialized) struct OptionBookCertificateTests {
  /// A short call at the money, 30 days, σ = 0.8, S = 1.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var preference = Preference.exponential(riskAversion: 10)
    var cost = TradeCost.proportional(0.0005)
    var settlement = Settlement.none
    var rate = 0.0
    var volatilities = [0.8]
    var switching: [[Double]] = [[0]]
    /// Nodes in log-spot; half as many inventories, twice as many steps.
    var spots = 360

    func problem() throws -> OptionBookProblem {
      let valuation = Instant(year: 2024, month: 1, day: 1)!
      let regimes = volatilities.enumerated().map {
        Regime(name: "regime \($0.offset)", volatility: $0.element, drift: rate)
      }
      let chain = try EnvironmentChain(regimes: regimes, generator: Generator(switching))
      let call = Position(
        name: "call",
        instrument: .option(kind: .call, strike: 1, expiry: valuation.adding(seconds: 30 * 86_400)), quantity: -1,
        impliedVolatilities: volatilities)
      return try OptionBookProblem(
        name: "call", valuation: valuation,
        market: Market(underlying: "X", quote: "USD", spot: 1, rate: rate, environment: chain), positions: [call],
        costs: volatilities.map { _ in cost }, preference: preference, settlement: settlement)
    }
  }

  static let cases = [
    Case(testDescription: "quadratic", preference: .quadratic(riskAversion: 10)),
    Case(testDescription: "quadratic, fixed cost", preference: .quadratic(riskAversion: 10), cost: .fixed(0.0002)),
    Case(testDescription: "γS = 10"),
    Case(testDescription: "γS = 100", preference: .exponential(riskAversion: 100), spots: 500),
    Case(testDescription: "cash settlement", settlement: .cash),
    Case(testDescription: "r = 0.1", settlement: .cash, rate: 0.1),
    Case(testDescription: "two regimes", volatilities: [0.6, 1.0], switching: [[-20, 20], [30, -30]]),
  ]

  private func certifier(_ problem: OptionBookProblem, spots: Int = 360) -> OptionBookCertifier {
    OptionBookCertifier(
      problem: problem, grid: GridSettings(spots: spots, holdings: spots / 2 + 1, steps: 2 * spots),
      settings: CertificationSettings(paths: 8192, checksPerPath: 1024, seed: 3, threads: 2))
  }

  private func words(_ checks: [Check]) -> String {
    checks.map { "\($0.kind) \($0.regime ?? ""): \($0.measured) against \($0.threshold)" }.joined(separator: "; ")
  }

  /// The roll-out knows nothing of the solver's grids or coordinates, so that its agreement is one of two programs.
  @Test(arguments: cases)
  func certified(_ example: Case) throws {
    let certificate = try certifier(example.problem(), spots: example.spots).run()
    // A certificate is long: it must not be printed.
    let isCertified = certificate.isCertified
    #expect(isCertified, "\(words(certificate.failures))")
    guard case .optionBook(let answer) = certificate.answer else {
      Issue.record("not an option book")
      return
    }
    for regime in answer.regimes {
      // An allowance as wide as the value would let anything through.
      let rollOut = regime.rollOut
      #expect(rollOut.extrapolated.standardError < 0.03 * abs(regime.value.value), "\(rollOut.extrapolated)")
    }
  }

  /// A solution of the problem with half the fixed cost: the simulation pays the true one.
  @Test(arguments: [Preference.quadratic(riskAversion: 10), .exponential(riskAversion: 10)])
  func wrongCostIsRefused(preference: Preference) throws {
    let truth = Case(
      testDescription: "", preference: preference, cost: .proportional(0.0005) + .fixed(0.0004), settlement: .cash)
    let problem = try truth.problem()
    let wrong = problem.replacing(costs: [.proportional(0.0005) + .fixed(0.0002)])
    let certificate = try certifier(problem).certify(certifier(wrong).solve())
    let failed = Set(certificate.failures.map(\.kind))
    // A class, where there is one to simulate, pays the true cost too.
    #expect(
      failed.contains(.rollOut) && failed.isSubset(of: [.rollOut, .classRollOut, .belowBound, .boundGap]),
      "\(words(certificate.checks))")
  }

  /// An exponential that a few paths decide is no confirmation.
  @Test func simulationWithoutErrorConfirmsNothing() throws {
    let example = Case(
      testDescription: "", preference: .exponential(riskAversion: 5000), cost: .proportional(0.01))
    let certificate = try certifier(example.problem()).run()
    let failed = certificate.failures.filter { $0.kind == .rollOut }
    #expect(failed.contains { $0.measured == .infinity }, "\(words(certificate.checks))")
  }
}
