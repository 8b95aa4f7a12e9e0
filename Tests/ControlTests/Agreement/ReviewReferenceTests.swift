import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Periodic review against an independent program: exact lognormal transitions by quadrature of cubic splines on a grid in
/// log-spot, running cost by Gauss–Legendre in time, and every trade tried at every inventory (numpy, 301 × 1121 nodes,
/// extrapolated in the inventories' spacing).
///
/// Short straddle, spot and strike 100, 30 days, volatility 80 % realised and implied, a = 0.09, no settlement, a check a day.
@Suite struct ReviewReferenceTests {
  static let day = 86_400.0

  struct Row: Sendable, CustomStringConvertible {
    let name: String
    let cost: TradeCost
    var execution = Execution(checkEvery: day)
    var drift = 0.0
    /// J from no inventory.
    let value: Double
    /// Edges in net delta at the valuation; nil where the other program does not resolve them.
    var edges: (lower: Double, upper: Double)?
    var description: String { name }
  }

  static let linear = TradeCost.proportional(0.0005)
  static let both = TradeCost.fixed(0.003) + linear
  static let quadratic = TradeCost(quadraticImpact: 0.003)

  static func pool(_ liquidity: Double, range: Double? = nil) -> TradeCost {
    TradeCost(fixed: 0.003, pools: [LiquidityPool(liquidity: liquidity, fee: 0.0005, range: range)])
  }

  static func venues(_ exchange: Venue) -> TradeCost {
    TradeCost(venues: [Venue(name: "pool", cost: pool(1e5)), exchange])
  }

  static let rows = [
    Row(name: "k", cost: linear, value: 0.524048, edges: (-0.02388, 0.03047)),
    Row(name: "k and impact", cost: linear + quadratic, value: 0.615127, edges: (-0.02069, 0.02755)),
    Row(name: "K, k and impact", cost: both + quadratic, value: 0.672804, edges: (-0.07745, 0.08399)),
    Row(
      name: "square-root impact", cost: both + TradeCost(squareRootImpact: 0.002), value: 0.806585,
      edges: (-0.08495, 0.09216)),
    Row(
      name: "delay of half a period", cost: both, execution: Execution(checkEvery: day, delay: day / 2),
      value: 0.909170, edges: (-0.07688, 0.08916)),
    Row(
      name: "the same without K", cost: linear, execution: Execution(checkEvery: day, delay: day / 2), value: 0.853638),
    Row(
      name: "a fill at the next check", cost: linear, execution: Execution(checkEvery: day, delay: day), value: 1.178065
    ),
    Row(
      name: "one attempt in five fails", cost: both, execution: Execution(checkEvery: day, failure: 0.2),
      value: 0.728934, edges: (-0.07509, 0.08431)),
    Row(
      name: "lots", cost: linear, execution: Execution(checkEvery: day, lot: 0.1), value: 0.542929,
      edges: (-0.07377, 0.08035)),
    Row(
      name: "lots and K", cost: both, execution: Execution(checkEvery: day, lot: 0.1), value: 0.591999,
      edges: (-0.08913, 0.09540)),
    Row(
      name: "largest trade", cost: both, execution: Execution(checkEvery: day, maximumTrade: 0.1), value: 1.202511,
      edges: (-0.04722, 0.06065)),
    Row(
      name: "delay with a drift", cost: both, execution: Execution(checkEvery: day, delay: day / 2), drift: 0.5,
      value: 0.721620),
    Row(
      name: "two venues", cost: venues(Venue(name: "exchange", cost: .proportional(0.0012))), value: 0.586296),
    Row(
      name: "two venues, one late",
      cost: venues(Venue(name: "exchange", cost: linear, bridging: 0.001, delay: day / 4)), value: 0.583774,
      edges: (-0.06584, 0.07339)),
    Row(
      name: "two venues, one late, and a drift",
      cost: venues(Venue(name: "exchange", cost: linear, bridging: 0.001, delay: day / 4)), drift: 0.5,
      value: 0.397146, edges: (0.02518, 0.16363)),
    Row(name: "pool", cost: pool(1000), value: 1.010067, edges: (-0.06904, 0.08124)),
  ]

  /// The value extrapolated as in a certificate to four digits, edges within half a per cent of the band's width.
  @Test(arguments: rows) func agrees(_ row: Row) throws {
    let problem = try Straddle.problem(
      riskAversion: 0.09, volatilities: [0.8], drift: row.drift, costs: [row.cost], execution: row.execution)
    let solution = try FiniteHorizon().solve(problem)
    let half = try FiniteHorizon(settings: GridSettings().refined(by: 0.5, of: solution.grid)).solve(problem)
    let value = solution.value(regime: 0, inventory: 0)
    let limit = value + (value - half.value(regime: 0, inventory: 0)) / 3
    #expect(relativeDifference(limit, row.value) < 1e-4, "\(row): \(limit) for \(row.value)")
    guard let edges = row.edges else { return }
    let band = solution.band(regime: 0)
    let tolerance = 0.005 * (edges.upper - edges.lower)
    #expect(abs(band.lower - edges.lower) < tolerance, "\(row): \(band.lower) for \(edges.lower)")
    #expect(abs(band.upper - edges.upper) < tolerance, "\(row): \(band.upper) for \(edges.upper)")
  }

  /// K, k and impact watched all the time: the other program's values at 8, 16 and 32 checks a day, 0.450604, 0.437766 and
  /// 0.431781, extrapolated in δ and δ^{3/2}, which is good to three parts in ten thousand.
  @Test func continuousImpactAgrees() throws {
    let problem = try Straddle.problem(
      riskAversion: 0.09, volatilities: [0.8], costs: [Self.both + Self.quadratic])
    let solution = try FiniteHorizon().solve(problem)
    let half = try FiniteHorizon(settings: GridSettings().refined(by: 0.5, of: solution.grid)).solve(problem)
    let value = solution.value(regime: 0, inventory: 0)
    let limit = value + (value - half.value(regime: 0, inventory: 0)) / 3
    #expect(relativeDifference(limit, 0.42627) < 5e-4, "\(limit)")
  }
}
