import Control
import Formulation
import Glibc
import Simulation

/// The bound from below of a straddle: what it leaves open, and what a step of a path costs, on both cores.
func boundBenchmark() throws -> [String] {
  let cases = [
    ("proportional", try straddle(fixed: 0, regimeCount: 1)),
    ("proportional and fixed", try straddle(fixed: 0.01, regimeCount: 1)),
    ("two regimes", try straddle(fixed: 0, regimeCount: 2)),
    ("two regimes, proportional and fixed", try straddle(fixed: 0.01)),
  ]
  let paths = 512
  return try cases.flatMap { label, problem in
    let fine = try FiniteHorizon().solve(problem)
    var method = FiniteHorizon(settings: GridSettings().refined(by: 0.5, of: fine.grid))
    method.keepsValues = true
    let middle = try method.solve(problem)
    guard let table = middle.table else { return [String]() }
    return try [1024.0].map { checks in
      let bound = try LowerBound(
        problem: problem, values: table,
        settings: LowerBoundSettings(
          checkEvery: problem.horizon * problem.dayCount.secondsPerYear / checks, isContinuous: true, pathCount: paths,
          seed: 1))
      let start = monotonicSeconds(CLOCK_PROCESS_CPUTIME_ID)
      let result = bound.run(fine.policy)
      let seconds = monotonicSeconds(CLOCK_PROCESS_CPUTIME_ID) - start
      let (bounds, value) = (result.bounds, fine.value(regime: 0, inventory: 0))
      return
        "{\"benchmark\":\"bound\",\"case\":\"\(label)\",\"value\":\(value),\"lower\":\(bounds.lower.mean),"
        + "\"lowerError\":\(bounds.lower.standardError),\"upper\":\(bounds.upper.mean),"
        + "\"upperError\":\(bounds.upper.standardError),\"gapShare\":\(bounds.gap.mean / value),"
        + "\"gapError\":\(bounds.gap.standardError / value),\"checkedGapShare\":\(result.checked.gap.mean / value),"
        + "\"nanosecondsPerStep\":\(seconds / (Double(paths) * checks) * 1e9)}"
    }
  }
}
