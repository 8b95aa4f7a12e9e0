import Formulation
import TestKit
import Testing

@testable import Control

/// Bands that the grid does not resolve, with a fixed cost: where V overflowed the march trapped.
@Suite struct UnresolvedBandTests {
  /// Nothing is negative that adds up risk and costs, and no inventory is worse than another and the trade between the two.
  @Test(arguments: [(1.0, 100.0), (3000, 0.05), (1, 1e4), (1e6, 0.05), (1, 1e8), (1e5, 1e5)])
  func staysBetweenItsBounds(quantity: Double, aversion: Double) throws {
    for proportional in [0, 0.0005] {
      let problem = try Straddle.problem(
        proportional: proportional, fixed: 0.01, riskAversion: aversion, volatilities: [0.5], implied: [0.5],
        quantity: -quantity)
      for (holdings, steps) in [(33, 60), (65, 400)] {
        let solution = try FiniteHorizon(
          settings: GridSettings(spots: 120, holdings: holdings, steps: steps)
        ).solve(problem)
        let y = solution.grid.holdings
        let cost = problem.costs[0]
        for row in solution.grid.logSpots.indices {
          let line = Array(solution.values[row * y.count..<(row + 1) * y.count])
          let rounding = 1e-9 * line.max()!
          #expect(line.min()! >= -rounding, "\(quantity) \(aversion) \(proportional) \(holdings) row \(row)")
          let spot = solution.grid.spots[row]
          let best = line.indices.min { line[$0] < line[$1] }!
          for index in line.indices where index != best {
            let most = line[best] + cost.charge(price: spot, trade: y[best] - y[index])
            #expect(line[index] <= most + rounding, "\(quantity) \(aversion) row \(row) line \(index)")
          }
        }
      }
    }
  }

  /// Where steps are too long for the band V overflows: that is refused in words, and never a trap.
  @Test(arguments: [60, 120, 240, 961]) func overflowIsRefused(_ holdings: Int) throws {
    let problem = try Straddle.problem(fixed: 0.01, riskAversion: 100, volatilities: [0.5], implied: [0.5])
    do throws(ControlError) {
      let settings = GridSettings(spots: 300, holdings: holdings, steps: 800)
      let solution = try FiniteHorizon(settings: settings).solve(problem)
      #expect(solution.value(regime: 0, inventory: 0) > 0)
    } catch {
      #expect(error == .notFinite(method: FiniteHorizon.name, where: "the value at the valuation"))
    }
  }

  /// What is cut back to the budget keeps five inventories per half-width.
  @Test func manyPositionsKeepTheirInventories() throws {
    let problem = try Straddle.problem(
      fixed: 0.01, riskAversion: 0.05, volatilities: [0.5], implied: [0.5], quantity: -3000)
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings())
    let gamma = problem.book.greeks(time: 0, spot: 100, regime: 0).gamma
    let half = BandScale(problem: problem, regime: 0).halfWidth(spot: 100, gamma: gamma, remaining: problem.horizon)
    #expect(grid.holdings[1] - grid.holdings[0] < half / 4.9, "\(grid.holdings.count) for \(half)")
  }
}
