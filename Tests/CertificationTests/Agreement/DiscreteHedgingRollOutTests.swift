import Control
import Formulation
import Glibc
import Simulation
import TestKit
import Testing

@testable import Control

/// Moments of hedging at equal intervals against simulated paths: mean and standard deviation of the profit within three standard
/// errors, at 131 072 paths, and at 1 048 576 with the slow tests.
@Suite(.serialized) struct DiscreteHedgingRollOutTests {
  private static let paths = SlowTests.areWanted ? 1 << 20 : 1 << 17
  private static let deviations = 3.0

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var quantity = -1.0
    var implied = 0.2
    var fraction = 0.002
    var reviews = 16
    var rate = 0.0
    var settlement = Settlement.none
    /// The hedge ends at this share of the option's life.
    var share = 1.0
    var strikes = [(OptionKind.call, 100.0, 1.0)]

    static let years = 0.25

    func problem(markedAt volatility: Double? = nil) throws -> OptionBookProblem {
      let valuation = Instant("2026-01-01T00:00:00Z")!
      func instant(_ years: Double) -> Instant {
        valuation.adding(seconds: years * DayCount.calendar365.secondsPerYear)
      }
      let chain = try EnvironmentChain(
        regimes: [Regime(name: "only", volatility: 0.2, drift: rate)], generator: Generator.frozen(count: 1))
      let positions = strikes.map { kind, strike, share in
        Position(
          name: "\(kind) \(strike)", instrument: .option(kind: kind, strike: strike, expiry: instant(Self.years)),
          quantity: quantity * share, impliedVolatilities: [volatility ?? implied])
      }
      return try OptionBookProblem(
        name: "timed", valuation: valuation,
        market: Market(underlying: "X", quote: "USD", spot: 100, rate: rate, environment: chain), positions: positions,
        costs: [.proportional(fraction)], preference: .quadratic(riskAversion: 0.1), settlement: settlement,
        horizon: instant(share * Self.years))
    }

