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
  /// ½η² and ℓ in their usual form.
  private let halfVariance: [Double]
  let running: [DeviationCost]
  /// What is added to m, η and ℓ, where anything is.
  private(set) var variation: [DeviationVariation?]
  let fixed: [Double]
  /// Proportional cost, `[side][regime]`.
  let slope: [[Double]]
  /// ρ; zero for the long-run average.
  private(set) var discount: Double
  /// The drift at x = 0.
  private(set) var drift: [Double]
  /// κ: the drift at x is `drift − κx`.
  private(set) var reversion: [Double]
  /// Jumps where they happen at all.
  private(set) var jumps: [DeviationJumps?]
  /// Whether a breach is reflected at the edge; otherwise it is a trade to the target. A policy class may differ from
  /// what is best, which is to reflect where no fixed cost is charged.
  var reflects: [Bool]
  /// Row-major `[from × to]`, rows summing to zero.
  private(set) var rates: [Double]

  var count: Int { members.count }

  init(_ problem: TrackingProblem, members: [Int]) {
    let alone = members.map { FrozenRegime(problem, regime: $0) }
    let widths = alone.map(\.form.optimum.outer)
    func geometricMean(_ values: [Double]) -> Double {
      exp(values.reduce(0) { $0 + log($1) } / Double(values.count))
    }
    let x = geometricMean(widths)
    let t = x * x / geometricMean(alone.map(\.variance))
    let c = geometricMean(alone.map(\.form.runningCost)) * x * x * t
    units = Units(deviation: x, time: t, cost: c)
    self.members = members
    halfVariance = members.map { e in
      let volatility = problem.regimes[e].volatility
      return 0.5 * (volatility * volatility) * t / (x * x)
    }
    variation = members.map { e in
      let own = problem.regimes[e].variation
      if own.isNone { return nil }
      return DeviationVariation(
        drift: own.drift.rescaled(argument: x, by: t / x),
        volatility: own.volatility.rescaled(argument: x, by: t.squareRoot() / x),
        runningCost: own.runningCost.rescaled(argument: x, by: t / c))
    }
    drift = members.map { problem.regimes[$0].driftAtZero * t / x }
    reversion = members.map { problem.regimes[$0].reversion * t }
    jumps = members.map {
      let regime = problem.regimes[$0]
      return regime.hasJumps ? regime.jumps?.inUnits(deviation: x, time: t) : nil
    }
    reflects = members.map { problem.costs[$0].fixed == 0 }
    running = members.map {
      let cost = problem.regimes[$0].runningCost
      return DeviationCost(
        below: cost.below * x * x * t / c, above: cost.above * x * x * t / c, linear: cost.linear * x * t / c,
        center: cost.center / x)
    }
    fixed = members.map { problem.costs[$0].fixed / c }
    slope = [
      members.map { problem.costs[$0].proportionalBuy * x / c },
      members.map { problem.costs[$0].proportionalSell * x / c },
    ]
    rates = members.flatMap { from in members.map { problem.generator.rates[from][$0] * t } }
    if case .discounted(let rate) = problem.criterion { discount = rate * t } else { discount = 0 }
  }

  /// The bands of the regimes alone, about where the running cost is least: the start of the iteration.
  func frozenBands(_ problem: TrackingProblem) -> [Band] {
    members.enumerated().map { index, regime in
      let alone = FrozenRegime(problem, regime: regime)
      let width = alone.form.optimum
      let (outer, inner) = (width.outer / units.deviation, width.inner / units.deviation)
      let least = variation[index] == nil ? running[index].least : alone.centre / units.deviation
      let range = movingRange(index, around: least, width: 2 * outer)
      // Where η vanishes near by, the band ends half-way there.
      let below = min(1, 0.5 * (least - range.lowerBound) / outer)
      let above = min(1, 0.5 * (range.upperBound - least) / outer)
      return Band(
        lower: least - below * outer, upper: least + above * outer, targetLower: least - below * inner,
        targetUpper: least + above * inner)
    }
  }

  /// The same problem with drift, jumps and switching multiplied by `factor`, for continuation from the frozen bands.
  func coupled(by factor: Double) -> ScaledTracking {
    var result = self
    result.reversion = reversion.map { $0 * factor }
    result.jumps = jumps.map { law in law.map { DeviationJumps(intensity: $0.intensity * factor, law: $0.law) } }
    result.drift = drift.map { $0 * factor }
    for e in variation.indices {
      if let own = variation[e] { result.variation[e]!.drift = own.drift.rescaled(argument: 1, by: factor) }
    }
    result.rates = rates.map { $0 * factor }
    return result
  }

  /// The same problem at another discount, as long-run counts under a discounted policy need.
  func discounted(at rate: Double) -> ScaledTracking {
    var result = self
    result.discount = rate
    return result
  }

  /// The same problem with rare returns to regimes that are left for ever: a long-run average does not see how these trade, and with
  /// returns it asks them to cost the least until they are left. What this moves the others' parameters by is of the order of
  /// `returnShare`, their cost by its square.
  var returning: ScaledTracking {
    guard discount == 0, count > 1, let law = stationaryLaw else { return self }
    let left = law.indices.filter { law[$0] <= ScaledTracking.weightless }
    guard !left.isEmpty else { return self }
    var result = self
    for from in law.indices where !left.contains(from) {
      for to in left {
        let returns = -ScaledTracking.returnShare * rate(to, to)
        result.rates[from * count + to] += returns
        result.rates[from * count + from] -= returns
      }
    }
    return result
  }

  private static let returnShare = 1e-5

  func rate(_ from: Int, _ to: Int) -> Double { rates[from * count + to] }

  /// Whether all coefficients have their usual form.
  var isPlain: Bool { variation.allSatisfy { $0 == nil } }

  /// m(x).
  func drift(_ e: Int, _ x: Double) -> Double {
    let usual = drift[e] - reversion[e] * x
    guard let more = variation[e] else { return usual }
    return usual + more.drift.value(at: x)
  }

  func driftSlope(_ e: Int, _ x: Double) -> Double { (variation[e]?.drift.slope(at: x) ?? 0) - reversion[e] }

  /// η(x), of either sign.
  func volatility(_ e: Int, _ x: Double) -> Double {
    (2 * halfVariance[e]).squareRoot() + (variation[e]?.volatility.value(at: x) ?? 0)
  }

  /// ½η²(x).
  func halfVariance(_ e: Int, _ x: Double) -> Double {
    guard let more = variation[e], !more.volatility.isZero else { return halfVariance[e] }
    let volatility = volatility(e, x)
    return 0.5 * volatility * volatility
  }

  /// d(½η²)/dx.
  func halfVarianceSlope(_ e: Int, _ x: Double) -> Double {
    guard let more = variation[e] else { return 0 }
    return volatility(e, x) * more.volatility.slope(at: x)
  }

  /// ½η² of a regime in the usual form.
  func plainHalfVariance(_ e: Int) -> Double { halfVariance[e] }

  /// ℓ(x).
  func runningCost(_ e: Int, _ x: Double) -> Double {
    running[e].rate(at: x) + (variation[e]?.runningCost.value(at: x) ?? 0)
  }

  func runningSlope(_ e: Int, _ x: Double) -> Double {
    running[e].slope(at: x) + (variation[e]?.runningCost.slope(at: x) ?? 0)
  }

  var hasJumps: Bool { jumps.contains { $0 != nil } }

  /// Where what is added up changes its polynomial besides.
  var marks: [Double] = []

  /// Where a coefficient of one of the regimes changes its polynomial, and the marks.
  var kinks: [Double] {
    running.filter { !$0.isSymmetric }.map(\.center) + marks + variation.flatMap { $0?.knots ?? [] }
  }

  /// The equations of a complex discount `ρ + a + ib`, as those of twice as many regimes with real numbers: the copies stand for
  /// imaginary parts,
  ///
  ///     L u − a u + b v + … = 0,   L v − a v − b u + … = 0,
  ///
  /// which reads as switching at rates b and −b; a is left to the evaluation's discount. Nothing runs and nothing trades in the
  /// copies by itself.
  func doubled(imaginary b: Double) -> ScaledTracking {
    let m = count
    var result = ScaledTracking(self, members: members + members)
    for from in 0..<m {
      for to in 0..<m {
        result.rates[from * 2 * m + to] = rate(from, to)
        result.rates[(m + from) * 2 * m + m + to] = rate(from, to)
      }
      result.rates[from * 2 * m + m + from] = b
      result.rates[(m + from) * 2 * m + from] = -b
    }
    return result
  }

  /// With every list of regimes twice over, none of which switches.
  private init(_ one: ScaledTracking, members: [Int]) {
    (units, self.members, discount, marks) = (one.units, members, one.discount, one.marks)
    (halfVariance, drift) = (one.halfVariance + one.halfVariance, one.drift + one.drift)
    (reversion, jumps) = (one.reversion + one.reversion, one.jumps + one.jumps)
    variation =
      one.variation
      + one.variation.map { own in own.map { DeviationVariation(drift: $0.drift, volatility: $0.volatility) } }
    running = one.running + one.running.map { DeviationCost(below: 0, above: 0, center: $0.center) }
    let nothing = [Double](repeating: 0, count: one.count)
    (fixed, slope) = (one.fixed + nothing, one.slope.map { $0 + nothing })
    reflects = Array(repeating: false, count: members.count)
    rates = Array(repeating: 0, count: members.count * members.count)
  }

  /// The larger of the two decay rates of `½η²v″ + mv′ − (q + ν + ρ)v = 0` at x [1/deviation], and one over the width
  /// over which jumps smear: how sharp a layer can be.
  func decay(_ regime: Int, at x: Double, discount: Double) -> Double {
    let (speed, half) = (drift(regime, x), halfVariance(regime, x))
    let killing = discount - rate(regime, regime) + (jumps[regime]?.intensity ?? 0)
    let root = (speed * speed + 4 * half * max(0, killing)).squareRoot()
    return max((abs(speed) + root) / (2 * half), jumps[regime]?.sharpness ?? 0)
  }
}

extension DeviationJumps {
  /// One over the shortest length over which the law varies [1/deviation].
  var sharpness: Double {
    switch law {
    case .normal(_, let deviation): return 1 / deviation
    case .laplace(let up, let down, let p): return max(p > 0 ? 1 / up : 0, p < 1 ? 1 / down : 0)
    }
  }
}
