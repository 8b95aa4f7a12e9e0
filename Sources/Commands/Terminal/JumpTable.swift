import Formulation

/// How the price jumps: each regime's law, and what switches do to it.
struct JumpTable {
  let environment: EnvironmentChain
  let dayCount: DayCount

  func add(to screen: inout Screen) {
    guard environment.hasPriceJumps else { return }
    screen.section("Jumps of the price")
    let percent = { (value: Double) in Figures.signedPercent(value, 2) }
    if environment.regimes.contains(where: \.hasJumps) {
      var table = TextTable("<in", "<law of the log-jump", "every", "mean move", "r.m.s.", "of variance")
      for (e, regime) in environment.regimes.enumerated() {
        guard let jumps = regime.jumps, regime.hasJumps else { continue }
        let share = jumps.intensity * jumps.squaredMove / environment.relativeVariance(e)
        table.add(
          "  " + regime.name, Self.describe(jumps.law), Figures.duration(dayCount.secondsPerYear / jumps.intensity),
          percent(jumps.meanMove), Figures.percent(jumps.squaredMove.squareRoot(), 2), Figures.percent(share, 0))
      }
      screen.add(table)
    }
    if environment.hasSwitchJumps {
      var table = TextTable("<on switching", "move")
      for (e, regime) in environment.regimes.enumerated() {
        for (other, next) in environment.regimes.enumerated() {
          let jump = environment.switchJump(from: e, to: other)
          if jump != 0 { table.add("  \(regime.name) to \(next.name)", percent(Self.move(jump))) }
        }
      }
      screen.add(table)
    }
    screen.note("Drifts are the expected growth, jumps included: between jumps the price drifts against them.")
  }

  private static func describe(_ law: PriceJumps.Law) -> String {
    let number = { (value: Double) in Explainer.number(value) }
    switch law {
    case .merton(let mean, let deviation): return "normal, mean \(number(mean)), deviation \(number(deviation))"
    case .kou(let up, let down, let probability):
      return "exponential: \(Figures.percent(probability, 0)) up by \(number(up)), else down by \(number(down))"
    }
  }

  /// e^j − 1.
  private static func move(_ jump: Double) -> Double {
    PriceJumps(intensity: 1, law: .merton(mean: jump, deviation: 0)).meanMove
  }
}
