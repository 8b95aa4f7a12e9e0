import Control
import Formulation

/// Costs and execution in words, for the screens.
enum ExecutionWords {
  typealias Line = (name: String, text: String)

  private static func figure(_ value: Double) -> String { Figures.significant(value, 5) }

  /// How decisions reach the market.
  static func facts(_ problem: OptionBookProblem) -> [Line] {
    let (execution, unit) = (problem.execution, problem.market.underlying)
    var lines: [Line] = []
    if execution.lot > 0 { lines.append(("lot", "\(figure(execution.lot)) \(unit)")) }
    if let most = execution.maximumTrade { lines.append(("largest trade", "\(figure(most)) \(unit)")) }
    if execution.failure > 0 {
      lines.append(
        ("failure", "\(Figures.percent(execution.failure)) of attempts pay their fixed cost and trade nothing"))
    }
    if execution.delay > 0 { lines.append(("delay", "filled \(Figures.duration(execution.delay)) after the decision")) }
    switch execution.turnoverBudget {
    case .units(let cap): lines.append(("turnover", "at most \(figure(cap)) \(unit) per year on average"))
    case .notional(let cap):
      lines.append(("turnover", "at most \(figure(cap)) \(problem.market.quote) per year on average"))
    case nil: break
    }
    return lines
  }

  /// What the solver makes of it; nil where nothing needs saying.
  static func treatment(_ timing: DecisionTiming, _ problem: OptionBookProblem) -> String? {
    var sentences: [String] = []
    switch timing.kind {
    case .continuous: break
    case .review:
      sentences.append("Decisions at looks and at no other time: the exact problem.")
    case .narrowed:
      sentences.append(
        "Bands are solved for continuous monitoring, the band for this cadence is emitted beside: more than "
          + "\(Int(DecisionTiming.mostReviews)) looks before the horizon are too many to be solved one by one.")
    }
    if timing.boundsPrice(problem) {
      sentences.append(
        "Short positions between trades: the price, and any jump, is held to the grid, without which the expected "
          + "utility would be infinite; what is left out is below a millionth of it.")
    }
    if problem.execution.lot > 0 {
      sentences.append(
        timing.lot > 0
          ? "Trades are held to lots in the solver too." : "Lots are small beside the band: the solver ignores them.")
    }
    return sentences.isEmpty ? nil : sentences.joined(separator: " ")
  }

  /// The parts of a cost beyond K and k.
  static func costs(_ cost: TradeCost, market: Market) -> [Line] {
    let unit = market.underlying
    var lines: [Line] = []
    if cost.quadraticImpact > 0 {
      lines.append(("quadratic impact", "\(figure(10_000 * cost.quadraticImpact)) bps per \(unit) traded"))
    }
    if cost.squareRootImpact > 0 {
      lines.append(("square-root impact", "\(figure(10_000 * cost.squareRootImpact)) bps times √\(unit)"))
    }
    for pool in cost.pools {
      let limits = pool.limits(price: market.spot)
      let reach =
        limits.sell.isFinite ? ", at most \(figure(limits.buy)) bought or \(figure(limits.sell)) sold at once" : ""
      lines.append(
        (
          "pool",
          "\(figure(pool.reserve(price: market.spot))) \(unit) deep at spot, fee \(Explainer.number(10_000 * pool.fee)) bps"
            + reach
        ))
    }
    for venue in cost.venues {
      var words = "fixed \(figure(venue.cost.fixed)) \(market.quote), \(figure(10_000 * venue.cost.proportionalBuy)) / "
      words += "\(figure(10_000 * venue.cost.proportionalSell)) bps"
      if venue.bridging > 0 { words += ", bridging \(figure(venue.bridging)) of it" }
      if venue.delay > 0 { words += ", filled after \(Figures.duration(venue.delay))" }
      lines.append(("venue \(venue.name)", words))
      lines += costs(venue.cost, market: market).map { ("  " + $0.name, $0.text) }
    }
    return lines
  }
}
