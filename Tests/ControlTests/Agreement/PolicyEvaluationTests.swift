import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// The optimum's own bands evaluated by linear equations cost what the solver says, and locally constant problems cost what
/// the closed forms say.
@Suite struct PolicyEvaluationTests {
  struct Row: Sendable {
    let fixed: Double
    let volatilities: [Double]
    let settlement: Settlement
    /// Going exactly flat saves the settlement's fixed cost, which bands in net delta cannot do between nodes.
    let tolerance: Double
  }

  static let rows = [
    Row(fixed: 0.02, volatilities: [0.8], settlement: .none, tolerance: 0.001),
    Row(fixed: 0.02, volatilities: [0.5, 1.2], settlement: .cash, tolerance: 0.01),
    Row(fixed: 0, volatilities: [0.8], settlement: .none, tolerance: 0.002),
    Row(fixed: 0, volatilities: [0.5, 1.2], settlement: .cash, tolerance: 0.002),
  ]

  @Test("Value of the solver", arguments: rows)
  func reproducesTheSolver(_ row: Row) throws {
    let problem = try Straddle.problem(fixed: row.fixed, volatilities: row.volatilities, settlement: row.settlement)
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings())
    // Lines are cheap where trades reflect, and their inventories are all that the slope of V is integrated on.
    let sizes = row.fixed == 0 ? [0.5, 1] : [0.25, 0.5]
    let solutions = try sizes.map {
      try FiniteHorizon(settings: GridSettings().refined(by: $0, of: grid)).solve(problem)
    }
    let solution = solutions[1]
    let found = solutions.map {
      PolicyEvaluation(
        nodes: EvaluationNodes($0, optimum: solution.policy), rule: .optimal, functionals: [.total(problem)], threads: 2
      ).run()[0].values
    }
    for e in row.volatilities.indices {
      func limit(_ values: [Double]) -> Double { Approximation.limit(halfAsFine: values[0], finest: values[1]).value }
      let value = limit(solutions.map { $0.value(regime: e, inventory: 0) })
      let own = limit(found.map { $0[e] })
      #expect(relativeDifference(own, value) < row.tolerance, "\(row) \(own) \(value)")
    }
  }

  /// Right-hand sides of one elimination: risk and the parts of the costs make up J.
  @Test(arguments: [(0.02, 0.4), (0.0, 0.0), (0.0, 1.0)]) func functionalsSideBySide(_ fixed: Double, _ ratio: Double)
    throws
  {
    let problem = try Straddle.problem(fixed: fixed, volatilities: [0.5, 1.2])
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 80, holdings: 48, steps: 100))
    let none = PolicyTable(times: [0], logSpots: [0], regimeCount: 2, bands: [.unbounded, .unbounded])
    let nodes = EvaluationNodes(problem, grid: grid, optimum: none)
    let rule = BandRule.constant(centres: [0, 0], halves: [0.2, 0.25], ratios: [ratio, ratio])
    let reflects = rule.isReflecting(problem)
    let functionals =
      [PolicyFunctional.total(problem), .risk(problem), .turnover(problem)] + (reflects ? [] : [.trades(problem)])
    let together = PolicyEvaluation(nodes: nodes, rule: rule, functionals: functionals).run().map(\.values)
    for e in 0..<2 {
      let cost = problem.costs[e]
      let parts =
        together[1][e] + cost.proportionalBuy * together[2][e] + (reflects ? 0 : cost.fixed * together[3][e])
      #expect(relativeDifference(parts, together[0][e]) < 1e-3, "\(parts) \(together)")
    }
  }

  /// A straddle over so short a horizon, at such small costs, that its gamma and the price hardly change: the long-run average
  /// of control.md §7, with η = |Γ|σS, λ = ½aσ²S². What is left of the start cancels between two horizons; between two grids what
  /// spacings and steps leave. Horizons are whole numbers of a clock's gaps.
  private func rate(
    proportional: Double, fixed: Double, outer: Double, inner: Double, isBlind: Bool = false
  ) throws -> (found: Double, local: StationaryClosedForm) {
    let whole = try Straddle.problem(proportional: proportional, fixed: fixed, volatilities: [0.8])
    let gamma = whole.book.greeks(time: 0, spot: 100, regime: 0).gamma
    let local = StationaryClosedForm(
      runningCost: 0.5 * 0.1 * 0.64 * 1e4, volatility: abs(gamma) * 80, fixed: fixed, proportional: proportional * 100)
    let half = local.optimum.outer
    let unit = half * half / (local.volatility * local.volatility)
    let gap = local.interval.time
    let lengths = [30 * unit, 60 * unit].map { isBlind ? ($0 / gap).rounded() * gap : $0 }
    func rate(scale: Double) throws -> Double {
      let costs = try lengths.map { length in
        let problem = try Straddle.problem(
          proportional: proportional, fixed: fixed, volatilities: [0.8], horizon: length * 365 * 86_400)
        let settings = GridSettings(
          spots: Int(500 * scale), holdings: Int(640 * scale), steps: Int(15 * scale * length / unit))
        let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
        // No rule here is scaled from an optimum.
        let none = PolicyTable(times: [0], logSpots: [0], regimeCount: 1, bands: [.unbounded])
        let nodes = EvaluationNodes(problem, grid: grid, optimum: none)
        if isBlind {
          let schedule = EvaluationSchedule(
            grid: grid, clocks: [gap], leastSteps: Int(12 * scale), ringsAtOnce: true)
          return ClockedEvaluation(
            nodes: nodes.on(schedule), rule: .always(targets: [0]), functionals: [.total(problem)], threads: 2
          ).run()[0].values[0]
        }
        let rule = BandRule.constant(centres: [0], halves: [outer * half], ratios: [inner])
        return PolicyEvaluation(nodes: nodes, rule: rule, functionals: [.total(problem)], threads: 2).run()[0]
          .values[0]
      }
      return (costs[1] - costs[0]) / (lengths[1] - lengths[0])
    }
    let scales = isBlind ? [0.5, 1.0] : [1, 2]
    let rates = try scales.map(rate)
    return (Approximation.limit(halfAsFine: rates[0], finest: rates[1]).value, local)
  }

  @Test func edgeLimit() throws {
    let (found, local) = try rate(proportional: 1e-7, fixed: 0, outer: 1, inner: 1)
    #expect(relativeDifference(found, local.edge.cost) < 2e-4, "\(found) \(local.edge.cost)")
  }

  /// Recentring costs 26 % more with a band 1.587 times as wide, and 50 % more with the band of edges.
  @Test func recentreLimits() throws {
    let (wide, local) = try rate(proportional: 1e-7, fixed: 0, outer: cbrt(4), inner: 0)
    #expect(relativeDifference(wide / local.edge.cost, cbrt(2)) < 2e-4, "\(wide / local.edge.cost)")
    let (narrow, _) = try rate(proportional: 1e-7, fixed: 0, outer: 1, inner: 0)
    #expect(relativeDifference(narrow / local.edge.cost, 1.5) < 2e-4, "\(narrow / local.edge.cost)")
  }

  @Test func innerLimit() throws {
    let local = StationaryClosedForm(
      runningCost: 0.5 * 0.1 * 0.64 * 1e4, volatility: try gammaRate(), fixed: 1e-7, proportional: 1e-4)
    let ratio = local.optimum.inner / local.optimum.outer
    let (found, _) = try rate(proportional: 1e-6, fixed: 1e-7, outer: 1, inner: ratio)
    #expect(relativeDifference(found, local.optimum.cost) < 1e-3, "\(found) \(local.optimum.cost)")
  }

  private func gammaRate() throws -> Double {
    abs(try Straddle.problem(volatilities: [0.8]).book.greeks(time: 0, spot: 100, regime: 0).gamma) * 80
  }

  /// 1.563 times the best band for proportional costs, √3 times for fixed ones.
  @Test func blindLimits() throws {
    let (found, local) = try rate(proportional: 1e-7, fixed: 0, outer: 1, inner: 1, isBlind: true)
    #expect(relativeDifference(found / local.edge.cost, 1.563185) < 5e-4, "\(found / local.edge.cost)")
    let (fixed, other) = try rate(proportional: 0, fixed: 1e-7, outer: 1, inner: 0, isBlind: true)
    #expect(relativeDifference(fixed / other.optimum.cost, 3.0.squareRoot()) < 5e-4, "\(fixed / other.optimum.cost)")
  }
}
