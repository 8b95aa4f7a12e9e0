import Formulation

/// The numbers of one regime back in the problem's units, with the difference of the two degrees as error.
struct StationaryReport {
  let problem: ScaledTracking
  let band: Band
  let coarseBand: Band
  /// What the edges may still be off by [scaled deviation].
  let bandStep: Double
  /// What the cost may still be off by, beyond the difference of the degrees [scaled].
  var costStep = 0.0
  let fine: StationaryStatistics.Regime
  let coarse: StationaryStatistics.Regime

  private func estimate(_ value: Double, _ other: Double, _ unit: Double, _ more: Double = 0) -> Approximation {
    Approximation(value: value * unit, error: value.isFinite ? (abs(value - other) + more) * unit : .infinity)
  }

  private func estimate(_ value: Double?, _ other: Double?, _ unit: Double) -> Approximation? {
    guard let value, let other else { return nil }
    return estimate(value, other, unit) as Approximation
  }

  /// A time of which hardly a digit is known is left out: one that is beyond what rounding resolves, or infinite.
  static let timeTolerance = 0.05

  private func time(_ value: Double?, _ other: Double?) -> Approximation? {
    guard let time = estimate(value, other, problem.units.time) as Approximation?,
      time.error <= StationaryReport.timeTolerance * time.value
    else { return nil }
    return time
  }

  /// Cost per unit time, or the discounted value.
  var cost: StationaryCost {
    let units = problem.units
    let unit = problem.discount == 0 ? units.cost / units.time : units.cost
    return StationaryCost(
      total: estimate(fine.total, coarse.total, unit, costStep), running: estimate(fine.running, coarse.running, unit),
      trading: estimate(fine.total - fine.running, coarse.total - coarse.running, unit))
  }

  func regime(named name: String) -> StationaryRegime {
    let units = problem.units
    let moves = [
      band.lower - coarseBand.lower, band.upper - coarseBand.upper, band.targetLower - coarseBand.targetLower,
      band.targetUpper - coarseBand.targetUpper,
    ]
    return StationaryRegime(
      name: name,
      band: Band(
        lower: band.lower * units.deviation, upper: band.upper * units.deviation,
        targetLower: band.targetLower * units.deviation, targetUpper: band.targetUpper * units.deviation),
      bandError: (moves.map(abs).max()! + bandStep) * units.deviation, cost: cost,
      tradesPerTime: estimate(fine.tradesPerTime, coarse.tradesPerTime, 1 / units.time),
      turnover: estimate(fine.turnover, coarse.turnover, units.deviation / units.time),
      timeFromLowerTarget: time(fine.timeFromLowerTarget, coarse.timeFromLowerTarget),
      timeFromUpperTarget: time(fine.timeFromUpperTarget, coarse.timeFromUpperTarget),
      timeFromCentre: time(fine.timeFromCentre, coarse.timeFromCentre)
        ?? Approximation(value: .infinity, error: .infinity),
      meanBetweenTrades: time(fine.meanBetweenTrades, coarse.meanBetweenTrades))
  }
}
