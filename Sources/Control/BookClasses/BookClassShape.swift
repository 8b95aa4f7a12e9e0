import Formulation
import Glibc

/// The parameters of a class of bands: where their search begins, and the rule they stand for. The first of a regime is the
/// logarithm of a width; the second, with a fixed cost, the ratio of the inner target to the half-width.
struct BookClassShape: Sendable {
  let bookClass: BookClass
  let start: [Double]
  /// Whether ratios follow the widths.
  var hasRatios: Bool { ratio == nil }
  private let regimes: Int
  /// Without a second parameter: the ratio of all.
  private let ratio: Double?
  private let centres: [Double]

  /// Exposure below this share of the gross position is no gamma.
  private static let leastExposure = 1e-9

  init(_ bookClass: BookClass, study: BookClassStudy) throws(BookClassStudy.Refusal) {
    let local = BookClassLocal(study)
    let m = study.regimes
    self.bookClass = bookClass
    regimes = m
    centres = local.centres
    let least = BookClassShape.leastExposure * study.problem.book.grossQuantity
    let needsGamma = bookClass == .gammaScaled || bookClass == .priceMove
    if needsGamma, local.exposures.contains(where: { abs($0) <= least }) {
      throw BookClassStudy.Refusal(reason: .noGamma)
    }
    if bookClass == .gammaScaled,
      let e = study.problem.costs.firstIndex(where: { $0.leastMarginal == 0 })
    {
      throw BookClassStudy.Refusal(reason: .noProportionalCost(regime: e))
    }
    let widths: [Double]
    switch bookClass {
    case .recentre: widths = local.widenings
    case .constantBand: widths = local.halves
    case .gammaScaled: widths = zip(local.halves, local.units).map { $0 / $1 }
    case .priceMove: widths = (0..<m).map { local.halves[$0] * local.widenings[$0] / abs(local.exposures[$0]) }
    default: widths = Array(repeating: 1, count: m)
    }
    let logarithms = widths.map { log($0) }
    let recentres = bookClass == .recentre || bookClass == .priceMove
    if recentres || !study.hasFixed {
      ratio = recentres ? 0 : 1
      start = logarithms
    } else {
      ratio = nil
      start = logarithms + local.ratios
    }
  }

  func rule(_ parameters: [Double]) -> BandRule {
    let widths = parameters[..<regimes].map { exp($0) }
    let ratios = ratio.map { Array(repeating: $0, count: regimes) } ?? Array(parameters[regimes...])
    switch bookClass {
    case .constantBand: return .constant(centres: centres, halves: widths, ratios: ratios)
    case .gammaScaled: return .gammaScaled(multiples: widths, ratios: ratios)
    case .priceMove: return .priceMove(moves: widths)
    default: return .scaled(factors: widths, ratios: ratios)
    }
  }

  /// What the parameters of each regime are called.
  func parameters(_ found: [Double]) -> [[BookClassParameter]] {
    (0..<regimes).map { e in
      let width = exp(found[e])
      let name: String
      switch bookClass {
      case .constantBand: name = "halfWidth"
      case .gammaScaled: name = "gammaMultiple"
      case .priceMove: name = "logMove"
      default: name = "widthFactor"
      }
      var list = [BookClassParameter(name: name, value: width)]
      if ratio == nil { list.append(BookClassParameter(name: "innerRatio", value: found[regimes + e])) }
      return list
    }
  }
}

/// What the local problem at today's spot says, where searches begin.
struct BookClassLocal {
  /// Half-widths of the optimum today [units].
  let halves: [Double]
  let centres: [Double]
  /// Ratio of the optimum's targets to its half-width.
  let ratios: [Double]
  /// How much wider a band that recentres is, by the closed forms.
  let widenings: [Double]
  /// S Γ [units].
  let exposures: [Double]
  /// `(k S Γ²/a)^{1/3}` [units].
  let units: [Double]
  /// The best blind interval of the local problem [years].
  let intervals: [Double]

  /// Half-width and time that stand in where the optimum has no edges or no gamma, as shares of the position and the horizon.
  private static let standInHalf = 0.1
  private static let standInTime = 0.25
  private static let mostRatio = 0.9

  init(_ study: BookClassStudy) {
    let problem = study.problem
    let nodes = study.fine
    var (halves, centres, ratios, widenings) = ([Double](), [Double](), [Double](), [Double]())
    var (exposures, units, intervals) = ([Double](), [Double](), [Double]())
    let spot = problem.market.spot
    let aversion = problem.preference.riskAversion
    for e in 0..<study.regimes {
      let band = nodes.optimalBand(level: 0, row: nodes.grid.reference, regime: e)
      let gamma = nodes.table[0].exposures[nodes.grid.reference * study.regimes + e]
      let cost = problem.costs[e]
      let (fixed, fraction) = (cost.leastFixed, cost.leastMarginal)
      let volatility = problem.environment.regimes[e].volatility
      exposures.append(gamma)
      units.append(cbrt(fraction * gamma * gamma / (spot * aversion)))
      let isBounded = band.width.isFinite && band.width > 0
      let half = isBounded ? 0.5 * band.width : Self.standInHalf * max(1, problem.book.grossQuantity)
      halves.append(half)
      centres.append(isBounded ? 0.5 * (band.lower + band.upper) : 0)
      ratios.append(
        isBounded ? min(Self.mostRatio, max(0, (band.targetUpper - band.targetLower) / band.width)) : 0.5)
      let rate = volatility * abs(gamma)
      if rate > 0, fixed + fraction > 0 {
        let local = StationaryClosedForm(
          runningCost: 0.5 * aversion * volatility * volatility * spot * spot, volatility: rate, fixed: fixed,
          proportional: fraction * spot)
        widenings.append(local.recentre.outer / local.optimum.outer)
        intervals.append(min(Self.standInTime * problem.horizon, local.interval.time))
      } else {
        widenings.append(1)
        intervals.append(Self.standInTime * problem.horizon)
      }
    }
    (self.halves, self.centres, self.ratios, self.widenings) = (halves, centres, ratios, widenings)
    (self.exposures, self.units, self.intervals) = (exposures, units, intervals)
  }
}
