import Control
import Formulation

/// A written call under exponential utility: S = K, a year, σ = 25 %, r = μ = 10 %, no settlement.
private func call(spot: Double, exposure: Double, cost: Double) throws -> OptionBookProblem {
  let valuation = Instant(year: 2026, month: 1, day: 1)!
  let expiry = valuation.adding(seconds: DayCount.calendar365.secondsPerYear)
  let market = Market(
    underlying: "X", quote: "USD", spot: spot, rate: 0.1,
    environment: try EnvironmentChain(
      regimes: [Regime(name: "only", volatility: 0.25, drift: 0.1)], generator: .frozen(count: 1)))
  let position = Position(
    name: "call", instrument: .option(kind: .call, strike: spot, expiry: expiry), quantity: -1,
    impliedVolatilities: [0.25])
  return try OptionBookProblem(
    name: "call", valuation: valuation, market: market, positions: [position],
    costs: [TradeCost(fixed: 0, proportionalBuy: cost, proportionalSell: cost)],
    preference: .exponential(riskAversion: exposure / spot), settlement: .none)
}

/// Writer's and buyer's reservation prices at S = 15 and S = 60 000 for γS up to 600, with the difference from those on a grid twice
/// as fine in every direction, and their seconds.
func priceBenchmark() throws -> [String] {
  var lines: [String] = []
  for (spot, exposure, cost) in [
    (15.0, 15.0, 0.01), (60_000, 0.1, 0.01), (60_000, 1, 0.01), (60_000, 10, 0.01), (60_000, 100, 0.01),
    (60_000, 600, 0.01), (60_000, 10, 0.001), (60_000, 100, 0.001), (60_000, 600, 0.001),
  ] {
    // Narrow bands under a strong utility take more of everything.
    let isNarrow = exposure * cost < 1 && exposure > 300
    let size = isNarrow ? 1.4 : 1
    func grid(_ factor: Double) -> GridSettings {
      GridSettings(spots: Int(480 * factor), holdings: Int(240 * factor), steps: Int(960 * factor))
    }
    let problem = try call(spot: spot, exposure: exposure, cost: cost)
    func price(_ settings: GridSettings) throws -> ReservationPrice {
      let solution = try FiniteHorizon(settings: settings, threads: 2).solve(problem)
      return try ReservationPrices(solution, threads: 2).price(regime: 0, spot: spot)
    }
    var found: ReservationPrice?
    let seconds = try fastest(2) { found = try price(grid(size)) }
    let fine = try price(grid(2 * size))
    let difference = max(abs(found!.writer / fine.writer - 1), abs(found!.buyer / fine.buyer - 1))
    lines.append(
      "{\"benchmark\":\"prices\",\"spot\":\(spot),\"exposure\":\(exposure),\"cost\":\(cost),"
        + "\"writer\":\(found!.writer),\"buyer\":\(found!.buyer),\"relativeDifferenceFromTwiceAsFine\":\(difference),"
        + "\"seconds\":\(seconds)}")
  }
  return lines
}
