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
      counts += (0..<count).map { .trades(in: $0, count: count) }
      counts += (0..<count).map { .turnover(in: $0, count: count) }
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
      let time = { (x: Double) in countValues[0].value(e, x) }
      return Regime(
        total: amount(costValues[0], e), running: amount(costValues[1], e),
        tradesPerTime: hasLongRun && isImpulse ? countValues[1 + e].rate : nil,
        turnover: hasLongRun ? countValues[1 + count + e].rate : nil,
        timeFromLowerTarget: isImpulse ? time(band.targetLower) : nil,
        timeFromUpperTarget: isImpulse ? time(band.targetUpper) : nil,
        timeFromCentre: time(0.5 * (band.lower + band.upper)))
    }
  }
}
