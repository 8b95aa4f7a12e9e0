import Formulation

/// The numbers reported for one part of the chain under given bands, in scaled units.
struct StationaryStatistics {
  struct Regime {
    var total: Double
    var running: Double
    var tradesPerTime: Double?
    var turnover: Double?
    var timeFromLowerTarget: Double?
    var timeFromUpperTarget: Double?
    var timeFromCentre: Double
    /// Expected time from a trade in the regime to the next trade in any, over where trades lead to.
    var meanBetweenTrades: Double?
    /// The share of trades in the regime that are made at or below the lower edge.
    var lowerShare: Double
  }

  let regimes: [Regime]
  /// The relative value of the total cost, for verification.
  let value: BandValue

  init(
    _ problem: ScaledTracking, bands: [Band], basis: ChebyshevBasis, mergeTolerance: Double, hasLongRun: Bool
  ) throws(StationaryError) {
    let count = problem.count
    let costs = [BandFunctional.total(problem), .running(problem)]
    var counts = [BandFunctional.timeToTrade(count: count)]
    if hasLongRun {
      for e in 0..<count {
        counts += BandSide.allCases.map { .trades(in: e, side: $0, count: count) }
        counts.append(.turnover(in: e, count: count))
      }
    }
    let evaluate = { (discount: Double, functionals: [BandFunctional]) throws(StationaryError) -> [BandValue] in
      try BandEvaluation.evaluate(
        problem, bands: bands, basis: basis, discount: discount, mergeTolerance: mergeTolerance,
        functionals: functionals)
    }
    var costValues: [BandValue]
    var countValues: [BandValue]
    if problem.discount == 0 {
      let all = try evaluate(0, costs + counts)
      costValues = Array(all.prefix(costs.count))
      countValues = Array(all.dropFirst(costs.count))
    } else {
      costValues = try evaluate(problem.discount, costs)
      countValues = try evaluate(0, counts)
    }
    value = costValues[0]
    let amount = { (value: BandValue, e: Int) -> Double in
      problem.discount == 0 ? value.rate : value.rate / problem.discount + value.value(e, 0)
    }
    regimes = (0..<count).map { e in
      let band = bands[e]
      let isImpulse = !problem.reflects[e]
      // Beyond the range of numbers it is infinite.
      let time = { (x: Double) in
        let found = countValues[0].value(e, x)
        return found.isFinite ? found : .infinity
      }
      let (fromLower, fromUpper) = (time(band.targetLower), time(band.targetUpper))
      let trades = hasLongRun ? (countValues[3 * e + 1].rate, countValues[3 * e + 2].rate) : (1, 1)
      // Where no trade is ever made, the two ways count alike.
      let share = trades.0 + trades.1 > 0 ? trades.0 / (trades.0 + trades.1) : 0.5
      return Regime(
        total: amount(costValues[0], e), running: amount(costValues[1], e),
        tradesPerTime: hasLongRun && isImpulse ? trades.0 + trades.1 : nil,
        turnover: hasLongRun ? countValues[3 * e + 3].rate : nil,
        timeFromLowerTarget: isImpulse ? fromLower : nil, timeFromUpperTarget: isImpulse ? fromUpper : nil,
        timeFromCentre: time(0.5 * (band.lower + band.upper)),
        meanBetweenTrades: isImpulse ? share * fromLower + (1 - share) * fromUpper : nil, lowerShare: share)
    }
  }
}
