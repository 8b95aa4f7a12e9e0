import Formulation
import Glibc

/// Which edge of a band: below it one buys, above it one sells.
enum BandSide: Int, CaseIterable, Sendable {
  case lower = 0
  case upper = 1

  /// −1 or +1: the outward direction.
  var sign: Double { self == .lower ? -1 : 1 }
}

/// One communicating part of a tracking problem in units in which bands, variances and running costs are near 1.
///
/// With X [deviation], T [time] and C [cost] the units, taken as geometric means over the regimes of the frozen
/// half-width h, of h²/η², and of λh⁴/η².
struct ScaledTracking: Sendable {
  struct Units: Sendable {
    var deviation: Double
    var time: Double
    var cost: Double
  }

  let units: Units
  /// The regimes' indices in the original problem.
  let members: [Int]
  /// ½η².
  let halfVariance: [Double]
  let runningCost: [Double]
  let fixed: [Double]
  /// Proportional cost, `[side][regime]`.
  let slope: [[Double]]
  /// ρ; zero for the long-run average.
  let discount: Double
  private(set) var drift: [Double]
  /// Row-major `[from × to]`, rows summing to zero.
  private(set) var rates: [Double]

  var count: Int { members.count }

  init(_ problem: TrackingProblem, members: [Int]) {
    let widths = members.map { ScaledTracking.frozenHalfWidth(problem, regime: $0) }
    func geometricMean(_ values: [Double]) -> Double {
      exp(values.reduce(0) { $0 + log($1) } / Double(values.count))
    }
    let x = geometricMean(widths)
    let variances = members.map { problem.regimes[$0].volatility * problem.regimes[$0].volatility }
    let t = x * x / geometricMean(variances)
    let c = geometricMean(members.map { problem.regimes[$0].runningCost }) * x * x * t
    units = Units(deviation: x, time: t, cost: c)
    self.members = members
    halfVariance = variances.map { 0.5 * $0 * t / (x * x) }
    drift = members.map { problem.regimes[$0].drift * t / x }
    runningCost = members.map { problem.regimes[$0].runningCost * x * x * t / c }
    fixed = members.map { problem.costs[$0].fixed / c }
    slope = [
      members.map { problem.costs[$0].proportionalBuy * x / c },
      members.map { problem.costs[$0].proportionalSell * x / c },
    ]
    rates = members.flatMap { from in members.map { problem.generator.rates[from][$0] * t } }
    if case .discounted(let rate) = problem.criterion { discount = rate * t } else { discount = 0 }
  }

  /// Half the band that the regime would have alone, without drift, at the mean of its two proportional costs.
  static func frozenHalfWidth(_ problem: TrackingProblem, regime: Int) -> Double {
    frozen(problem, regime: regime).outer
  }

  private static func frozen(_ problem: TrackingProblem, regime: Int) -> StationaryClosedForm.Width {
    let cost = problem.costs[regime]
    return StationaryClosedForm(
      runningCost: problem.regimes[regime].runningCost, volatility: problem.regimes[regime].volatility,
      fixed: cost.fixed, proportional: 0.5 * (cost.proportionalBuy + cost.proportionalSell)
    ).optimum
  }

  /// The bands of the regimes alone: the start of the iteration.
  func frozenBands(_ problem: TrackingProblem) -> [Band] {
    members.map { regime in
      let width = ScaledTracking.frozen(problem, regime: regime)
      let (outer, inner) = (width.outer / units.deviation, width.inner / units.deviation)
      return Band(lower: -outer, upper: outer, targetLower: -inner, targetUpper: inner)
    }
  }

  /// The same problem with drift and switching multiplied by `factor`, for continuation from the frozen bands.
  func coupled(by factor: Double) -> ScaledTracking {
    var result = self
    result.drift = drift.map { $0 * factor }
    result.rates = rates.map { $0 * factor }
    return result
  }

  func rate(_ from: Int, _ to: Int) -> Double { rates[from * count + to] }

  /// The larger of the two decay rates of `½η²v″ + mv′ − (q + ρ)v = 0` [1/deviation]: how sharp a layer can be.
  func decay(_ regime: Int, discount: Double) -> Double {
    let killing = discount - rate(regime, regime)
    let root = (drift[regime] * drift[regime] + 4 * halfVariance[regime] * killing).squareRoot()
    return (abs(drift[regime]) + root) / (2 * halfVariance[regime])
  }
}
