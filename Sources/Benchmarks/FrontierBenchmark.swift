import Control
import Formulation
import Glibc

/// Twenty points of a frontier on the standard grid, in solutions of the model itself.
func frontierBenchmark() throws -> [String] {
  try [("proportional", 0.0), ("proportional and fixed", 0.01)].map { label, fixed in
    let problem = try straddle(fixed: fixed)
    let threads = 2
    let solution = try fastest(3) { _ = try FiniteHorizon(threads: threads).solve(problem) }
    let frontier = try fastest(1) { _ = try Frontier(problem: problem, settings: GridSettings(), threads: threads) }
    return
      "{\"benchmark\":\"frontier\",\"case\":\"\(label)\",\"points\":\(Frontier.standardCount),\"threads\":\(threads),"
      + "\"seconds\":\(frontier),\"solutionSeconds\":\(solution),\"solutions\":\(frontier / solution)}"
  }
}
