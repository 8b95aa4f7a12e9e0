import Formulation
import Glibc
import Testing

@testable import Control

/// Inventories that settlement leaves free, where the value of waiting has a kink.
@Suite struct SettledInventoryTests {
  private let volatility = 0.8
  private let aversion = 0.1
  private let seconds = 3_600.0

  private func solved(_ settlement: Settlement, proportional: Double, holdings: Int) throws -> FiniteHorizonSolution {
    let problem = try Straddle.problem(
      proportional: proportional, riskAversion: aversion, volatilities: [volatility], switching: [[0]],
      settlement: settlement, seconds: seconds)
    return try FiniteHorizon(settings: GridSettings(spots: 240, holdings: holdings, steps: 400), threads: 2).solve(
      problem)
  }

  /// Trading costs so much that one waits for the horizon: half the risk aversion times the variance of the straddle, in closed
  /// form. Away from zero one is rid of the inventory now for what it costs then.
  @Test(arguments: [61, 121, 241]) func waitingForCash(_ holdings: Int) throws {
    let cost = 0.05
    let solution = try solved(.cash, proportional: cost, holdings: holdings)
    let (spot, deviation) = (100.0, volatility * (seconds / (365 * 86_400)).squareRoot())
    let call = spot * (NormalLaw.cumulative(0.5 * deviation) - NormalLaw.cumulative(-0.5 * deviation))
    let variance = spot * spot * (exp(deviation * deviation) - 1) - 4 * call * call
    let expected = 0.5 * aversion * variance
    let value = solution.value(regime: 0, inventory: 0)
    #expect(abs(value - expected) < 2e-3 * expected, "\(value) \(expected)")
    let spacing = solution.grid.holdings[1] - solution.grid.holdings[0]
    for y in [-2, -1, 1, 2].map({ $0 * spacing }) {
      let beside = solution.value(regime: 0, inventory: y) - value
      let unwinding = cost * spot * abs(y)
      // Waiting saves what the inventory may yet be good for: less than all the risk there is.
      #expect(beside <= unwinding * (1 + 1e-9), "\(y): \(beside) \(unwinding)")
      #expect(beside > unwinding - 2 * expected * abs(y), "\(y): \(beside) \(unwinding)")
    }
  }

  /// Delivered at the strike: either side's free inventory is a line, and the value at it converges with the square of the spacing,
  /// not with the spacing itself.
  @Test func delivered() throws {
    let values = try [61, 121, 241].map { count in
      let solution = try solved(.physical, proportional: 0.0005, holdings: count)
      return [-1.0, 0, 1].map { solution.value(regime: 0, inventory: $0) }
    }
    for place in 0..<3 {
      let (coarse, middle, fine) = (values[0][place], values[1][place], values[2][place])
      #expect(abs(middle - fine) < 5e-4 * fine && abs(coarse - fine) < 2e-3 * fine, "\(coarse) \(middle) \(fine)")
    }
  }

  /// Whoever holds more than what either side of the strike asks for is rid of the rest at once, for what it costs at the horizon
  /// too; between the two one waits. The edges are the two inventories themselves, kinks of V at which no tangent fit applies.
  @Test(arguments: [Preference.quadratic(riskAversion: 0.1), .exponential(riskAversion: 0.1)], [61, 121])
  func edgesAtKinks(_ preference: Preference, _ holdings: Int) throws {
    let problem = try Straddle.problem(
      proportional: 0.0005, volatilities: [volatility], switching: [[0]], settlement: .physical, seconds: seconds
    ).replacing(preference: preference)
    let solution = try FiniteHorizon(settings: GridSettings(spots: 240, holdings: holdings, steps: 400), threads: 2)
      .solve(problem)
    let delta = problem.book.greeks(time: 0, spot: 100, regime: 0).delta
    let band = solution.band(regime: 0).shifted(by: -delta)
    #expect(abs(band.lower + 1) < 1e-6 && abs(band.upper - 1) < 1e-6, "\(band)")
  }
}
