/// What is added up along the path under a band policy: `ψ_e x² + 1_e` per unit time and `N + κ|u|` per trade.
///
/// The total cost, its running part, the number of trades and the turnover are all of this form, and all solve the same
/// linear equations with other right-hand sides.
struct BandFunctional: Sendable {
  /// Coefficient of x² per unit time.
  var quadratic: [Double]
  /// Coefficient of 1 per unit time.
  var constant: [Double]
  /// Per trade, where the regime has a fixed cost.
  var perTrade: [Double]
  /// Per unit traded, `[side][regime]`.
  var perUnit: [[Double]]
  /// Whether the sum ends at the first trade: the value is zero wherever a trade would happen.
  var stopsAtTrade = false

  private static func empty(_ count: Int) -> BandFunctional {
    let zeros = [Double](repeating: 0, count: count)
    return BandFunctional(quadratic: zeros, constant: zeros, perTrade: zeros, perUnit: [zeros, zeros])
  }

  static func running(_ problem: ScaledTracking) -> BandFunctional {
    var result = empty(problem.count)
    result.quadratic = problem.runningCost
    return result
  }

  static func total(_ problem: ScaledTracking) -> BandFunctional {
    var result = running(problem)
    result.perTrade = problem.fixed
    result.perUnit = problem.slope
    return result
  }

  /// Trades made while in `regime`.
  static func trades(in regime: Int, count: Int) -> BandFunctional {
    var result = empty(count)
    result.perTrade[regime] = 1
    return result
  }

  /// Amount traded while in `regime`.
  static func turnover(in regime: Int, count: Int) -> BandFunctional {
    var result = empty(count)
    result.perUnit[0][regime] = 1
    result.perUnit[1][regime] = 1
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
