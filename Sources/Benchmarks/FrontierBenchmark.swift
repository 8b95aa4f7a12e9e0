import Control
import Formulation
import Glibc

/// Twenty points of a frontier on the standard grid, in solutions of the model itself: by the clock, and by processor time, which
/// a loaded machine leaves comparable.
func frontierBenchmark() throws -> [String] {
  try [("proportional", 0.0), ("proportional and fixed", 0.01)].map { label, fixed in
    let problem = try straddle(fixed: fixed)
    let threads = 2
    var busy = (solution: Double.infinity, frontier: Double.infinity)
    let solution = try fastest(3) {
      let start = monotonicSeconds()
      _ = try FiniteHorizon(threads: threads).solve(problem)
      busy.solution = min(busy.solution, monotonicSeconds() - start)
    }
    let frontier = try fastest(1) {
      let start = monotonicSeconds()
      _ = try Frontier(problem: problem, settings: GridSettings(), threads: threads)
      busy.frontier = min(busy.frontier, monotonicSeconds() - start)
    }
    return
      "{\"benchmark\":\"frontier\",\"case\":\"\(label)\",\"points\":\(Frontier.standardCount),\"threads\":\(threads),"
      + "\"seconds\":\(frontier),\"solutionSeconds\":\(solution),\"solutions\":\(frontier / solution),"
      + "\"solutionsByProcessorTime\":\(busy.frontier / busy.solution)}"
  }
}
