import Control
import Formulation
import Glibc
@testable import Simulation
import Testing

@testable import Certification

/// Paths drawn where the mean of the exponential is made, against paths of the law itself.
@Suite struct ImportanceTiltTests {
  static func problem(
    aversion: Double, drift: Double = 0, rate: Double = 0, cost: TradeCost = .proportional(0.001), years: Double = 0.25,
    execution: Execution = Execution(), quantity: Double = -1, implied: Double = 0.2,
    volatilities: [Double] = [0.2], switching: [[Double]] = [[0]]
  ) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    let regimes = volatilities.enumerated().map {
      Regime(name: "regime \($0.offset)", volatility: $0.element, drift: drift)
    }
    let market = Market(
      underlying: "X", quote: "USD", spot: 100, rate: rate,
      environment: try EnvironmentChain(regimes: regimes, generator: Generator(switching)))
    let expiry = valuation.adding(seconds: years * DayCount.calendar365.secondsPerYear)
    let call = Position(
      name: "call", instrument: .option(kind: .call, strike: 100, expiry: expiry), quantity: quantity,
      impliedVolatilities: volatilities.count == 1 ? [implied] : volatilities)
    return try OptionBookProblem(
      name: "claim", valuation: valuation, market: market, positions: [call],
      costs: volatilities.map { _ in cost }, execution: execution,
      preference: .exponential(riskAversion: aversion), settlement: .none)
  }

  @Test func explore() throws {
      let problem = try Self.problem(aversion: 50)
      let settings = GridSettings(spots: 1000, holdings: 481, steps: 2000)
      var method = FiniteHorizon(settings: settings)
      method.isGuiding = true
      let solution = try method.solve(problem)
      var set = RollOutSettings(
          checkEvery: problem.horizon * problem.dayCount.secondsPerYear / 8192, pathCount: 8192, seed: 5, antithetic: true,
          detailed: true)
      set.graded = true
      let rollOut = try RollOut(problem: problem, settings: set)
      let columns: [RollOutColumn] = [.criterion, .excessWealth, .gammaRisk, .variableCosts, .tradeCount, .turnoverUnits, .gammaThetaProfit, .hedgingProfit]
      let r = try rollOut.tilted(by: solution.guide!).run(.table(solution.policy), keeping: columns)
      let w = r.kept[0].map { log1p(50 * max(0, $0)) / 50 }
      let order = w.indices.sorted { w[$0] > w[$1] }
      for i in order.prefix(12) + [order[2000], order[4000], order[6000], order[8000]] {
        print(w[i], r.kept.dropFirst().map { Double(Int($0[i] * 1000)) / 1000 })
      }
  }
}
