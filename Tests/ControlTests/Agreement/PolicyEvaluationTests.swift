import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

@Suite struct PolicyEvaluationTests {
  @Test func scratch() throws {
    for (fixed, prop, settlement, vols) in [(0.02, 0.0005, Settlement.none, [0.8]), (0.02, 0.0005, .cash, [0.5, 1.2]), (0.0, 0.0005, .none, [0.8]), (0.0, 0.0005, .cash, [0.5, 1.2]), (0.02, 0, .none, [0.8])] {
      let problem = try Straddle.problem(proportional: prop, fixed: fixed, volatilities: vols, settlement: settlement)
      let whole = try FiniteHorizonGrid(problem: problem, settings: GridSettings())
      print("case", fixed, prop, settlement, vols, whole.logSpots.count, whole.holdings.count, whole.times.count)
      for factor in [1, 0.5, 0.25] {
        let start = clock()
        let solution = try FiniteHorizon(settings: GridSettings().refined(by: factor, of: whole), threads: 1).solve(problem)
        let mid = clock()
        let nodes = EvaluationNodes(solution)
        let a = clock()
        let found = PolicyEvaluation(nodes: nodes, rule: .optimal, functional: .total(problem)).run()
        let b = clock()
        let m = vols.count
        let recentre = PolicyEvaluation(nodes: nodes, rule: .scaled(factors: Array(repeating: 1.26, count: m), ratios: Array(repeating: 0, count: m)), functional: .total(problem)).run()
        let c = clock()
        print(factor, "solver", (0..<m).map { solution.value(regime: $0, inventory: 0) }, "engine", found.values, "recentre", recentre.values, "ms", (mid-start)/1000, (a-mid)/1000, (b-a)/1000, (c-b)/1000)
      }
    }
  }
}