    var interval: Double { share * Self.years / Double(reviews) }
  }

  private func rollOut(
    _ problem: OptionBookProblem, interval: Double, policy: HedgingPolicy? = nil
  ) throws -> (mean: Simulation.Estimate, deviation: Simulation.Estimate) {
    let seconds = interval * problem.dayCount.secondsPerYear
    let result = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: seconds, pathCount: Self.paths, seed: 17, detailed: true)
    ).run(policy ?? .interval(everySeconds: seconds, target: 0))
    let variance = result.distribution(.profit).varianceEstimate
    let deviation = variance.mean.squareRoot()
    return (
      result[.profit],
      Simulation.Estimate(mean: deviation, standardError: variance.standardError / (2 * deviation))
    )
  }

  private func isWithin(_ estimate: Simulation.Estimate, _ value: Double) -> Bool {
    abs(estimate.mean - value) <= Self.deviations * estimate.standardError
  }

  static let cases = [
    Case(testDescription: "at the money"), Case(testDescription: "long", quantity: 1, reviews: 12),
    Case(testDescription: "sold above the realised volatility", implied: 0.25, fraction: 0.001, reviews: 64),
    Case(testDescription: "settled in cash at a rate", rate: 0.08, settlement: .cash),
    Case(testDescription: "one review", reviews: 1),
    Case(
      testDescription: "mixed gamma, delivered", settlement: .physical,
      strikes: [(.call, 95, 1), (.call, 100, -2), (.put, 90, 1)]),
  ]

  /// The recursion, whatever the interval, marks, sign of gamma and settlement.
  @Test(arguments: cases) func momentsAgainstSimulation(_ example: Case) throws {
    let problem = try example.problem()
    let found = try rollOut(problem, interval: example.interval)
    let moments = try #require(HedgeMoments(problem, interval: example.interval))
    #expect(isWithin(found.mean, moments.mean), "\(found.mean) \(moments.mean)")
    #expect(isWithin(found.deviation, moments.deviation), "\(found.deviation) \(moments.deviation)")
  }

  /// Leland's closed form where its interval is short against what is left: 256 reviews in the first half of the option's life.
  /// Sold at Leland's price and hedged at his volatility the profit has mean zero but for the first trade and the last one,
  /// which is paid for and not made: the horizon ends the last interval.
  @Test(arguments: [-1.0, 1]) func lelandAgainstSimulation(_ quantity: Double) throws {
    let example = Case(testDescription: "", quantity: quantity, reviews: 256, share: 0.5)
    let hedge = try LelandHedge(problem: example.problem(), interval: example.interval)
    let problem = try example.problem(markedAt: hedge.hedgeVolatility)
    let found = try rollOut(problem, interval: example.interval)
    let delta = problem.book.greeks(time: 0, spot: 100, regime: 0).delta
    var shorter = example
    shorter.share *= 255.0 / 256
    let last =
      hedge.expectedCost - (try LelandHedge(problem: shorter.problem(), interval: example.interval)).expectedCost
    let expected = last - problem.costs[0].charge(price: 100, trade: -delta)
    #expect(isWithin(found.mean, expected), "\(found.mean) \(expected)")
    #expect(isWithin(found.deviation, hedge.deviation), "\(found.deviation) \(hedge.deviation)")
  }

  /// Sepp's closed forms likewise, sold at 25 % while 20 % are realised.
  @Test func seppAgainstSimulation() throws {
    let example = Case(testDescription: "", implied: 0.25, fraction: 0.0002, reviews: 512, share: 0.5)
    let problem = try example.problem()
    let found = try rollOut(problem, interval: example.interval)
    let integrals = GammaIntegrals(problem: problem, book: problem.book)
    let realised = problem.book.marked(at: [0.2])
    func value(_ book: Book, _ time: Double) -> Double { book.greeks(time: time, spot: 100, regime: 0).value }
    // The hedge ends before the option does: ½(σ̂² − σ²)∫E[S²Γ]dt of the difference in value is earned by then.
    let gross = 0.5 * (0.25 * 0.25 - 0.04) * integrals.turnover
    let costs = 0.0002 * 0.2 * LelandHedge.meanMagnitude / example.interval.squareRoot() * integrals.turnover
    let first = problem.costs[0].charge(price: 100, trade: problem.book.greeks(time: 0, spot: 100, regime: 0).delta)
    #expect(isWithin(found.mean, gross - costs - first), "\(found.mean) \(gross - costs - first)")
    #expect(gross < value(realised, 0) - value(problem.book, 0))
  }

  /// A table of Leland's deltas at reviews is what hedging a book marked at his volatility is.
  @Test func reviewedTables() throws {
    let example = Case(testDescription: "", reviews: 20)
    let problem = try example.problem()
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 1500, holdings: 101, steps: 50))
    let rule = try Formula.leland.rule(problem, grid: grid)
    guard case .leland(let hedge) = rule.detail, let interval = rule.interval else {
      Issue.record("no hedge")
      return
    }
    let seconds = interval * problem.dayCount.secondsPerYear
    let table = try rollOut(problem, interval: interval, policy: .reviewed(rule.table, everySeconds: seconds))
    let marked = try example.problem(markedAt: hedge.hedgeVolatility)
    let direct = try rollOut(marked, interval: interval)
    // The same trades; profit differs by what the marks begin with.
    let premium =
      marked.book.greeks(time: 0, spot: 100, regime: 0).value - problem.book.greeks(time: 0, spot: 100, regime: 0).value
    #expect(abs(table.mean.mean - direct.mean.mean - premium) < 1e-4, "\(table.mean) \(direct.mean) \(premium)")
    #expect(abs(table.deviation.mean - direct.deviation.mean) < 1e-3)
  }

  /// Sold at the value of the nonlinear equation and hedged with its delta, a book of both signs earns nothing and loses nothing
  /// on average: the error is of the order of what one interval's gamma changes by.
  @Test func mixedGammaPaysForItself() throws {
    var example = Case(testDescription: "", reviews: 256, share: 1)
    example.strikes = [(.call, 95, 1), (.call, 100, -2), (.put, 90, 1)]
    let problem = try example.problem()
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 801, holdings: 101, steps: 50))
    let hedge = try MixedGammaHedge(problem: problem, interval: example.interval)
    let table = FormulaRule.table(problem, grid: grid, interval: example.interval) { hedge.delta(time: $0, spot: $1) }
    let seconds = example.interval * problem.dayCount.secondsPerYear
    let found = try rollOut(problem, interval: example.interval, policy: .reviewed(table, everySeconds: seconds))
    let first = problem.costs[0].charge(price: 100, trade: hedge.delta(time: 0, spot: 100))
    let premium = hedge.summary.frictionless - hedge.summary.value
    let excess = found.mean.mean + first + premium
    #expect(abs(excess) < 0.05 * premium, "\(found.mean), premium \(premium)")
  }

  /// Trading back when the price has moved by x: the band ±|Γ|Sx to the middle is that to leading order, and its costs and
  /// deviation are Sepp's c'/x and √(v'x²) within the order of the band.
  @Test func priceMoves() throws {
    let example = Case(testDescription: "", reviews: 4096, share: 0.5)
    let problem = try example.problem()
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 401, holdings: 101, steps: 200))
    let move = 0.01
    var bands: [Band] = []
    let times = Array(grid.times.dropLast())
    for time in times {
      for spot in grid.spots {
        let half = move * spot * abs(problem.book.greeks(time: time, spot: spot, regime: 0).gamma)
        bands.append(Band(lower: -half, upper: half, targetLower: 0, targetUpper: 0))
      }
    }
    let table = PolicyTable(times: times, logSpots: grid.logSpots, regimeCount: 1, bands: bands)
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(
        checkEvery: example.interval * problem.dayCount.secondsPerYear, pathCount: 1 << 14, seed: 5, detailed: true))
    let result = try rollOut.run(.table(table))
    let integrals = GammaIntegrals(problem: problem, book: problem.book)
    let first = problem.costs[0].charge(price: 100, trade: problem.book.greeks(time: 0, spot: 100, regime: 0).delta)
    // Looked at every δ the band is passed by 0.5826 σ√δ on average.
    let passed = move + 0.5826 * 0.2 * example.interval.squareRoot()
    let costs = 0.002 * 0.04 * integrals.turnover / passed
    #expect(abs(result.tradingCosts - first - costs) < 0.03 * costs, "\(result.tradingCosts - first) \(costs)")
    // Gamma's risk alone: ½ a of it is what the criterion counts.
    let risk = 0.5 * 0.1 * 0.04 / 6 * passed * passed * integrals.square
    #expect(abs(result[.gammaRisk].mean - risk) < 0.05 * risk, "\(result[.gammaRisk]) \(risk)")
  }
}
