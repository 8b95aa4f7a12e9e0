import Formulation
import Glibc

/// When decisions are made, and in what quantities, as the solver treats it.
public struct DecisionTiming: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// At every moment.
    case continuous
    /// At multiples of so many years and at no other time: the exact problem.
    case review(years: Double)
    /// At multiples of so many years, which are too many to be treated one by one: the continuous solution, narrowed
    /// where it is used (`PeriodicReview`).
    case narrowed(years: Double)
  }
  public let kind: Kind
  /// The lot on which trades are held to [units]; 0 where there is none or it is too small to matter.
  public let lot: Double

  /// Reviews are treated one by one up to this number: the work is linear in it, and beyond it the review of a month is
  /// every ten minutes or more often, where narrowing is good to the last digit that a band is stated with.
  public static let mostReviews = 5000.0
  /// A lot below this share of the band's half-width is ignored by the solver: rounding to it costs `V″ℓ²/24` per trade,
  /// at a tenth of the half-width less than a thousandth of the risk at the edge.
  static let finestLot = 0.1

  public init(_ problem: OptionBookProblem) {
    let execution = problem.execution
    if let seconds = execution.checkEvery {
      let years = seconds / problem.dayCount.secondsPerYear
      let isFew = problem.horizon / years <= DecisionTiming.mostReviews
      kind = isFew ? .review(years: years) : .narrowed(years: years)
    } else {
      kind = .continuous
    }
    var narrowest = Double.infinity
    for regime in 0..<problem.environment.count {
      let spot = problem.market.spot
      let gamma = problem.book.greeks(time: 0, spot: spot, regime: regime).gamma
      narrowest = min(
        narrowest,
        BandScale(problem: problem, regime: regime).halfWidth(spot: spot, gamma: gamma, remaining: problem.horizon))
    }
    lot = execution.lot > DecisionTiming.finestLot * narrowest ? execution.lot : 0
  }

  /// The period of the reviews that are treated one by one [years].
  public var reviewPeriod: Double? { if case .review(let years) = kind { years } else { nil } }

  /// Why the method does not cover a problem's costs or execution; nil when it does.
  static func obstacle(to problem: OptionBookProblem) -> String? {
    let execution = problem.execution
    let timing = DecisionTiming(problem)
    let isDelayed = execution.delay > 0 || problem.costs.contains { $0.venues.contains { $0.delay > 0 } }
    if problem.preference.isExponential {
      // Disutility until the fill and after it multiply: what is waited with and what comes cannot be parted.
      if isDelayed { return "exponential utility with a delay of execution" }
      if ExponentialMoments(problem).isInfiniteThroughJumps {
        return "exponential utility of a position that is short while the price may jump upwards: its expectation is "
          + "infinite, and what a bounded jump would make of it depends on the bound"
      }
      if let period = timing.reviewPeriod, ExponentialMoments(problem).isInfinite(period: period) {
        return
          "exponential utility of a position that is short while nobody looks: its expectation is infinite, and what "
          + "a bounded price would make of it depends on the bound"
      }
      if timing.reviewPeriod == nil, execution.failure > 0 {
        let dearest = problem.costs.flatMap(\.routes).map(\.cost.fixed).max()!
        let growth = max(1, exp(problem.market.rate * problem.horizon))
        if execution.failure * exp(problem.preference.riskAversion * growth * dearest) >= 1 {
          return "failures whose fixed cost is so dear that p e^{γK} ≥ 1: attempts until one succeeds have an infinite "
            + "disutility"
        }
      }
    }
    guard timing.reviewPeriod == nil else { return nil }
    if isDelayed { return "a delay of execution with more than 5000 checks before the horizon" }
    for cost in problem.costs {
      for route in cost.routes where route.cost.fixed == 0 && timing.lot == 0 {
        if route.cost.hasImpact {
          return "impact without a fixed cost, a lot or checkEvery: a trade split into many small ones would pay none"
        }
        if !cost.venues.isEmpty { return "a venue without a fixed cost among several, without checkEvery" }
      }
    }
    return nil
  }

  /// Whether V ≤ V(y + u) + c(u) for any u: a trade of `K + k|u|` may be made at once, and two are never better than one. Where
  /// one has to wait for a fill or for luck, or where lots or impact make two trades of one, V may be above.
  public func mayTradeAgain(_ problem: OptionBookProblem) -> Bool {
    problem.tradesAtOnce && lot == 0
  }

  /// Whether a utility's expectation is that of a price held to the grid, without which it would be infinite
  /// (`ExponentialMoments`).
  public func boundsPrice(_ problem: OptionBookProblem) -> Bool {
    problem.preference.isExponential && (reviewPeriod != nil || problem.environment.jumpsUp)
      && ExponentialMoments(problem).uncovered > 0
  }

  /// Whether the value is marched with the general operator where monitoring is continuous.
  func needsGeneralOperator(_ problem: OptionBookProblem) -> Bool {
    // Failures that quadratic risk counts as a dearer ticket are more than that to a utility.
    let hasFixed = problem.costs.contains { $0.leastFixed > 0 }
    let fails = problem.preference.isExponential && problem.execution.failure > 0
    return lot > 0 || problem.costs.contains { !$0.isPlain }
      || ((fails || problem.execution.maximumTrade != nil) && hasFixed)
  }
}
