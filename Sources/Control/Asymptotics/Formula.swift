import Formulation
import Glibc

/// Published rules for hedging with costs, as methods in their own right beside the solver (control.md §7).
///
/// A formula is fast and says what it says whether or not its assumptions hold: `obstacle` names those that can be checked
/// beforehand, `assumptions` the others. What it costs is found by rolling it out, never by the formula.
public enum Formula: String, Sendable, CaseIterable {
  /// `AsymptoticRule.whalleyWilmott`.
  case whalleyWilmott
  /// `AsymptoticRule.zakamouline`.
  case zakamouline
  /// `AsymptoticRule.smallFixedCost`.
  case smallFixedCost
  /// `LelandHedge`: every δ to the delta at Leland's volatility.
  case leland
  /// `MixedGammaHedge`: every δ to the delta of the nonlinear equation of Hoggard, Whalley and Wilmott.
  case hoggardWhalleyWilmott
  /// `SeppHedge`: every δ of greatest Sharpe ratio to the delta of the marks.
  case sepp

  /// What a formula takes for granted.
  public enum Assumption: String, Sendable, CaseIterable {
    /// Costs are small: the band is narrow against the delta's range.
    case smallCosts
    /// The gamma does not vanish, expiry is not near: the width would go to zero there.
    case gammaThatLasts
    /// Exponential utility of a writer, costs from 0.1 % to 1 %, fitted to single options.
    case writersUtility
    /// No settlement at cost.
    case freeSettlement
    /// The regime lasts for ever.
    case lastingRegime
    /// The interval is short against the life of the options.
    case shortInterval
    /// Decisions by the clock alone, however far the hedge has drifted.
    case blindClock
    /// The marks are right about volatility.
    case realisedMarks
    /// Whoever uses it wants the greatest Sharpe ratio of the profit, not the least cost and risk.
    case sharpeRatio
  }

  public var assumptions: [Assumption] {
    switch self {
    case .whalleyWilmott, .smallFixedCost: [.smallCosts, .gammaThatLasts, .freeSettlement, .lastingRegime]
    case .zakamouline: [.writersUtility, .freeSettlement, .lastingRegime]
    case .leland, .hoggardWhalleyWilmott: [.shortInterval, .blindClock, .realisedMarks, .freeSettlement]
    case .sepp: [.shortInterval, .blindClock, .sharpeRatio, .freeSettlement]
    }
  }

  /// The band rule behind it; nil for a rule of the clock.
  public var band: AsymptoticRule? { AsymptoticRule(rawValue: rawValue) }

  /// Why the formula says nothing about a problem; nil when it does.
  public func obstacle(to problem: OptionBookProblem) -> ControlError? {
    if problem.costs.contains(where: { $0.quadraticImpact > 0 }) { return unsupported("quadratic impact") }
    if let band { return band.obstacle(to: problem) }
    if problem.costs.contains(where: { $0.fixed > 0 || max($0.proportionalBuy, $0.proportionalSell) == 0 }) {
      return unsupported("costs other than proportional ones")
    }
    if problem.environment.count > 1 { return unsupported("several regimes") }
    if problem.environment.regimes.contains(where: { $0.funding != 0 || $0.drift != problem.market.rate }) {
      return unsupported("a drift other than the rate, or funding")
    }
    if problem.book.expiries.isEmpty { return unsupported("a book without options") }
    switch self {
    case .leland where Formula.isMixed(problem.book):
      return unsupported("long and short options in one book, which hoggardWhalleyWilmott does")
    case .hoggardWhalleyWilmott
    where problem.book.legs.contains { $0.expiry.isFinite && $0.carry != problem.market.rate }:
      return unsupported("forwards that carry at another rate than money")
    default: return nil
    }
  }

