import Formulation
import Glibc

/// The hybrids of a band and a clock (control.md §7).
///
/// A clock never helps: neither a forced trade inside the best band nor waiting outside of it. Gaps are therefore those at which a
/// clock costs `clockShare` more than the band alone, in proportion to the best blind intervals of the regimes alone.
/// *Verified by* `ClockedBandTests`, `TrackingHybridTests`.
extension StationarySolver {
  /// What a gap may cost, as a share of the band's cost.
  public static let clockShare = 0.01
  /// The gap's price is met to this share of it.
  private static let priceTolerance = 1e-3
  /// A gap changes by this factor while its price has not been bracketed, so many times at most …
  private static let stride = 3.0
  private static let mostStrides = 12
  /// … and by secants then.
  private static let mostSecants = 30
  /// Nodes of the integral: for the answer, where costs are known to 1e-9 (`ClockedBandTests`), its error estimate and the search,
  /// where 1e-5 is enough for a price of 1 %.
  private static let clockNodes = (fine: 40, coarse: 36, search: 20)
  /// Systems have twice as many unknowns as those of a band, and are solved at every node: beyond so many regimes, fewer with jumps,
  /// hybrids are left out.
  private static let clockedRegimes = (plain: 4, jumping: 1)

  /// The policy `base` with a clock.
  ///
  /// - Parameters:
  ///   - base: the class's bands and cost without a clock.
  func clocked(
    _ policyClass: TrackingClass, _ problem: TrackingProblem, _ scaled: ScaledTracking, base: [TrackingClassRegime],
    best: [StationaryRegime], hasLongRun: Bool
  ) throws(ClassOmissionError) -> [TrackingClassRegime] {
    let limit = scaled.hasJumps ? Self.clockedRegimes.jumping : Self.clockedRegimes.plain
    guard scaled.count <= limit else { throw ClassOmissionError(reason: .manyRegimes(most: limit)) }
    let units = scaled.units
    let bands = base.map { Self.scaled($0.band!, by: units.deviation) }
    let intervals = scaled.members.map { ScaledTracking.frozen(problem, regime: $0).interval.time / units.time }
    let unit = scaled.discount == 0 ? units.cost / units.time : units.cost
    let weights = scaled.startWeights
    let plain = zip(weights, base).reduce(0) { $0 + $1.0 * $1.1.cost.total.value } / unit
    let coarse = settings.degree - StationarySettings.degreeStep
    func policy(degree: Int, nodes: Int) -> ClockedBand {
      ClockedBand(
        problem: scaled, bands: bands, clock: policyClass == .hybridAny ? .forces : .permits,
        basis: ChebyshevBasis(degree: degree), nodes: nodes, mergeTolerance: settings.mergeTolerance,
        threads: settings.threads)
    }
    let trial = policy(degree: coarse, nodes: Self.clockNodes.search)
    // A forced trade's price falls with the gap, that of waiting rises.
    let sign = policyClass == .hybridAny ? 1.0 : -1
    /// ln of the price over what it may be.
    func excess(_ place: Double) throws(ClassOmissionError) -> Double {
      guard let found = try? trial.totals(gaps: intervals.map { exp(sign * place) * $0 }) else {
        throw ClassOmissionError(reason: .notConverged)
      }
      let price = zip(weights, found).reduce(0) { $0 + $1.0 * $1.1 } / plain - 1
      return log(max(price / Self.clockShare, .leastNormalMagnitude))
    }
    let multiple = exp(sign * (try root(excess)))
    func regimes(degree: Int, nodes: Int) -> [ClockedBand.Regime]? {
      try? policy(degree: degree, nodes: nodes).regimes(gaps: intervals.map { multiple * $0 }, hasLongRun: hasLongRun)
    }
    guard let fine = regimes(degree: settings.degree, nodes: Self.clockNodes.fine),
      let rough = regimes(degree: coarse, nodes: Self.clockNodes.coarse)
    else { throw ClassOmissionError(reason: .notConverged) }
    return base.indices.map { e in
      let (here, there) = (fine[e], rough[e])
      func estimate(_ value: Double, _ other: Double, _ unit: Double) -> Approximation {
        Approximation(value: value * unit, error: abs(value - other) * unit)
      }
      func estimate(_ value: Double?, _ other: Double?, _ unit: Double) -> Approximation? {
        guard let value, let other else { return nil }
        return estimate(value, other, unit) as Approximation
      }
      let cost = StationaryCost(
        total: estimate(here.total, there.total, unit), running: estimate(here.running, there.running, unit),
        trading: estimate(here.total - here.running, there.total - there.running, unit))
      let gap = Approximation(value: multiple * intervals[e] * units.time, error: 0)
      let isForced = policyClass == .hybridAny
      return TrackingClassRegime(
        band: base[e].band, interval: nil, cost: cost,
        tradesPerTime: estimate(here.trades, there.trades, 1 / units.time),
        turnover: estimate(here.turnover, there.turnover, units.deviation / units.time),
        meanBetweenTrades: estimate(here.meanBetweenTrades, there.meanBetweenTrades, units.time), check: nil,
        minGap: isForced ? nil : gap, maxGap: isForced ? gap : nil, loss: Self.loss(cost, best[e].cost))
    }
  }

  /// Of a falling function.
  private func root(
    _ excess: (Double) throws(ClassOmissionError) -> Double
  ) throws(ClassOmissionError) -> Double {
    var (low, high) = (0.0, 0.0)
    var atLow = try excess(0)
    var atHigh = atLow
    for _ in 0..<Self.mostStrides where atLow <= 0 {
      (high, atHigh) = (low, atLow)
      low -= log(Self.stride)
      atLow = try excess(low)
    }
    for _ in 0..<Self.mostStrides where atHigh > 0 {
      (low, atLow) = (high, atHigh)
      high += log(Self.stride)
      atHigh = try excess(high)
    }
    guard atLow > 0, atHigh <= 0 else { throw ClassOmissionError(reason: .notConverged) }
    var bracket = BracketedSecant(low: low, atLow, high: high, atHigh)
    for _ in 0..<Self.mostSecants {
      let next = bracket.next
      let at = try excess(next)
      if abs(at) <= Self.priceTolerance { return next }
      bracket.take(at, at: next)
    }
    throw ClassOmissionError(reason: .notConverged)
  }

  private static func scaled(_ band: Band, by unit: Double) -> Band {
    Band(
      lower: band.lower / unit, upper: band.upper / unit, targetLower: band.targetLower / unit,
      targetUpper: band.targetUpper / unit)
  }
}
