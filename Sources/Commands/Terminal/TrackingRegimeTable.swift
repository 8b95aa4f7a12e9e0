import Formulation

/// The regimes of a tracking problem as a table, for `solve` and `check`; what has no column's width stands below it.
struct TrackingRegimeTable {
  let problem: TrackingProblem
  let digits: Int

  func add(to screen: inout Screen) {
    var table = TextTable("<", "drift", "volatility", "running cost", "fixed", "per unit", "mean sojourn")
    var notes: [String] = []
    for (e, regime) in problem.regimes.enumerated() {
      let cost = problem.costs[e]
      let leaving = -problem.generator.rates[e][e]
      let running = regime.runningCost
      table.add(
        regime.name, regime.reversion == 0 ? number(regime.drift) : "below", number(regime.volatility),
        running.isPlain ? number(running.above) + " x²" : "below", number(cost.fixed),
        cost.proportionalBuy == cost.proportionalSell
          ? number(cost.proportionalBuy) : "\(number(cost.proportionalBuy)) / \(number(cost.proportionalSell))",
        leaving > 0 ? number(1 / leaving) : "for ever")
      var more: [String] = []
      if regime.reversion != 0 { more.append("drift " + drift(regime)) }
      if !running.isPlain { more.append("running cost " + describe(running)) }
      if let jumps = regime.jumps, regime.hasJumps { more.append(describe(jumps)) }
      if !more.isEmpty { notes.append("\(regime.name): " + more.joined(separator: "; ")) }
    }
    screen.add(table)
    for note in notes { screen.note(note) }
  }

  private func number(_ value: Double) -> String { Figures.significant(value, digits) }

  /// `0.1 + 2 (0.5 − x)`.
  private func drift(_ regime: TrackingRegime) -> String {
    let returning = "\(number(regime.reversion)) (\(number(regime.level)) − x)"
    return regime.drift == 0 ? returning : "\(number(regime.drift)) + \(returning)"
  }

  /// `1 (x − 0.5)² + 0.1 (x − 0.5)`.
  private func describe(_ cost: DeviationCost) -> String {
    let x = cost.center == 0 ? "x" : "(x − \(number(cost.center)))"
    let weight = cost.isSymmetric ? number(cost.above) : "\(number(cost.below)) below, \(number(cost.above)) above ×"
    return "\(weight) \(x)²" + (cost.linear == 0 ? "" : " + \(number(cost.linear)) \(x)")
  }

  private func describe(_ jumps: DeviationJumps) -> String {
    let rate = "\(number(jumps.intensity)) jumps per unit time"
    switch jumps.law {
    case .normal(let mean, let deviation): return "\(rate) of \(number(mean)) ± \(number(deviation))"
    case .laplace(let up, let down, let probabilityUp):
      return "\(rate), \(Figures.percent(probabilityUp)) up by \(number(up)), else down by \(number(down))"
    }
  }
}
