import Formulation
import TestKit
import Testing

@testable import Control

/// Policies evaluated by their looks cost what the equations with masks say, what the equations between ticks say, and, where they
/// are the optimum's own, what the solvers say.
@Suite struct LookedEvaluationTests {
  private func nodes(_ problem: OptionBookProblem, _ grid: FiniteHorizonGrid, _ optimum: PolicyTable? = nil) throws
    -> EvaluationNodes
  {
    let none = PolicyTable(
      times: [0], logSpots: [0], regimeCount: problem.environment.count,
      bands: problem.environment.regimes.map { _ in .unbounded })
    var nodes = EvaluationNodes(problem, grid: grid, optimum: optimum ?? none)
    nodes.looks = try LookedEquations(problem: problem, grid: grid)
    return nodes
  }

  struct Rule: Sendable {
    let rule: BandRule
    let fixed: Double
    let tolerance: Double
  }

  static let rules = [
    Rule(
      rule: .constant(centres: [0, 0], halves: [0.2, 0.25], ratios: [0.4, 0.3]), fixed: 0.02, tolerance: 0.02),
    Rule(rule: .gammaScaled(multiples: [1.2, 1.2], ratios: [1, 1]), fixed: 0, tolerance: 0.004),
    Rule(rule: .gammaScaled(multiples: [2, 2.2], ratios: [0.5, 0.5]), fixed: 0.02, tolerance: 0.004),
  ]

