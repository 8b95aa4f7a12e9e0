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
  /// Where gaps are sought first, in best blind intervals.
  private static let firstClock = (forces: 3.0, permits: 0.3)
  /// A gap changes by this factor while its price has not been bracketed, so many times at most …
  private static let stride = 3.0
  private static let mostStrides = 16
  /// … and by secants then.
  private static let mostSecants = 30
  /// Nodes of the integral: for the answer, where costs are known to 1e-9 (`ClockedBandTests`), its error estimate and the search,
  /// where 1e-5 is enough for a price of 1 %.
  private static let clockNodes = (fine: 40, coarse: 36, search: 20)
  /// Where slopes have to be those of the values that a search compares.
  private static let slopeNodes = 40
  /// Systems have twice as many unknowns as those of a band, and are solved at every node, so that time grows with the third power of
  /// the regimes: four take twenty times as long as two. With jumps all elements are tied to one another (`BandResolvent`), and two
  /// regimes take as long as four do without.
  private static let mostRegimes = (plain: 4, jumping: 2)
  /// In half-widths of the regimes alone. Costs grow with the square: with wider bands, which regimes that leave a side to others have,
  /// few digits of theirs are left.
  private static let widest = 300.0
  /// A price that grows by less than this from one stride to the next, as a logarithm, grows no more.
  private static let saturation = 0.01
  /// Of a price.
  private static let rounding = 1e-6
  /// … if it is more than rounding, as a logarithm too.
  private static let leastPrice = -15.0

  /// The policy `base` with a clock.
  ///
  /// - Parameters:
  ///   - base: the class's bands and cost without a clock.
  func clocked(
    _ policyClass: TrackingClass, _ problem: TrackingProblem, _ scaled: ScaledTracking, base: [TrackingClassRegime],
    best: [StationaryRegime], hasLongRun: Bool
  ) throws(ClassOmissionError) -> [TrackingClassRegime] {
    let isForced = policyClass == .hybridAny
    let clock = isForced ? ClockedBand.Clock.forces : .permits
    try requireFew(scaled)
    let units = scaled.units
    let bands = Self.scaledBands(base.map { $0.band! }, scaled)
    guard bands.allSatisfy({ $0.width <= Self.widest }) else { throw ClassOmissionError(reason: .inaccurate) }
    let intervals = scaled.members.map { FrozenRegime(problem, regime: $0).form.interval.time / units.time }
    let unit = scaled.discount == 0 ? units.cost / units.time : units.cost
    let weights = scaled.startWeights
    let plain = zip(weights, base).reduce(0) { $0 + $1.0 * $1.1.cost.total.value } / unit
    let trial = policy(
      scaled, bands: bands, clock: clock, degree: settings.degree - StationarySettings.degreeStep,
      nodes: isForced ? Self.clockNodes.search : Self.slopeNodes)
    // A forced trade's price falls with the gap, that of waiting rises.
    let sign = isForced ? 1.0 : -1
    /// ln of the price over what it may be.
    func excess(_ place: Double) throws(ClassOmissionError) -> Double {
      let found: [Double]
      do { found = try trial.totals(gaps: intervals.map { exp(sign * place) * $0 }) } catch {
        // Left alone for so long it has run away.
        if !isForced, error == .singular { return .infinity }
        throw Self.omission(error)
      }
      let price = (zip(weights, found).reduce(0) { $0 + $1.0 * $1.1 } - plain) / abs(plain)
      // Waiting never gains: the drift carries too far for so many nodes.
      if !isForced, price < -Self.rounding { return .infinity }
      return log(max(price / Self.clockShare, .leastNormalMagnitude))
    }
    let multiple = exp(
      sign * (try root(from: sign * log(isForced ? Self.firstClock.forces : Self.firstClock.permits), excess)))
    return try measured(
      scaled, bands: bands, clock: clock, gaps: intervals.map { multiple * $0 }, hasLongRun: hasLongRun
    ).enumerated().map { e, found in
      let gap = Approximation(value: multiple * intervals[e] * units.time, error: 0)
      return TrackingClassRegime(
        band: base[e].band, interval: nil, cost: found.cost, tradesPerTime: found.trades, turnover: found.turnover,
        meanBetweenTrades: found.meanBetweenTrades, check: nil, minGap: isForced ? nil : gap,
        maxGap: isForced ? gap : nil, loss: Self.loss(found.cost, best[e].cost))
    }
  }

  /// Blind intervals where no closed form gives their moments.
  func clockedIntervals(
    _ scaled: ScaledTracking, _ best: [StationaryRegime], from starts: [BlindIntervals.Policy], hasLongRun: Bool
  ) throws(ClassOmissionError) -> [TrackingClassRegime] {
    try requireFew(scaled)
    let search = ClockedIntervals(
      problem: scaled, start: scaled.startWeights,
      basis: ChebyshevBasis(degree: settings.degree - StationarySettings.degreeStep), nodes: Self.slopeNodes,
      threads: settings.threads, mostElements: Self.mostSearchedElements(scaled))
    let found: (policy: BlindIntervals.Policy, left: Double)?
    do { found = try search.search(from: starts) } catch { throw Self.omission(error) }
    guard let (policy, left) = found else { throw ClassOmissionError(reason: .notConverged) }
    try requireMemory(policy, scaled)
    let units = scaled.units
    let bands = policy.targets.map { Band(lower: $0 - 1, upper: $0 + 1, targetLower: $0, targetUpper: $0) }
    return try measured(
      scaled, bands: bands, clock: .alone, gaps: policy.times, hasLongRun: hasLongRun, left: left
    ).enumerated().map { e, found in
      let time = policy.times[e] * units.time
      return TrackingClassRegime(
        band: nil, interval: (time, policy.targets[e] * units.deviation), cost: found.cost,
        tradesPerTime: found.trades, turnover: found.turnover,
        meanBetweenTrades: Approximation(value: time, error: 0), check: nil,
        loss: Self.loss(found.cost, best[e].cost))
    }
  }

  /// A class takes some hundred systems, and jumps tie all elements of one to one another: with these a class takes some ten seconds.
  /// Without them elements are counted by regime: the more regimes hold on one, the longer it takes.
  private static let mostElements = (plain: 320, jumping: 100)

  private static func mostElements(_ scaled: ScaledTracking) -> Int {
    scaled.hasJumps ? mostElements.jumping : mostElements.plain
  }

  /// A search for blind intervals takes some dozens of evaluations more, each of all regimes: no more work for many than for two.
  private static func mostSearchedElements(_ scaled: ScaledTracking) -> Int {
    let excess = max(1, Double(scaled.count) / 2)
    return Int(Double(mostElements(scaled)) / (excess * excess))
  }

  private func requireFew(_ scaled: ScaledTracking) throws(ClassOmissionError) {
    let limit = scaled.hasJumps ? Self.mostRegimes.jumping : Self.mostRegimes.plain
    if scaled.count > limit { throw ClassOmissionError(reason: .manyRegimes(most: limit)) }
  }

  private static func omission(_ error: StationaryError) -> ClassOmissionError {
    if case .elements = error { return ClassOmissionError(reason: .tooLarge) }
    return ClassOmissionError(reason: .notConverged)
  }

  private struct Measured {
    let cost: StationaryCost
    let trades: Approximation?
    let turnover: Approximation?
    let meanBetweenTrades: Approximation?
  }

  /// A policy with a clock in the problem's units, with the difference of two degrees and numbers of nodes as error.
  ///
  /// - Parameter left: what the cost may be off by besides [scaled].
  private func measured(
    _ scaled: ScaledTracking, bands: [Band], clock: ClockedBand.Clock, gaps: [Double], hasLongRun: Bool,
    left: Double = 0
  ) throws(ClassOmissionError) -> [Measured] {
    func regimes(_ degree: Int, _ nodes: Int) throws(ClassOmissionError) -> [ClockedBand.Regime] {
      let policy = policy(scaled, bands: bands, clock: clock, degree: degree, nodes: nodes)
      do { return try policy.regimes(gaps: gaps, hasLongRun: hasLongRun) } catch { throw Self.omission(error) }
    }
    let fine = try regimes(settings.degree, Self.clockNodes.fine)
    let rough = try regimes(settings.degree - StationarySettings.degreeStep, Self.clockNodes.coarse)
    let units = scaled.units
    let unit = scaled.discount == 0 ? units.cost / units.time : units.cost
    func estimate(_ value: Double, _ other: Double, _ unit: Double, _ more: Double = 0) -> Approximation {
      Approximation(value: value * unit, error: (abs(value - other) + more) * unit)
    }
    func estimate(_ value: Double?, _ other: Double?, _ unit: Double) -> Approximation? {
      guard let value, let other else { return nil }
      return estimate(value, other, unit) as Approximation
    }
    return zip(fine, rough).map { fine, rough in
      Measured(
        cost: StationaryCost(
          total: estimate(fine.total, rough.total, unit, left), running: estimate(fine.running, rough.running, unit),
          trading: estimate(fine.total - fine.running, rough.total - rough.running, unit)),
        trades: estimate(fine.trades, rough.trades, 1 / units.time),
        turnover: estimate(fine.turnover, rough.turnover, units.deviation / units.time),
        meanBetweenTrades: estimate(fine.meanBetweenTrades, rough.meanBetweenTrades, units.time))
    }
  }

  private func policy(
    _ scaled: ScaledTracking, bands: [Band], clock: ClockedBand.Clock, degree: Int, nodes: Int
  ) -> ClockedBand {
    ClockedBand(
      problem: scaled, bands: bands, clock: clock, basis: ChebyshevBasis(degree: degree), nodes: nodes,
      mergeTolerance: settings.mergeTolerance, threads: settings.threads, mostElements: Self.mostElements(scaled))
  }

  /// Of a falling function.
  private func root(
    from start: Double, _ excess: (Double) throws(ClassOmissionError) -> Double
  ) throws(ClassOmissionError) -> Double {
    var (low, high) = (start, start)
    var atLow = try excess(start)
    var atHigh = atLow
    for _ in 0..<Self.mostStrides where atLow <= 0 {
      (high, atHigh) = (low, atLow)
      low -= log(Self.stride)
      atLow = try excess(low)
      // Rounding is all there is to a price next to nothing.
      if atLow <= 0, atHigh > Self.leastPrice, atLow - atHigh < Self.saturation {
        throw ClassOmissionError(reason: .endlessClock)
      }
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
}
