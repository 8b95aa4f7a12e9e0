import Formulation
import Glibc
import Simulation
import Testing

@testable import Certification
@testable import Control

/// Bounds from below of solved straddles, and what they find out about solutions that are not the optimum.
@Suite struct LowerBoundTests {
  struct Case: Sendable, CustomStringConvertible {
    let fixed: Double
    let proportional: Double
    let regimes: Int
    var checkEvery: Double?
    var description: String { "K \(fixed), k \(proportional), \(regimes) regimes" }
  }

  static let cases = [
    Case(fixed: 0, proportional: 0.0005, regimes: 1), Case(fixed: 0.01, proportional: 0, regimes: 1),
    Case(fixed: 0.01, proportional: 0.0005, regimes: 2), Case(fixed: 0, proportional: 0.0005, regimes: 2),
    Case(fixed: 0.01, proportional: 0.0005, regimes: 1, checkEvery: 21_600),
  ]

  static func problem(_ row: Case) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let regimes = Array(
      [Regime(name: "calm", volatility: 0.5), Regime(name: "wild", volatility: 1.2)].prefix(row.regimes))
    let generator = row.regimes == 1 ? Generator.frozen(count: 1) : try Generator([[-6, 6], [24, -24]])
    let legs = [OptionKind.call, .put].map { kind in
      Position(
        name: kind.rawValue,
        instrument: .option(kind: kind, strike: 100, expiry: valuation.adding(seconds: 30 * 86_400)), quantity: -1,
        impliedVolatilities: [0.6])
    }
    return try OptionBookProblem(
      name: "straddle", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0,
        environment: EnvironmentChain(regimes: regimes, generator: generator)), positions: legs,
      costs: Array(
        repeating: TradeCost(fixed: row.fixed, proportionalBuy: row.proportional, proportionalSell: row.proportional),
        count: row.regimes), execution: Execution(checkEvery: row.checkEvery),
      preference: .quadratic(riskAversion: 0.1), settlement: .none)
  }

  static func certifier(_ problem: OptionBookProblem) -> OptionBookCertifier {
    OptionBookCertifier(problem: problem, grid: GridSettings(), settings: CertificationSettings())
  }

  static func bounds(
    _ certifier: OptionBookCertifier, _ solutions: OptionBookCertifier.Refinements, table: ValueTable? = nil,
    policy: PolicyTable? = nil
  ) throws -> LowerBoundResult {
    let problem = certifier.problem
    let check = certifier.rollOutCheck
    let bound = try LowerBound(
      problem: problem, values: try #require(table ?? solutions.middle.table),
      settings: LowerBoundSettings(
        checkEvery: check, substeps: certifier.rollOutSubsteps, isContinuous: certifier.reviewSeconds == nil,
        pathCount: 256, seed: 2))
    return bound.run(policy ?? solutions.fine.policy)
  }

  /// The bound holds, and is within one per cent of what the policy costs.
  @Test(arguments: cases) func bracketsTheValue(_ row: Case) throws {
    let certifier = Self.certifier(try Self.problem(row))
    let solutions = try certifier.solve()
    let values = [solutions.middle, solutions.fine].map { $0.value(regime: 0, inventory: 0) }
    let value = Approximation.limit(halfAsFine: values[0], finest: values[1])
    let bounds = try Self.bounds(certifier, solutions).bounds
    #expect(bounds.lower.mean < value.value + 3 * bounds.lower.standardError + value.error)
    #expect(bounds.upper.mean > value.value - 3 * bounds.upper.standardError - 0.003 * value.value)
    #expect(bounds.gap.mean < 0.01 * value.value + 2 * bounds.gap.standardError)
    #expect(bounds.gap.mean > -3 * bounds.gap.standardError)
  }

  /// Any function makes a bound: none at all a weak one, half of the value a better one, the value the best.
  @Test func theBetterTheValueTheCloser() throws {
    let certifier = Self.certifier(try Self.problem(Self.cases[4]))
    let solutions = try certifier.solve()
    let table = try #require(solutions.middle.table)
    func scaled(_ factor: Double) -> ValueTable {
      ValueTable(
        times: table.times, logSpots: table.logSpots, regimeCount: table.regimeCount, inventories: table.inventories,
        values: table.values.map { factor * $0 })
    }
    let value = solutions.fine.value(regime: 0, inventory: 0)
    let results = try [0, 0.5, 1].map { try Self.bounds(certifier, solutions, table: scaled($0)).checked }
    for bounds in results {
      #expect(bounds.lower.mean < value + 3 * bounds.lower.standardError + 0.002 * value)
      #expect(abs(bounds.upper.mean - results[2].upper.mean) < 3 * bounds.upper.standardError + 0.002 * value)
    }
    #expect(results[0].lower.mean < 0.8 * value)
    #expect(results[0].lower.mean < results[1].lower.mean - 0.05 * value)
    #expect(results[1].lower.mean < results[2].lower.mean - 0.02 * value)
    #expect(results[2].gap.standardError < 0.2 * results[0].gap.standardError)
  }

  // MARK: Sabotage

  /// A solution with another policy.
  static func replacing(
    _ solution: FiniteHorizonSolution, _ change: (Band) -> Band
  ) -> FiniteHorizonSolution {
    let policy = solution.policy
    return FiniteHorizonSolution(
      problem: solution.problem, settingsGiven: solution.settingsGiven, grid: solution.grid,
      policy: PolicyTable(
        times: policy.times, logSpots: policy.logSpots, regimeCount: policy.regimeCount,
        bands: policy.bands.map(change)), values: solution.values, markJumpRisk: solution.markJumpRisk,
      bookDeltas: solution.bookDeltas, table: solution.table)
  }

  /// A band that lies a fifth of its half-width too high everywhere.
  @Test(arguments: [cases[0], cases[1]]) func aShiftedBandIsRefused(_ row: Case) throws {
    let certifier = Self.certifier(try Self.problem(row))
    let honest = try certifier.solve()
    let shifted = Self.replacing(honest.fine) { band in
      band.width.isFinite ? band.shifted(by: 0.1 * band.width) : band
    }
    let bounds = try Self.bounds(certifier, honest, policy: shifted.policy).bounds
    let value = honest.fine.value(regime: 0, inventory: 0)
    #expect(bounds.gap.mean > CertificationSettings.gapTolerance * value + 2 * bounds.gap.standardError)
  }

  /// Bands of a solver that believes in half the fixed cost, or in the volatility of yesterday.
  @Test func aStaleModelIsRefused() throws {
    let truth = try Self.problem(Self.cases[2])
    let certifier = Self.certifier(truth)
    let wrong = [
      truth.replacing(costs: truth.costs.map { $0.multiplied(fixed: 0.5, variable: 1) }),
      truth.replacing(
        environment: try EnvironmentChain(
          regimes: [truth.environment.regimes[1], truth.environment.regimes[0]].enumerated().map { index, regime in
            Regime(name: truth.environment.regimes[index].name, volatility: regime.volatility)
          }, generator: truth.environment.generator)),
    ]
    for problem in wrong {
      let certificate = try certifier.certify(Self.certifier(problem).solve())
      let failed = Set(certificate.failures.map(\.kind))
      #expect(!failed.isDisjoint(with: [.rollOut, .belowBound, .boundGap]), "\(failed)")
    }
  }
}
