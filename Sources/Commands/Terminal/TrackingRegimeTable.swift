import Formulation

/// The regimes of a tracking problem as a table, for `solve` and `check`.
enum TrackingRegimeTable {
  static func make(_ problem: TrackingProblem, digits: Int) -> TextTable {
    func number(_ value: Double) -> String { Figures.significant(value, digits) }
    var header = ["drift", "volatility", "running cost", "fixed", "per unit", "mean sojourn"]
    let jumps = problem.regimes.contains(where: \.hasJumps)
    if jumps { header.insert("jumps", at: 2) }
    var table = TextTable(
      [TextTable.Column(head: "", alignment: .left)] + header.map { TextTable.Column(head: $0) })
    for (e, regime) in problem.regimes.enumerated() {
      let cost = problem.costs[e]
      let leaving = -problem.generator.rates[e][e]
      var cells = [
        regime.name, drift(regime, number), number(regime.volatility), running(regime.runningCost, number),
        number(cost.fixed),
        cost.proportionalBuy == cost.proportionalSell
          ? number(cost.proportionalBuy) : "\(number(cost.proportionalBuy)) / \(number(cost.proportionalSell))",
        leaving > 0 ? number(1 / leaving) : "for ever",
      ]
      if jumps { cells.insert(self.jumps(regime, number), at: 3) }
      table.add(cells)
    }
    return table
  }

  /// `0.1 + 2 (0.5 − x)`.
  private static func drift(_ regime: TrackingRegime, _ number: (Double) -> String) -> String {
    guard regime.reversion != 0 else { return number(regime.drift) }
    let returning =
      regime.level == 0 ? "−\(number(regime.reversion)) x" : "\(number(regime.reversion)) (\(number(regime.level)) − x)"
    return regime.drift == 0 ? returning : "\(number(regime.drift)) + \(returning)"
  }

  /// `2 x²`, `1 | 3 (x − 0.5)² + 0.1 (x − 0.5)`.
  private static func running(_ cost: DeviationCost, _ number: (Double) -> String) -> String {
    let x = cost.center == 0 ? "x" : "(x − \(number(cost.center)))"
    let weight = cost.isSymmetric ? number(cost.above) : "\(number(cost.below)) | \(number(cost.above))"
    return "\(weight) \(x)²" + (cost.linear == 0 ? "" : " + \(number(cost.linear)) \(x)")
  }

  private static func jumps(_ regime: TrackingRegime, _ number: (Double) -> String) -> String {
    guard let jumps = regime.jumps, regime.hasJumps else { return "none" }
    switch jumps.law {
    case .normal(let mean, let deviation):
      return "\(number(jumps.intensity)) × \(number(mean)) ± \(number(deviation))"
    case .laplace(let up, let down, let probabilityUp):
      return "\(number(jumps.intensity)) × \(number(up)) up \(Figures.percent(probabilityUp)), \(number(down)) down"
    }
  }
}
