import Formulation
import Glibc

/// A rule that gives a band in net delta at every time, spot and regime: what a production rebalancer can run from few numbers.
///
/// One entry per regime in every array. A ratio is that of the inner target to the half-width: 0 trades to the centre, 1 to the
/// edge.
///
/// Rules that trade to the inside and whose width may vanish are no narrower than what a trade must save before the horizon
/// (`floor`): without that a band that shrinks to nothing would trade without end.
enum BandRule: Sendable, Equatable {
  /// The optimum's own four numbers.
  case optimal
  /// The optimum's centre, and its half-width times a factor.
  case scaled(factors: [Double], ratios: [Double])
  /// One half-width per regime [units].
  case constant(centres: [Double], halves: [Double], ratios: [Double])
  /// `c (k S Γ²/a)^{1/3}` around zero net delta.
  case gammaScaled(multiples: [Double], ratios: [Double])
  /// The price has moved by more than x, in ln S, since net delta was zero: the greatest and the least of
  /// `Δ(S) − Δ(S e^{±x})`, and zero; to zero.
  case priceMove(moves: [Double])
  /// Trade to this net delta, wherever one is.
  case always(targets: [Double])
  /// Another rule looked at every so many years: its edges moved inwards by `0.5826 |Γ|Sσ√δ`, never past its targets' middle.
  indirect case looked(rule: BandRule, gaps: [Double])

  /// Of one level, before it is filled.
  static func bands(count: Int) -> [Band] { Array(repeating: .unbounded, count: count) }

  /// Fills `bands`, one per node, with those of a level, in net delta [units].
  func fill(_ bands: inout [Band], level: Int, on nodes: EvaluationNodes) {
    let m = nodes.regimes
    func each(_ band: (Int, Int) -> Band) {
      for row in 0..<nodes.rows { for e in 0..<m { bands[row * m + e] = band(row, e) } }
    }
    switch self {
    case .optimal: each { nodes.optimalBand(level: level, row: $0, regime: $1) }
    case .scaled(let factors, let ratios):
      each { row, e in
        BandRule.scaled(
          nodes.optimalBand(level: level, row: row, regime: e), factor: factors[e], ratio: ratios[e],
          least: ratios[e] == 1 ? 0 : BandRule.floor(level: level, row: row, regime: e, on: nodes))
      }
    case .constant(let centres, let halves, let ratios):
      each { BandRule.symmetric(centre: centres[$1], half: halves[$1], ratio: ratios[$1]) }
    case .gammaScaled(let multiples, let ratios):
      each { row, e in
        let cost = nodes.problem.costs[e]
        let fraction = 0.5 * (cost.proportionalBuy + cost.proportionalSell)
        let gamma = nodes.exposures[level * nodes.nodes + row * m + e]
        // S Γ² = (S Γ)²/S.
        let half =
          multiples[e]
          * cbrt(
            fraction * gamma * gamma / (nodes.spots[row] * nodes.problem.preference.riskAversion))
        let least = ratios[e] == 1 ? 0 : BandRule.floor(level: level, row: row, regime: e, on: nodes)
        return BandRule.symmetric(centre: 0, half: max(least, half), ratio: ratios[e])
      }
    case .always(let targets):
      each { BandRule.symmetric(centre: targets[$1], half: 0, ratio: 1) }
    case .looked(let rule, let gaps):
      rule.fill(&bands, level: level, on: nodes)
      for node in 0..<nodes.nodes {
        let e = node % m
        let volatility = nodes.problem.environment.regimes[e].volatility
        let shift =
          DiscreteLooks.shift * abs(nodes.exposures[level * nodes.nodes + node]) * volatility * gaps[e].squareRoot()
        bands[node] = BandRule.narrowed(bands[node], by: shift)
      }
    case .priceMove(let moves):
      let time = nodes.times[level]
      var shifted = [[Double]](repeating: [Double](repeating: 0, count: nodes.nodes), count: 2)
      for (e, move) in moves.enumerated() {
        if e == 0 || move != moves[e - 1] {
          nodes.book.deltas(at: time, logShift: move, into: &shifted[0])
          nodes.book.deltas(at: time, logShift: -move, into: &shifted[1])
        }
        for row in 0..<nodes.rows {
          let node = row * m + e
          let here = nodes.deltas[level * nodes.nodes + node]
          let (up, down) = (here - shifted[0][node], here - shifted[1][node])
          let least = BandRule.floor(level: level, row: row, regime: e, on: nodes)
          bands[node] = Band(
            lower: min(-least, up, down), upper: max(least, up, down), targetLower: 0, targetUpper: 0)
        }
      }
    }
  }

