import Formulation

/// What is added up along the path under a band policy: `wℓ_e(x) + 1_e` per unit time and `N + κ|u|` per trade.
///
/// The total cost, its running part, the number of trades and the turnover are all of this form, and all solve the same
/// linear equations with other right-hand sides.
struct BandFunctional: Sendable {
  /// w: how often ℓ counts, 0 or 1.
  var running = 0.0
  /// Coefficient of 1 per unit time.
  var constant: [Double]
  /// Per trade at an edge that is not reflecting, `[side][regime]`.
  var perTrade: [[Double]]
  /// Per unit traded at an edge, `[side][regime]`.
  var perUnit: [[Double]]
  /// Where a switch or a jump lands beyond an edge: what is charged on top of the value at the edge, as a constant …
  var landing: [[Double]]
  /// … and per unit of the distance from the edge.
  var landingPerUnit: [[Double]]
  /// More of it, as any function of the regime and the point beyond the edge.
  var landingRate: (@Sendable (Int, Double) -> Double)?
  /// Whether the sum ends with the first trade, which counts.
  var stopsAtTrade = false
  /// Added per unit time as any function of the regime and the deviation, a polynomial between the mesh's breakpoints.
  var added: (@Sendable (Int, Double) -> Double)?

  static func empty(_ count: Int) -> BandFunctional {
    let zeros = [Double](repeating: 0, count: count)
    return BandFunctional(
      constant: zeros, perTrade: [zeros, zeros], perUnit: [zeros, zeros], landing: [zeros, zeros],
      landingPerUnit: [zeros, zeros])
  }

  /// What a trade from an edge to its target adds.
  func atEdge(_ side: BandSide, _ e: Int, _ band: Band) -> Double {
    let way = side == .lower ? band.targetLower - band.lower : band.upper - band.targetUpper
    return perTrade[side.rawValue][e] + perUnit[side.rawValue][e] * abs(way)
  }

  /// What a trade adds that goes to the target on the side of x, from wherever x is.
  func atTrade(_ e: Int, _ x: Double, _ band: Band) -> Double {
    let side: BandSide = x < 0.5 * (band.targetLower + band.targetUpper) ? .lower : .upper
    let way = x - (side == .lower ? band.targetLower : band.targetUpper)
    return perTrade[side.rawValue][e] + perUnit[side.rawValue][e] * abs(way)
  }

  /// The functional beyond the edge of a regime, less its value at the edge.
  func beyond(_ side: BandSide, _ e: Int, _ x: Double, edge: Double) -> Double {
    landing[side.rawValue][e] + landingPerUnit[side.rawValue][e] * abs(x - edge) + (landingRate?(e, x) ?? 0)
  }

  static func running(_ problem: ScaledTracking) -> BandFunctional {
    var result = empty(problem.count)
    result.running = 1
    return result
  }

  static func total(_ problem: ScaledTracking) -> BandFunctional {
    var result = running(problem)
    result.perTrade = [problem.fixed, problem.fixed]
    result.perUnit = problem.slope
    result.landingPerUnit = problem.slope
    return result
  }

  /// Trades made while in `regime`, at one edge and beyond it or at both.
  static func trades(in regime: Int, side: BandSide? = nil, count: Int) -> BandFunctional {
    var result = empty(count)
    for one in BandSide.allCases where side == nil || side == one { result.perTrade[one.rawValue][regime] = 1 }
    return result
  }

  /// Trades made while in `regime` because the path crossed the edge; those where it landed beyond do not count.
  static func crossings(in regime: Int, side: BandSide, count: Int) -> BandFunctional {
    var result = trades(in: regime, side: side, count: count)
    result.landing[side.rawValue][regime] = -1
    return result
  }

  /// Time spent in `regime`.
  static func time(in regime: Int, count: Int) -> BandFunctional {
    var result = empty(count)
    result.constant[regime] = 1
    return result
  }

  /// Amount traded while in `regime`.
  static func turnover(in regime: Int, count: Int) -> BandFunctional {
    var result = empty(count)
    for side in 0..<2 {
      result.perUnit[side][regime] = 1
      result.landingPerUnit[side][regime] = 1
    }
    return result
  }

  /// Amount reflected at one edge while in `regime`; what is traded after landing beyond it does not count.
  static func reflection(in regime: Int, side: BandSide, count: Int) -> BandFunctional {
    var result = empty(count)
    result.perUnit[side.rawValue][regime] = 1
    return result
  }

  /// Time until the first trade.
  static func timeToTrade(count: Int) -> BandFunctional {
    var result = empty(count)
    result.constant = [Double](repeating: 1, count: count)
    result.stopsAtTrade = true
    return result
  }
}
