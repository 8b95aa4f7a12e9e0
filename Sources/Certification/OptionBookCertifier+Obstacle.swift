import Control

extension OptionBookCertifier {
  /// Whether some trade today is better than the solution says: the largest `V(y) − V(z) − c(z − y)` over all inventories of the
  /// grid, at today's spot, against the value.
  ///
  /// A band describes a policy with one region of waiting. Regimes whose costs differ in kind, a ticket here and a spread there, can
  /// ask for several: the solver then overlooks trades within what it takes for its band, which a simulation of that band
  /// cannot show.
  func obstacle(_ solution: FiniteHorizonSolution, regime e: Int, value: Double) -> Check {
    let y = solution.grid.inventories
    let base = (solution.grid.reference * problem.environment.count + e) * y.count
    let line = Array(solution.values[base..<base + y.count])
    let (cost, spot) = (problem.costs[e], problem.market.spot)
    var worst = 0.0
    for from in y.indices {
      for to in y.indices where to != from {
        worst = max(worst, line[from] - line[to] - cost.charge(price: spot, trade: y[to] - y[from]))
      }
    }
    let ticket = problem.charges(units: 1).most
    return Check(
      .obstacleViolation, regime: problem.environment.regimes[e].name, measured: worst,
      atMost: CertificationSettings.valueTolerance * abs(value) + CertificationSettings.lawTolerance * ticket,
      unit: problem.market.quote)
  }
}
