import Formulation

/// The deviation of the book left alone with today's inventory y.
///
///     R_t + L R + Q R + ½ v(y) + ½ Σ q_ee' (V_e' − V_e)² = 0,   R = 0 at the horizon,   deviation = √(2 R)
///
/// One linear problem for one inventory, on the grid and with the steps of the march; second order. *Verified by*
/// `FrontierRollOutTests.unhedgedDeviationIsThatOfNeverTrading`.
struct UnhedgedRisk {
  let problem: OptionBookProblem

  /// From today's spot and regime [quote].
  func deviation(on grid: FiniteHorizonGrid) -> Double {
    let spots = grid.spots
    let m = problem.environment.count
    let table = BookTable(book: problem.book, spots: spots, regimes: m)
    var system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    var line = SingleLine(count: spots.count * m)
    var delta = [Double](repeating: 0, count: spots.count * m)
    var marks = delta
    var variance = VarianceTable(problem: problem, logSpots: grid.logSpots)
    let markJumps = MarkJumpVariance(problem.environment)
    let jumps = JumpOperator(logSpots: grid.logSpots, environment: problem.environment, ends: .value)
    let y = problem.inventory
    for level in grid.levels {
      let scheme = grid.step(to: level)
      system.factorise(scheme)
      table.deltas(at: grid.times[level], into: &delta)
      if table.jumpsOnSwitching { table.values(at: grid.times[level], into: &marks) }
      variance.fill(at: grid.times[level], delta: delta, threads: 1)
      markJumps.withRates(of: marks) { markRate in
        line.advance(system, scheme, jumps: jumps) { node in
          let rate = (variance.quadratic[node] * y + 2 * variance.linear[node]) * y + variance.constant[node]
          return 0.5 * (rate + markRate(node))
        }
      }
    }
    return (2 * max(0, line.recent[grid.reference * m + problem.market.currentRegime])).squareRoot()
  }
}
