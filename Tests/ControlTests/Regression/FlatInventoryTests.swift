import Formulation
import Testing

@testable import Control

/// An inventory of zero where a fixed cost and settlement at cost make it special.
@Suite struct FlatInventoryTests {
  private func book(fixed: Double) throws -> OptionBookProblem {
    try Straddle.problem(
      proportional: 0.0001, fixed: fixed, riskAversion: 0.03, volatilities: [0.8], switching: [[0]], settlement: .cash,
      strike: 104)
  }

  /// Bands, targets and where zero holds, against the general operator: the node of zero may be the best destination though every
  /// node around it is a bad one.
  @Test func sameAsGeneralOperator() throws {
    let problem = try book(fixed: 0.3)
    let settings = GridSettings(spots: 120, holdings: 81, steps: 200)
    let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
    let fast = try BackwardMarch(problem: problem, grid: grid, threads: 2).run(settings: settings, progress: nil).policy
    let table = try RouteTable(problem: problem, isReview: false)
    let general = try TradeMarch(
      QuadraticRest(problem: problem, grid: grid, threads: 2, keepsValues: false), table: table
    ).run(settings: settings, progress: nil).policy
    let spacing = grid.holdings[1] - grid.holdings[0]
    var (compared, different, atZero) = (0, 0, 0)
    for time in stride(from: 0, to: fast.times.count - 10, by: 8) {
      for spot in 40...80 {
        let (left, right) = (
          fast.band(time: time, regime: 0, spot: spot), general.band(time: time, regime: 0, spot: spot)
        )
        let delta = problem.book.greeks(time: fast.times[time], spot: grid.spots[spot], regime: 0).delta
        compared += 1
        if abs(left.targetLower - delta) < 1e-9, abs(left.targetUpper - delta) < 1e-9 { atZero += 1 }
        let isSame =
          left.heldFlats == right.heldFlats && abs(left.targetLower - right.targetLower) < 0.1 * spacing
          && abs(left.targetUpper - right.targetUpper) < 0.1 * spacing
        if !isSame { different += 1 }
      }
    }
    // Where two destinations are as good as each other the two operators may choose differently.
    #expect(different < compared / 100 && atZero > compared / 10, "\(different) and \(atZero) of \(compared)")
  }

  /// Calls so deep in the money that nothing moves, and a ticket so dear that one pays it once at most: on the side of zero where
  /// inventory hedges V is a parabola and a ticket, between the nodes beside zero too; on the other one goes flat at once; and at
  /// zero there is no ticket.
  @Test func valueBesideZero() throws {
    let problem = try Straddle.problem(
      riskAversion: 0.03, volatilities: [0.8], switching: [[0]], settlement: .cash, strike: 10, costs: [.fixed(1_000)])
    let solution = try FiniteHorizon(settings: GridSettings(spots: 60, holdings: 81, steps: 60), threads: 1).solve(
      problem)
    let spacing = solution.grid.holdings[1] - solution.grid.holdings[0]
    func value(_ nodes: Double) -> Double { solution.value(regime: 0, inventory: nodes * spacing) }
    let (left, middle, right) = (value(3), value(5), value(8))
    let slopes = ((middle - left) / 2, (right - middle) / 3)
    let bend = (slopes.1 - slopes.0) / 5
    func parabola(_ x: Double) -> Double { left + (x - 3) * (slopes.0 + (x - 5) * bend) }
    for x in [0.07, 0.42, 0.58, 1.5, 1.93, 4.2] {
      #expect(abs(value(x) - parabola(x)) < 1e-6 * middle, "\(x): \(value(x)) \(parabola(x))")
    }
    for x in [-0.42, -1.5] { #expect(abs(value(x) - value(0) - 1_000) < 1e-6 * middle, "\(x): \(value(x))") }
    #expect(abs(value(0) - (parabola(0) - 1_000)) < 1e-6 * middle)
  }
}
