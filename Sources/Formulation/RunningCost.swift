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
    self.init(Rates(problem, regime: e), spot: spot, delta: delta)
  }

  /// What r takes from the problem in one regime: plain numbers, for those who ask at many states.
  public struct Rates: Sendable {
    /// a [1/quote].
    let aversion: Double
    /// σ [1/√year], μ − r and f [1/year].
    let volatility: Double
    let excess: Double
    let funding: Double

    public init(_ problem: OptionBookProblem, regime e: Int) {
      let regime = problem.environment.regimes[e]
      aversion = problem.preference.riskAversion
      volatility = regime.volatility
      excess = regime.drift - problem.market.rate
      funding = regime.funding
    }
  }

  /// The same from a regime's rates.
  public init(_ rates: Rates, spot: Double, delta: Double) {
    let exposure = rates.volatility * spot
    quadratic = 0.5 * rates.aversion * exposure * exposure
    let earned = rates.excess * spot
    linear = 2 * quadratic * delta - earned + rates.funding * spot
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