  /// The rule for a problem, as a table that roll-outs read.
  ///
  /// - Parameter grid: on whose spots the table is made, and for bands on whose times.
  /// - Throws: the obstacle, or `unsupported` where the formula has no number for this problem.
  public func rule(_ problem: OptionBookProblem, grid: FiniteHorizonGrid) throws(ControlError) -> FormulaRule {
    if let obstacle = obstacle(to: problem) { throw obstacle }
    if let band {
      return FormulaRule(formula: self, table: band.policy(problem, grid: grid), interval: nil, detail: .band)
    }
    switch self {
    case .leland:
      let hedge = try LelandHedge.best(problem: problem)
      let marked = problem.book.marked(atEveryRegime: hedge.hedgeVolatility, of: problem)
      let table = FormulaRule.table(problem, grid: grid, interval: hedge.interval) { time, spot in
        marked.greeks(time: time, spot: spot, regime: problem.market.currentRegime).delta
      }
      return FormulaRule(formula: self, table: table, interval: hedge.interval, detail: .leland(hedge))
    case .hoggardWhalleyWilmott:
      let hedge = try MixedGammaHedge.best(problem: problem)
      let table = FormulaRule.table(problem, grid: grid, interval: hedge.interval) { hedge.delta(time: $0, spot: $1) }
      return FormulaRule(formula: self, table: table, interval: hedge.interval, detail: .mixedGamma(hedge.summary))
    default:
      let hedge = try SeppHedge(problem: problem)
      let interval = Formula.usable(interval: hedge.timed.step, problem)
      let table = FormulaRule.table(problem, grid: grid, interval: interval) { time, spot in
        problem.book.greeks(time: time, spot: spot, regime: problem.market.currentRegime).delta
      }
      return FormulaRule(formula: self, table: table, interval: interval, detail: .sepp(hedge))
    }
  }

  private func unsupported(_ feature: String) -> ControlError { .unsupported(method: rawValue, feature: feature) }

  // MARK: What several formulas ask

  /// k, the mean of buying and selling [fraction of notional].
  static func fraction(_ problem: OptionBookProblem, regime e: Int) -> Double {
    0.5 * (problem.costs[e].proportionalBuy + problem.costs[e].proportionalSell)
  }

  /// Whether options are held and owed at once.
  static func isMixed(_ book: Book) -> Bool {
    let signs = Set(book.legs.filter { $0.expiry.isFinite && $0.quantity != 0 }.map { $0.quantity > 0 })
    return signs.count > 1
  }

  /// The sign of the gamma of a book that is not mixed.
  static func gammaSign(of book: Book) -> Double {
    book.legs.first { $0.expiry.isFinite && $0.quantity != 0 }.map { $0.quantity > 0 ? 1 : -1 } ?? 0
  }

  /// An interval in whole looks where the model has looks, at most the horizon [years].
  static func usable(interval: Double, _ problem: OptionBookProblem) -> Double {
    guard interval < problem.horizon else { return problem.horizon }
    guard let look = problem.execution.checkEvery.map({ $0 / problem.dayCount.secondsPerYear }) else { return interval }
    return min(problem.horizon, max(1, (interval / look).rounded()) * look)
  }
}

/// A formula made into decisions for one problem.
public struct FormulaRule: Sendable {
  public let formula: Formula
  /// Bands in net delta at the problem's own marks, `[time × regime × spot]`.
  public let table: PolicyTable
  /// Decisions every so many years; nil: at every look.
  public let interval: Double?
  public let detail: Detail

  /// What a formula says beside its bands.
  public enum Detail: Sendable, Equatable {
    case band
    case leland(LelandHedge)
    case mixedGamma(MixedGammaHedge.Summary)
    case sepp(SeppHedge)
  }

  /// Reviews in the table at most; between them it is read linearly.
  private static let mostReviews = 1000
  /// A review this near to the horizon, in intervals, is none.
  private static let coincidence = 1e-6

  /// The reviews before the horizon [years].
  static func reviews(horizon: Double, interval: Double) -> [Double] {
    let count = Int(max(1, (horizon / interval - coincidence).rounded(.up)))
    return (0..<count).map { Double($0) * interval }
  }

  /// A table of points: at each review to the delta of the hedge, in net delta at the problem's marks.
  static func table(
    _ problem: OptionBookProblem, grid: FiniteHorizonGrid, interval: Double, delta: (Double, Double) -> Double
  ) -> PolicyTable {
    let all = reviews(horizon: problem.horizon, interval: interval)
    let count = min(all.count, mostReviews)
    let times = count == 1 ? [0] : (0..<count).map { all[$0 * (all.count - 1) / (count - 1)] }
    let spots = grid.spots
    var bands: [Band] = []
    for time in times {
      for e in 0..<problem.environment.count {
        for spot in spots {
          let target = problem.book.greeks(time: time, spot: spot, regime: e).delta - delta(time, spot)
          bands.append(Band(lower: target, upper: target, targetLower: target, targetUpper: target))
        }
      }
    }
    return PolicyTable(times: times, logSpots: grid.logSpots, regimeCount: problem.environment.count, bands: bands)
  }
}
