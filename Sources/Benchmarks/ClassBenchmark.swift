import Control
import Formulation
import Glibc

/// The table of policy classes against one solution of the same book on its standard grid, on both cores.
func classBenchmark() throws -> [String] {
  let cases = [
    ("proportional", try straddle(fixed: 0)), ("proportional and fixed", try straddle(fixed: 0.01)),
    ("proportional and fixed, one regime", try straddle(fixed: 0.01, regimeCount: 1)),
  ]
  return try cases.map { label, problem in
    let threads = 2
    var solution = try FiniteHorizon(threads: threads).solve(problem)
    var least = Double.infinity
    let whole = try fastest(2) {
      let start = monotonicSeconds()
      solution = try FiniteHorizon(threads: threads).solve(problem)
      least = min(least, monotonicSeconds() - start)
    }
    let settings = [0.5, 0.25].map { GridSettings().refined(by: $0, of: solution.grid) }
    let fine = try FiniteHorizon(settings: settings[0], threads: threads).solve(problem)
    let coarse = try FiniteHorizon(settings: settings[1], threads: threads).solve(problem)
    var found: BookClasses?
    let began = monotonicSeconds()
    let seconds = fastest(1) {
      found = BookClassSearch(optimum: solution.policy, coarse: coarse, fine: fine, threads: threads).run()
    }
    let processor = monotonicSeconds() - began
    let losses = (found?.solved ?? []).map { solution in
      "\"\(solution.bookClass.rawValue)\":["
        + solution.regimes.map { "\($0.excess.value / $0.total)" }.joined(separator: ",") + "]"
    }
    return
      "{\"benchmark\":\"classes\",\"case\":\"\(label)\",\"threads\":\(threads),\"seconds\":\(seconds),"
      + "\"solutionSeconds\":\(whole),\"solutions\":\(seconds / whole),\"processorSolutions\":\(processor / least),"
      + "\"processorSeconds\":\(processor),\"lossShares\":{\(losses.joined(separator: ","))}}"
  }
}
