import Formulation

/// The legs of a book with their sensitivities in units that a desk thinks in.
struct BookSection {
  let problem: OptionBookProblem

  /// Gamma is printed as the change of delta for a price move of one per cent, vega for one point of volatility.
  static let gammaMove = 0.01
  static let vegaPoint = 0.01

  func greeks(_ leg: Leg, regime: Int) -> Greeks {
    Book(legs: [leg], rate: problem.book.rate).greeks(time: 0, spot: problem.market.spot, regime: regime)
  }

  private static let most = 12

  func table(regime: Int) -> TextTable {
    let market = problem.market
    var table = TextTable(
      "<instrument", "quantity", "strike", "days", "implied", "delta \(market.underlying)",
      "gamma 1 %", "vega 1 pt", "value \(market.quote)")
    let shown = problem.book.legs.prefix(BookSection.most)
    for leg in shown { table.add(row(leg, regime: regime)) }
    if shown.count < problem.book.legs.count {
      table.add(["… \(problem.book.legs.count - shown.count) more"] + Array(repeating: "", count: 8))
    }
    if problem.book.legs.count != 1 {
      let total = problem.book.greeks(time: 0, spot: market.spot, regime: regime)
      table.add(["book", "", "", "", ""] + sensitivities(total), strong: true)
    }
    return table
  }

  private func row(_ leg: Leg, regime: Int) -> [String] {
    var cells = [leg.name, Figures.given(leg.quantity)]
    if case .option(_, let strike, _) = leg.instrument {
      cells += [
        Figures.given(strike), Figures.decimals(leg.expiry * problem.dayCount.secondsPerYear / Figures.day, 1),
        Figures.percent(leg.impliedVolatilities[regime], 2),
      ]
    } else {
      cells += ["", "", ""]
    }
    return cells + sensitivities(greeks(leg, regime: regime))
  }

  private func sensitivities(_ greeks: Greeks) -> [String] {
    [
      Figures.significant(greeks.delta),
      Figures.significant(greeks.gamma * BookSection.gammaMove * problem.market.spot),
      Figures.significant(greeks.vega * BookSection.vegaPoint), Figures.significant(greeks.value, 5),
    ]
  }
}

/// The regimes of a market: how they move, how long they last, what a trade costs in them.
struct RegimeSection {
  let problem: OptionBookProblem

  /// Seconds that a regime lasts on average; infinite when it is never left.
  static func sojourn(_ generator: Generator, _ e: Int, secondsPerYear: Double) -> Double {
    let leaving = -generator.rates[e][e]
    return leaving > 0 ? secondsPerYear / leaving : .infinity
  }

  func table() -> TextTable {
    let environment = problem.environment
    let share = environment.generator.stationaryLaw
    var table = TextTable(
      "<regime", "volatility", "drift", "marked at", "lasts", "of the time", "per trade", "of notional")
    for (e, regime) in environment.regimes.enumerated() {
      let sojourn = RegimeSection.sojourn(
        environment.generator, e, secondsPerYear: problem.dayCount.secondsPerYear)
      table.add(
        [
          (e == problem.market.currentRegime ? "▸ " : "  ") + regime.name, Figures.percent(regime.volatility),
          Figures.percent(regime.drift), regime.impliedVolatility.map { Figures.percent($0) } ?? "own",
          sojourn.isFinite ? Figures.duration(sojourn) : "for ever",
          share.map { Figures.percent($0[e]) } ?? "–",
          "\(Figures.given(problem.costs[e].fixed)) \(problem.market.quote)",
          RegimeSection.proportional(problem.costs[e]),
        ], strong: e == problem.market.currentRegime)
    }
    return table
  }

  private static let basisPoint = 1e-4

  static func proportional(_ cost: TradeCost) -> String {
    let buy = Figures.given(cost.proportionalBuy / basisPoint)
    let sell = Figures.given(cost.proportionalSell / basisPoint)
    return buy == sell ? "\(buy) bps" : "\(buy) / \(sell) bps"
  }
}
