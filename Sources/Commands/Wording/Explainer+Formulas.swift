import Control

extension Explainer {
  /// What a formula is.
  static func describe(_ formula: Formula) -> String {
    switch formula {
    case .whalleyWilmott: "Whalley and Wilmott (1997): ±(3kSΓ²/(2a))^{1/3} around the delta, to the edge."
    case .zakamouline:
      "Zakamouline (2006): a fitted width around the delta at a volatility that costs move, to the edge."
    case .smallFixedCost: "±(12KΓ²/a)^{1/4} around the delta, to the delta: the limit of a small fixed cost."
    case .leland:
      "Leland (1985): every δ to the delta at σ√(1 ± Λ), Λ = √(2/π)·2k/(σ√δ), with the δ of least cost and risk."
    case .hoggardWhalleyWilmott:
      "Hoggard, Whalley and Wilmott (1994): every δ to the delta of Leland's equation for gamma of either sign."
    case .sepp: "Sepp (2013): every δ to the delta of the marks, with the δ of greatest Sharpe ratio."
    }
  }

  /// An assumption, and where it breaks.
  static func describe(_ assumption: Formula.Assumption) -> String {
    switch assumption {
    case .smallCosts: "small costs; breaks where the band is no longer narrow against the delta's range"
    case .gammaThatLasts: "a gamma that lasts; breaks away from the strikes near expiry, where its width goes to zero"
    case .writersUtility: "a writer's exponential utility and costs of 0.1 % to 1 %; breaks for buyers and below"
    case .freeSettlement: "that the inventory is not unwound at cost at expiry"
    case .lastingRegime: "that the regime lasts for ever"
    case .shortInterval: "an interval that is short against the life of the options"
    case .blindClock: "decisions by the clock, however far the hedge has drifted"
    case .realisedMarks: "volatility as realised; breaks where risk is measured at marks that differ from it"
    case .sharpeRatio: "that the Sharpe ratio is wanted, which is not what the solver minimises"
    }
  }
}
