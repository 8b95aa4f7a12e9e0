import Formulation
import Glibc

/// A rule that gives a band in net delta at every time, spot and regime: what a production rebalancer can run from few numbers.
///
/// One entry per regime in every array. A ratio is that of the inner target to the half-width: 0 trades to the centre, 1 to the
/// edge.
///
/// Rules that trade to the inside and whose width may vanish are no narrower than what a trade must save before the horizon:
/// `(2K/(a σ² S² τ))^{1/2} + k/(a S σ² τ)`, the risk of standing still for the time τ that is left against the cost of one trade
/// (`BandScale`). Without that a band that shrinks to nothing would trade without end.
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

  /// Whether bands are made from the optimum's.
  var usesOptimum: Bool {
    switch self {
    case .optimal, .scaled: true
    case .looked(let rule, _): rule.usesOptimum
    case .constant, .gammaScaled, .priceMove, .always: false
    }
  }

  /// Whether bands are made from the book's gamma.
  var usesExposures: Bool {
    switch self {
    case .gammaScaled, .looked: true
    case .optimal, .scaled, .constant, .priceMove, .always: false
    }
  }

  /// Fills `bands`, one per node, with those of a level, in net delta [units].
  func fill(_ bands: inout [Band], _ level: LevelTerms, on nodes: EvaluationNodes) {
    let m = nodes.regimes
    let all = 0..<nodes.nodes
    func floor(_ node: Int) -> Double { level.floors[node % m] / nodes.spots[node / m] }
    switch self {
    case .optimal: bands = level.optimum
    case .scaled(let factors, let ratios):
      for node in all {
        let e = node % m
        bands[node] = BandRule.scaled(
          level.optimum[node], factor: factors[e], ratio: ratios[e], least: ratios[e] == 1 ? 0 : floor(node))
        bands[node].heldFlats = level.optimum[node].heldFlats
      }
    case .constant(let centres, let halves, let ratios):
      for node in all {
        bands[node] = BandRule.symmetric(centre: centres[node % m], half: halves[node % m], ratio: ratios[node % m])
      }
    case .gammaScaled(let multiples, let ratios):
      let aversion = nodes.problem.preference.riskAversion
      let fractions = nodes.problem.costs.map(\.leastMarginal)
      for node in all {
        let (e, fraction) = (node % m, fractions[node % m])
        let gamma = level.exposures[node]
        // S Γ² = (S Γ)²/S.
        let half = multiples[e] * cbrt(fraction * gamma * gamma / (nodes.spots[node / m] * aversion))
        bands[node] = BandRule.symmetric(
          centre: 0, half: max(ratios[e] == 1 ? 0 : floor(node), half), ratio: ratios[e])
      }
    case .always(let targets):
      for node in all { bands[node] = BandRule.symmetric(centre: targets[node % m], half: 0, ratio: 1) }
    case .looked(let rule, let gaps):
      rule.fill(&bands, level, on: nodes)
      for node in all {
        let volatility = nodes.problem.environment.regimes[node % m].volatility
        let shift = DiscreteLooks.shift * abs(level.exposures[node]) * volatility * gaps[node % m].squareRoot()
        bands[node] = BandRule.narrowed(bands[node], by: shift)
      }
    case .priceMove(let moves):
      var shifted = [[Double]](repeating: [Double](repeating: 0, count: nodes.nodes), count: 2)
      for (e, move) in moves.enumerated() {
        if e == 0 || move != moves[e - 1] {
          nodes.book.deltas(at: level.time, logShift: move, into: &shifted[0])
          nodes.book.deltas(at: level.time, logShift: -move, into: &shifted[1])
        }
        for node in stride(from: e, to: nodes.nodes, by: m) {
          let here = level.deltas[node]
          let (up, down) = (here - shifted[0][node], here - shifted[1][node])
          let least = floor(node)
          bands[node] = Band(
            lower: min(-least, up, down), upper: max(least, up, down), targetLower: 0, targetUpper: 0)
        }
      }
    }
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
    var narrowed = Band(
      lower: lower, upper: upper, targetLower: max(lower, band.targetLower),
      targetUpper: min(upper, band.targetUpper))
    narrowed.heldFlats = band.heldFlats
    return narrowed
  }

  /// Whether trades end at the edge that was passed, without an end to their number.
  func isReflecting(_ problem: OptionBookProblem) -> Bool {
    guard problem.costs.allSatisfy({ $0.leastFixed == 0 }) else { return false }
    switch self {
    case .optimal: return true
    case .scaled(_, let ratios), .constant(_, _, let ratios), .gammaScaled(_, let ratios):
      return ratios.allSatisfy { $0 == 1 }
    case .priceMove, .always, .looked: return false
    }
  }

  /// The rule as a table for roll-outs, on the nodes of the grid. Bands about the optimum's own jump with it at an expiry.
  func table(on nodes: EvaluationNodes) -> PolicyTable {
    var bands = BandRule.bands(count: nodes.nodes)
    var all: [Band] = []
    let levels = nodes.times.count - 1
    all.reserveCapacity(levels * nodes.nodes)
    var terms = LevelTerms(nodes)
    for level in 0..<levels {
      nodes.fill(&terms, level, for: self)
      fill(&bands, terms, on: nodes)
      for e in 0..<nodes.regimes {
        for row in 0..<nodes.rows { all.append(bands[row * nodes.regimes + e]) }
      }
    }
    let table = PolicyTable(
      times: Array(nodes.times.dropLast()), logSpots: nodes.grid.logSpots, regimeCount: nodes.regimes, bands: all,
      // Evaluations with masks know of no flat inventories.
      flats: nodes.looks == nil ? .none : nodes.optimum.flats)
    return usesOptimum ? nodes.problem.readable(table) : table
  }
}
