import Formulation

/// The same under periodic review, where the band is left at checks only.
extension TimeToTrade {
  /// Expected years until a check after the valuation finds the inventory outside the band, or the horizon.
  func expectedUnderReview(regime start: Int, inventory y: Double) -> Double {
    let (grid, problem) = (solution.grid, solution.problem)
    let regimes = problem.environment.count
    let nodes = grid.logSpots.count * regimes
    let table = BookTable(book: problem.book, spots: grid.spots, regimes: regimes)
    var system = LineSystem(logSpots: grid.logSpots, environment: problem.environment)
    let jumps = JumpOperator(logSpots: grid.logSpots, environment: problem.environment, ends: .value)
    var delta = [Double](repeating: 0, count: nodes)
    var time = SingleLine(count: nodes)
    let kept = solution.policy.times
    var factorised = -1.0
    for level in grid.levels {
      let step = TwoStageStep(length: grid.times[level + 1] - grid.times[level])
      if abs(step.length - factorised) > ReviewTimes.coincidence * factorised {
        factorised = step.length
        system.factorise(step.first)
      }
      for scheme in [step.first, step.second] { time.advance(system, scheme, jumps: jumps) { _ in 1 } }
      guard grid.isCheck[level], level > 0 else { continue }
      table.deltas(at: grid.times[level], into: &delta)
      let (index, weight) = kept.count > 1 ? CubicInterpolation.locate(kept, grid.times[level]) : (0, 0)
      for node in 0..<nodes {
        let (row, e) = (node / regimes, node % regimes)
        var band = solution.policy.band(time: index, regime: e, spot: row)
        if weight > 0 {
          band = band.mixed(with: solution.policy.band(time: index + 1, regime: e, spot: row), weight: weight)
        }
        let trade = band.trade(at: delta[node] + y, inventory: y, flats: solution.policy.flats)
        if trade != 0 { time.recent[node] = 0 }
      }
    }
    return time.recent[grid.reference * regimes + start]
  }
}
