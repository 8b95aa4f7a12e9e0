import Formulation
import Glibc

/// A rule that says at each check what to trade, from what can be observed there: time, spot, regime, net delta.
///
/// All bands are in net delta `D = Δ_book + y` [units] under the problem's delta convention.
public enum HedgingPolicy: Sendable, Equatable {
  /// Bands on (time, log-spot, regime), linear in time and in log-spot between nodes and constant outside them; next to an
  /// infinite edge the edge is infinite.
  case table(PolicyTable)
  /// One band per regime, or one for all.
  case constantBand([Band])
  /// Trade to a target net delta every so many seconds, whatever the deviation.
  case interval(everySeconds: Double, target: Double)
  /// The bands of a table, at reviews every so many seconds and at no other time.
  case reviewed(PolicyTable, everySeconds: Double)
  /// The bands of a table when clocks allow, or with trades besides when they ring.
  case clocked(PolicyTable, PolicyClock)
  /// A table whose bands are in the inventory y [units] instead of net delta, linear in y between nodes.
  case holding(PolicyTable)
  /// Trade to the edge of the band of half-width `c (k S Γ²/a)^{1/3}` around zero net delta, with Γ the book's at that moment
  /// [units²/quote], k the mean proportional cost of a purchase and a sale and a the risk aversion; with exponential utility
  /// `a = γ e^{r(T−t)}`. `whalleyWilmott` is the one with c³ = 3/2.
  case gammaScaled(multiple: Double)
  /// Hold the inventory of the valuation until the settlement.
  case never
  /// Trade to net delta 0 at every check, whatever it costs.
  case frictionless
}

extension HedgingPolicy {
  /// The small-cost limit of the optimal band under exponential utility, `(3 k S Γ²/(2a))^{1/3}` (Whalley and Wilmott 1997).
  public static let whalleyWilmott = HedgingPolicy.gammaScaled(multiple: cbrt(1.5))
}

/// A policy of constant bands at some of the checks.
struct BandSchedule: Sendable {
  /// One per regime.
  var bands: [Band]
  /// Trade only at checks whose number is a multiple of this.
  var every: Int
}

extension Band {
  /// The band of no width: trade to this value whenever it is missed.
  public static func point(_ target: Double) -> Band {
    Band(lower: target, upper: target, targetLower: target, targetUpper: target)
  }

  /// Whether edges are ordered around their targets and every finite edge has a finite target.
  var isOrdered: Bool {
    guard lower <= upper else { return false }
    if lower.isFinite, !(targetLower.isFinite && targetLower >= lower && targetLower <= upper) { return false }
    if upper.isFinite, !(targetUpper.isFinite && targetUpper <= upper && targetUpper >= lower) { return false }
    return lower < .infinity && upper > -.infinity
  }
}

extension HedgingPolicy {
  /// The bands of a policy of constant bands; nil for the others.
  func schedule(regimeCount: Int, checkSeconds: Double) throws(SimulationError) -> BandSchedule? {
    switch self {
    case .table, .reviewed, .clocked, .holding: return nil
    case .gammaScaled(let multiple):
      try require(multiple, multiple >= 0 && multiple.isFinite, "gammaScaled.multiple", "≥ 0")
      return nil
    case .never: return BandSchedule(bands: repeating(.unbounded, regimeCount), every: 1)
    case .frictionless: return BandSchedule(bands: repeating(.point(0), regimeCount), every: 1)
    case .constantBand(let bands):
      guard bands.count == 1 || bands.count == regimeCount else {
        throw .regimeCount(found: bands.count, expected: regimeCount)
      }
      for (regime, band) in bands.enumerated() where !band.isOrdered {
        throw .band(regime: regime, time: 0, spot: 0)
      }
      return BandSchedule(bands: bands.count == 1 ? repeating(bands[0], regimeCount) : bands, every: 1)
    case .interval(let seconds, let target):
      try require(target, target.isFinite, "interval.target", "finite")
      let every = try HedgingPolicy.looks(in: seconds, checkSeconds: checkSeconds)
      return BandSchedule(bands: repeating(.point(target), regimeCount), every: every)
    }
  }

  /// How many looks an interval has.
  static func looks(in seconds: Double, checkSeconds: Double) throws(SimulationError) -> Int {
    let every = (seconds / checkSeconds).rounded()
    guard every >= 1, abs(every * checkSeconds - seconds) <= SampleTimes.coincidence * checkSeconds else {
      throw .intervalNotMultiple(interval: seconds, check: checkSeconds)
    }
    return Int(every)
  }

  private func repeating(_ band: Band, _ count: Int) -> [Band] { Array(repeating: band, count: count) }
}
