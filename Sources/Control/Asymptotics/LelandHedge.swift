import Formulation
import Glibc

/// Rebalancing every δ to the delta at a volatility that pays for it (Leland 1985):
///
///     σ_h² = σ²(1 ± Λ),   Λ = √(2/π) · 2k/(σ√δ)
///
/// with σ the realised volatility [1/√year], k the fraction of notional that one trade costs (2k a round trip), + for a book
/// that is short gamma and − for one that is long. Sold at its value at σ_h and hedged at σ_h, the book's profit has the
/// mean zero, since what gamma earns beyond the realised variance, `½(σ_h² − σ²)S²|Γ|`, is the expected cost, and to leading
/// order the variance
///
///     ∫ E[S⁴Γ²] dt · ( ½σ⁴δ + k²σ²(1 − 2/π) ± k σ³ √(2δ/π) ).
///
/// The interval is the one that minimises costs plus ½a times the variance of the net delta's position,
/// `c/√δ + ¼ a σ⁴ δ ∫E[S⁴Γ²]dt` with `c = kσ√(2/π) ∫E[S²|Γ|]dt`: δ^{3/2} = 2c/(aσ⁴∫E[S⁴Γ²]dt).
///
/// Assumes one regime, proportional costs, gamma of one sign, marks without meaning (the formula brings its own), δ short
/// against the life of the options. The relative error is of the order √(δ/T): `DiscreteHedgingTests.order`.
/// *Verified by* `DiscreteHedgingTests`.
public struct LelandHedge: Sendable, Equatable {
  /// Λ, Leland's number, unsigned.
  public let number: Double
  /// δ [years].
  public let interval: Double
  /// σ_h [1/√year].
  public let hedgeVolatility: Double
  /// What the book is worth at σ_h [quote]: the price that pays for hedging it.
  public let price: Double
  /// The same at σ: the price without costs.
  public let frictionless: Double
  /// Expected costs of rebalancing until the horizon [quote], to leading order; the first trade and settlement apart.
  public let expectedCost: Double
  /// The standard deviation of the profit [quote], to leading order.
  public let deviation: Double

  /// √(2/π), the mean of |Z| for a standard normal Z.
  static let meanMagnitude = (2 / Double.pi).squareRoot()

  /// Λ for an interval [years].
  public static func number(fraction: Double, volatility: Double, interval: Double) -> Double {
    meanMagnitude * 2 * fraction / (volatility * interval.squareRoot())
  }

  /// The hedge at a given interval.
  ///
  /// - Throws: `unsupported` for long gamma with Λ ≥ 1, where no volatility pays for the hedge.
  init(problem: OptionBookProblem, interval: Double) throws(ControlError) {
    let regime = problem.environment.regimes[problem.market.currentRegime]
    let fraction = Formula.fraction(problem, regime: problem.market.currentRegime)
    let sign = Formula.gammaSign(of: problem.book)
    self.interval = interval
    number = LelandHedge.number(fraction: fraction, volatility: regime.volatility, interval: interval)
    let share = 1 - sign * number
    guard share > 0 else {
      throw .unsupported(method: Formula.leland.rawValue, feature: "long gamma whose hedge costs more than it earns")
    }
    hedgeVolatility = regime.volatility * share.squareRoot()
    let marked = problem.book.marked(atEveryRegime: hedgeVolatility, of: problem)
    let current = problem.market.currentRegime
    price = marked.greeks(time: 0, spot: problem.market.spot, regime: current).value
    frictionless =
      problem.book.marked(atEveryRegime: regime.volatility, of: problem).greeks(
        time: 0, spot: problem.market.spot, regime: current
      ).value
    let integrals = GammaIntegrals(problem: problem, book: marked)
    let volatility = regime.volatility
    expectedCost = fraction * volatility * LelandHedge.meanMagnitude / interval.squareRoot() * integrals.turnover
    let perStep =
      0.5 * pow(volatility, 4) * interval
      + fraction * fraction * volatility * volatility * (1 - LelandHedge.meanMagnitude * LelandHedge.meanMagnitude)
      - sign * fraction * pow(volatility, 3) * interval.squareRoot() * LelandHedge.meanMagnitude
    deviation = (integrals.square * max(0, perStep)).squareRoot()
  }

  /// Rounds of the fixed point between the interval and the volatility that the gamma is taken at: each gains two digits.
  private static let rounds = 6

  /// The interval that minimises costs and risk [years], at most the horizon.
  ///
  /// - Throws: as `init`.
  static func best(problem: OptionBookProblem) throws(ControlError) -> LelandHedge {
    let regime = problem.environment.regimes[problem.market.currentRegime]
    let fraction = Formula.fraction(problem, regime: problem.market.currentRegime)
    let sign = Formula.gammaSign(of: problem.book)
    var hedgeVolatility = regime.volatility
    var interval = problem.horizon
    for _ in 0..<rounds {
      let book = problem.book.marked(atEveryRegime: hedgeVolatility, of: problem)
      interval = bestInterval(problem: problem, integrals: GammaIntegrals(problem: problem, book: book))
      let number = LelandHedge.number(fraction: fraction, volatility: regime.volatility, interval: interval)
      // A long book whose number has passed 1 is refused by `init`.
      hedgeVolatility = regime.volatility * max(1 - sign * number, leastShare).squareRoot()
    }
    return try LelandHedge(problem: problem, interval: interval)
  }

  /// A variance share below which the gamma is taken no sharper while the interval is sought.
  private static let leastShare = 1.0 / 16

  /// δ^{3/2} = 2c/(aσ⁴∫E[S⁴Γ²]dt), in whole looks where the model has looks, at most the horizon [years].
  static func bestInterval(problem: OptionBookProblem, integrals: GammaIntegrals) -> Double {
    let current = problem.market.currentRegime
    let volatility = problem.environment.regimes[current].volatility
    let fraction = Formula.fraction(problem, regime: current)
    let cost = fraction * volatility * meanMagnitude * integrals.turnover
    let risk = problem.preference.riskAversion * pow(volatility, 4) * integrals.square
    return Formula.usable(interval: pow(2 * cost / risk, 2.0 / 3), problem)
  }
}

extension GammaIntegrals {
  /// Of a book in the problem's current regime.
  init(problem: OptionBookProblem, book: Book) {
    let current = problem.market.currentRegime
    let regime = problem.environment.regimes[current]
    self.init(
      book: book, regime: current, volatility: regime.volatility, drift: regime.drift, spot: problem.market.spot,
      horizon: problem.horizon)
  }
}

extension Book {
  /// The same positions marked at one volatility in every regime of a problem.
  func marked(atEveryRegime volatility: Double, of problem: OptionBookProblem) -> Book {
    marked(at: Array(repeating: volatility, count: problem.environment.count))
  }
}