  /// What net delta must be for a trade to pay, `(2K/(a σ² S² τ))^{1/2} + k/(a S σ² τ)`: the risk of standing still for the time τ
  /// that is left against the cost of one trade (`BandScale`) [units].
  static func floor(level: Int, row: Int, regime e: Int, on nodes: EvaluationNodes) -> Double {
    let problem = nodes.problem
    let remaining = problem.horizon - nodes.times[level]
    guard remaining > 0 else { return .infinity }
    return BandScale(problem: problem, regime: e).halfWidth(spot: nodes.spots[row], gamma: 0, remaining: remaining)
  }

  static func symmetric(centre: Double, half: Double, ratio: Double) -> Band {
    let target = ratio == 1 ? half : half.isFinite ? ratio * half : 0
    return Band(
      lower: centre - half, upper: centre + half, targetLower: centre - target, targetUpper: centre + target)
  }

  /// A band about the same centre, `factor` times as wide, and at least `least` to either side. Of a band with one edge that edge keeps its distance from the
  /// target; a band without edges stays as it is.
  static func scaled(_ band: Band, factor: Double, ratio: Double, least: Double = 0) -> Band {
    if band.lower.isFinite, band.upper.isFinite {
      return symmetric(
        centre: 0.5 * (band.lower + band.upper), half: max(least, 0.5 * factor * band.width), ratio: ratio)
    }
    let middle = 0.5 * (band.targetLower + band.targetUpper)
    guard middle.isFinite else {
      // One edge or none, and targets at the edges: a trade ends as far inside as a trade must at least go.
      return Band(
        lower: band.lower, upper: band.upper, targetLower: band.lower.isFinite ? band.lower + least : band.targetLower,
        targetUpper: band.upper.isFinite ? band.upper - least : band.targetUpper)
    }
    let lower = min(middle - least, middle + factor * (band.lower - middle))
    let upper = max(middle + least, middle + factor * (band.upper - middle))
    func target(_ edge: Double) -> Double { edge.isFinite ? middle + ratio * (edge - middle) : middle }
    return Band(lower: lower, upper: upper, targetLower: target(lower), targetUpper: target(upper))
  }

  /// Edges moved inwards, targets where an edge reaches them.
  static func narrowed(_ band: Band, by shift: Double) -> Band {
    let middle = 0.5 * (band.targetLower + band.targetUpper)
    guard middle.isFinite else { return band }
    let (lower, upper) = (min(middle, band.lower + shift), max(middle, band.upper - shift))
    return Band(
      lower: lower, upper: upper, targetLower: max(lower, band.targetLower),
      targetUpper: min(upper, band.targetUpper))
  }

  /// Whether trades end at the edge that was passed, without an end to their number.
  func isReflecting(_ problem: OptionBookProblem) -> Bool {
    guard problem.costs.allSatisfy({ $0.fixed == 0 }) else { return false }
    switch self {
    case .optimal: return true
    case .scaled(_, let ratios), .constant(_, _, let ratios), .gammaScaled(_, let ratios):
      return ratios.allSatisfy { $0 == 1 }
    case .priceMove, .always, .looked: return false
    }
  }

  /// The rule as a table for roll-outs, on the nodes of the grid.
  func table(on nodes: EvaluationNodes) -> PolicyTable {
    var bands = BandRule.bands(count: nodes.nodes)
    var all: [Band] = []
    let levels = nodes.times.count - 1
    all.reserveCapacity(levels * nodes.nodes)
    for level in 0..<levels {
      fill(&bands, level: level, on: nodes)
      for e in 0..<nodes.regimes {
        for row in 0..<nodes.rows { all.append(bands[row * nodes.regimes + e]) }
      }
    }
    return PolicyTable(
      times: Array(nodes.times.dropLast()), logSpots: nodes.grid.logSpots, regimeCount: nodes.regimes, bands: all)
  }
}