  /// A watched market of plain costs, which the equations with masks solve as well.
  @Test(arguments: rules) func agreesWithMasks(_ row: Rule) throws {
    // Up to an expiry at the strike, where gamma grows without bound, rules that follow neither have no order.
    let problem = try Straddle.problem(fixed: row.fixed, volatilities: [0.5, 1.2], horizon: 20 * 86_400)
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 300, holdings: 160, steps: 600))
    var nodes = try nodes(problem, grid)
    let candidate = BookClassCandidate(bookClass: .constantBand, rule: row.rule)
    let functionals = [PolicyFunctional.total(problem), .risk(problem), .turnover(problem)]
    let looked = candidate.evaluate(functionals, on: nodes, leastSteps: 1).map(\.values)
    nodes.looks = nil
    let masked = candidate.evaluate(functionals, on: nodes, leastSteps: 1).map(\.values)
    for e in 0..<2 {
      #expect(relativeDifference(looked[0][e], masked[0][e]) < row.tolerance, "\(row) \(looked) \(masked)")
      // Parts make up the whole.
      let cost = problem.costs[e]
      if row.fixed == 0 {
        #expect(
          relativeDifference(looked[1][e] + cost.proportionalBuy * looked[2][e], looked[0][e]) < 1e-3, "\(looked)")
      }
    }
  }

  /// Blind between ticks both are the same linear problem.
  @Test func agreesBetweenTicks() throws {
    let problem = try Straddle.problem(fixed: 0.02, volatilities: [0.5, 1.2])
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 300, holdings: 160, steps: 600))
    var nodes = try nodes(problem, grid)
    let candidate = BookClassCandidate(
      bookClass: .interval, rule: .always(targets: [0, 0.05]), clock: .blind,
      gaps: [problem.horizon / 20, problem.horizon / 33])
    let functionals = [PolicyFunctional.total(problem), .trades(problem)]
    let looked = candidate.evaluate(functionals, on: nodes, leastSteps: 2).map(\.values)
    nodes.looks = nil
    let clocked = candidate.evaluate(functionals, on: nodes, leastSteps: 2).map(\.values)
    for e in 0..<2 {
      for k in 0..<2 {
        #expect(relativeDifference(looked[k][e], clocked[k][e]) < 1e-3, "\(k) \(looked[k]) \(clocked[k])")
      }
    }
  }

  struct Solved: Sendable {
    let name: String
    let tolerance: Double
    let problem: @Sendable () throws -> OptionBookProblem
  }

  static let solved = [
    Solved(name: "jumps, K + k", tolerance: 0.005) { try JumpStraddle.twoKou() },
    Solved(name: "jumps, k", tolerance: 0.005) { try JumpStraddle.onlyMerton() },
    Solved(name: "utility", tolerance: 0.005) { try EntropicCase(cost: 0.002, aversion: 1).problem() },
    Solved(name: "utility, K + k, a rate", tolerance: 0.005) {
      try EntropicCase(cost: 0.001, fixed: 0.02, aversion: 0.5, rate: 0.1).problem()
    },
    Solved(name: "reviews", tolerance: 0.002) {
      try Straddle.problem(fixed: 0.01, execution: Execution(checkEvery: 6 * 3600))
    },
    Solved(name: "reviews, k alone", tolerance: 0.002) {
      try Straddle.problem(volatilities: [0.8], execution: Execution(checkEvery: 86_400))
    },
    Solved(name: "reviews under utility", tolerance: 0.005) {
      try EntropicCase(cost: 0.002, aversion: 0.5, execution: Execution(checkEvery: 86_400)).problem()
    },
    Solved(name: "failures", tolerance: 0.002) {
      try Straddle.problem(fixed: 0.01, execution: Execution(checkEvery: 6 * 3600, failure: 0.2))
    },
    Solved(name: "impact", tolerance: 0.005) {
      try Straddle.problem(
        volatilities: [0.8],
        costs: [TradeCost(fixed: 0.01, proportionalBuy: 0.0003, proportionalSell: 0.0003, quadraticImpact: 0.002)],
        execution: Execution(checkEvery: 6 * 3600))
    },
    Solved(name: "delays", tolerance: 0.005) {
      try Straddle.problem(fixed: 0.01, volatilities: [0.8], execution: Execution(checkEvery: 6 * 3600, delay: 3600))
    },
    Solved(name: "lots", tolerance: 0.005) {
      try Straddle.problem(fixed: 0.01, volatilities: [0.8], execution: Execution(checkEvery: 6 * 3600, lot: 0.05))
    },
    Solved(name: "flat at the expiry", tolerance: 0.005) {
      try Straddle.problem(
        fixed: 0.05, volatilities: [0.8], settlement: .cash, execution: Execution(checkEvery: 6 * 3600))
    },
  ]

  /// The optimum's table, evaluated, costs what its solver says.
  @Test(arguments: solved) func reproducesTheSolver(_ row: Solved) throws {
    let problem = try row.problem()
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 300, holdings: 160, steps: 600))
    let solution = try FiniteHorizon(settings: GridSettings().refined(by: 1, of: grid), threads: 2).solve(problem)
    let nodes = try nodes(problem, solution.grid, solution.policy)
    let candidate = BookClassCandidate(bookClass: .optimal, rule: .optimal)
    let found = candidate.evaluate([.total(problem)], on: nodes, leastSteps: 1)[0].values
    for e in found.indices {
      let value = solution.value(regime: e, inventory: problem.inventory)
      #expect(relativeDifference(found[e], value) < row.tolerance, "\(row.name) \(found[e]) \(value)")
    }
  }

  /// Reviews that are made one by one and every so manieth with edges moved inwards.
  @Test func thinnedReviews() throws {
    let problem = try Straddle.problem(fixed: 0.01, volatilities: [0.8], execution: Execution(checkEvery: 900))
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings(spots: 160, holdings: 96, steps: 320))
    let solution = try FiniteHorizon(settings: GridSettings().refined(by: 1, of: grid), threads: 2).solve(problem)
    var nodes = try nodes(problem, solution.grid, solution.policy)
    let candidate = BookClassCandidate(bookClass: .recentre, rule: .scaled(factors: [1.1], ratios: [0]))
    let exact = candidate.evaluate([.total(problem)], on: nodes, leastSteps: 1)[0].values[0]
    nodes.looks = nodes.looks?.thinned(horizon: problem.horizon, isSearch: false)
    #expect(nodes.looks?.every == 5)
    let thinned = candidate.evaluate([.total(problem)], on: nodes, leastSteps: 1)[0].values[0]
    #expect(relativeDifference(thinned, exact) < 0.005, "\(thinned) \(exact)")
  }

  /// A small aversion prices risk as quadratic risk does, class by class, on the same lines: at a cost of a tenth of a basis point what
  /// a band without width leaves between lines far in the money is a tenth of the whole where the hedge there is no line.
  @Test func smallAversionIsQuadratic() throws {
    let aversion = 1e-3
    func problem(_ preference: Preference) throws -> OptionBookProblem {
      try EntropicCase(cost: 1e-5, aversion: aversion, preference: preference).problem()
    }
    let grid = try FiniteHorizonGrid(
      problem: problem(.exponential(riskAversion: aversion)),
      settings: GridSettings(spots: 240, holdings: 128, steps: 480))
    func loss(_ preference: Preference) throws -> [Double] {
      let problem = try problem(preference)
      let nodes = try nodes(problem, grid)
      let rules: [BandRule] = [
        .constant(centres: [0], halves: [0.1], ratios: [0]), .gammaScaled(multiples: [1.2], ratios: [1]),
      ]
      return rules.map {
        BookClassCandidate(bookClass: .constantBand, rule: $0).evaluate([.total(problem)], on: nodes, leastSteps: 1)[0]
          .values[0]
      }
    }
    let (utility, quadratic) = (
      try loss(.exponential(riskAversion: aversion)), try loss(.quadratic(riskAversion: aversion))
    )
    for (a, b) in zip(utility, quadratic) { #expect(relativeDifference(a, b) < 0.005, "\(a) \(b)") }
  }
}
