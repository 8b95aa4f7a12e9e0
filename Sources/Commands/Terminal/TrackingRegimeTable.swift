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
        regime.name,
        regime.reversion == 0 && regime.variation.drift.isZero ? number(regime.drift) : "below",
        regime.variation.volatility.isZero ? number(regime.volatility) : "below",
        running.isPlain && regime.variation.runningCost.isZero ? number(running.above) + " x²" : "below",
        number(cost.fixed),
        cost.proportionalBuy == cost.proportionalSell
          ? number(cost.proportionalBuy) : "\(number(cost.proportionalBuy)) / \(number(cost.proportionalSell))",
        leaving > 0 ? number(1 / leaving) : "for ever")
      var more: [String] = []
      let variation = regime.variation
      if regime.reversion != 0 || !variation.drift.isZero {
        let usual = regime.reversion == 0 ? (regime.drift == 0 ? nil : number(regime.drift)) : drift(regime)
        more.append("drift " + sum(usual, variation.drift))
      }
      if !variation.volatility.isZero {
        let usual = regime.volatility == 0 ? nil : number(regime.volatility)
        more.append("volatility " + sum(usual, variation.volatility))
      }
      if !running.isPlain || !variation.runningCost.isZero {
        let isThere = running.below != 0 || running.above != 0 || running.linear != 0
        more.append("running cost " + sum(isThere ? describe(running) : nil, variation.runningCost))
      }
      if let jumps = regime.jumps, regime.hasJumps { more.append(describe(jumps)) }
      if !more.isEmpty { notes.append("\(regime.name): " + more.joined(separator: "; ")) }
    }
    screen.add(table)
    for note in notes { screen.note(note) }
  }

  private func number(_ value: Double) -> String { Figures.significant(value, digits) }

  /// The usual form, if there is one, and a function.
  private func sum(_ usual: String?, _ function: DeviationFunction) -> String {
    ([usual].compactMap { $0 } + (function.isZero ? [] : [describe(function)])).joined(separator: " + ")
  }

  /// `0.16 x − 0.16 x²`, or the pieces with where they hold.
  private func describe(_ function: DeviationFunction) -> String {
    let texts = function.pieces.map(polynomial)
    if texts.count == 1 { return texts[0] }
    guard texts.count <= Self.mostPieces else {
      return "\(texts.count) pieces from \(number(function.knots.first!)) to \(number(function.knots.last!))"
    }
    return texts.enumerated().map { index, text in
      index == 0
        ? "(\(text) below \(number(function.knots[0])))" : "(\(text) from \(number(function.knots[index - 1])))"
    }.joined(separator: ", ")
  }

  /// More do not fit a line.
  private static let mostPieces = 3

  private func polynomial(_ coefficients: [Double]) -> String {
    let terms = coefficients.enumerated().filter { $0.element != 0 }
    if terms.isEmpty { return number(0) }
    return terms.enumerated().map { place, term in
      let power = term.offset == 0 ? "" : term.offset == 1 ? " x" : " x^\(term.offset)"
      let sign = place == 0 ? (term.element < 0 ? "−" : "") : (term.element < 0 ? " − " : " + ")
      return sign + number(abs(term.element)) + power
    }.joined()
  }

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
