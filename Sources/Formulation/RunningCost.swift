/// The rate at which J grows at one state while the price moves without jumps, a polynomial in the inventory y [quote/year]:
///
///     r(y) = ½ a σ² S² D² − (μ − r) S D + f S y,    D = Δ_book + y
///
/// with a the risk aversion [1/quote], σ, μ, r, f per year, S in quote and D in units; control.md §2. Solver and simulator
/// integrate it with rules of their own. *Verified by* `LowerBoundClosedFormTests`.
public struct RunningCost: Sendable, Equatable {
  public private(set) var quadratic = 0.0
  public private(set) var linear = 0.0
  public private(set) var constant = 0.0

  /// No cost.
  public init() {}

  /// - Parameters:
  ///   - spot: S [quote].
  ///   - e: the regime's index.
  ///   - delta: the book's delta Δ_book there [units].
  public init(_ problem: OptionBookProblem, spot: Double, regime e: Int, delta: Double) {
    let regime = problem.environment.regimes[e]
    let exposure = regime.volatility * spot
    quadratic = 0.5 * problem.preference.riskAversion * exposure * exposure
    let earned = (regime.drift - problem.market.rate) * spot
    linear = 2 * quadratic * delta - earned + regime.funding * spot
    constant = (quadratic * delta - earned) * delta
  }

  /// r(y).
  public func value(_ y: Double) -> Double { (quadratic * y + linear) * y + constant }

  public mutating func add(_ other: RunningCost, times weight: Double) {
    quadratic += weight * other.quadratic
    linear += weight * other.linear
    constant += weight * other.constant
  }

  public mutating func scale(by factor: Double) {
    quadratic *= factor
    linear *= factor
    constant *= factor
  }
}
