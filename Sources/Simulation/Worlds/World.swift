import Formulation
import Glibc

/// Where prices come from when they are not the model's own: a world in which a policy that was solved for the model meets what
/// the model left out.
///
/// Policies, marks and costs stay the model's. What changes is how the price moves, and with it the risk that is run:
///
/// - `heston`: the variance rate of the hedged book is `v_t S² D²` with the world's own variance v_t.
/// - `bootstrap`: nobody knows the variance rate of a history. The risk is the realised `½ a Σ ΔΠ²` with ΔΠ the profit of the
///   marked book over a step; by Itô's isometry its mean is that of `½ a ∫ v dt` wherever the marked book is a martingale.
///
/// The carry is that of the price's mean growth in the world. No regime switches by the model's clock and no price jumps by its
/// law: the regime that a rebalancer sees, and with it the marks, costs and funding, follows the rule of `SeenRegimes`.
/// *Verified by* `WorldReferenceTests`, `HestonPriceTests`, `BootstrapLawTests`.
public enum World: Sendable, Equatable {
  case heston(HestonWorld)
  case bootstrap(BootstrapWorld)
}

/// Heston's stochastic volatility:
///
///     dS/S = μ dt + √v dW,   dv = κ (θ − v) dt + ξ √v dB,   dW dB = ρ dt
///
/// Source: S. Heston, "A closed-form solution for options with stochastic volatility", Review of Financial Studies 6 (1993).
public struct HestonWorld: Sendable, Equatable {
  /// v₀ [1/year], ≥ 0.
  public var initialVariance: Double
  /// κ [1/year], > 0.
  public var reversion: Double
  /// θ [1/year], > 0.
  public var longRunVariance: Double
  /// ξ [1/year], > 0.
  public var volatilityOfVariance: Double
  /// ρ, in [−1, 1].
  public var correlation: Double
  /// μ [1/year]; nil: the market's rate, so that the mean price is the forward.
  public var drift: Double?
  /// The longest step of the scheme [s]; nil: the time between checks.
  public var longestStep: Double?

  public init(
    initialVariance: Double, reversion: Double, longRunVariance: Double, volatilityOfVariance: Double,
    correlation: Double, drift: Double? = nil, longestStep: Double? = nil
  ) {
    self.initialVariance = initialVariance
    self.reversion = reversion
    self.longRunVariance = longRunVariance
    self.volatilityOfVariance = volatilityOfVariance
    self.correlation = correlation
    self.drift = drift
    self.longestStep = longestStep
  }
}

/// Log returns of a history, drawn again in blocks: the stationary bootstrap of `BootstrapMotion`.
///
/// The price moves at multiples of the history's interval and stands still in between.
public struct BootstrapWorld: Sendable, Equatable {
  /// How long a return is.
  public enum Interval: Sendable, Equatable {
    case seconds(Double)
    /// One of so many in a year of the model's day count, as the rows of a file without weekends are.
    case perYear(Double)
  }

  /// Log returns in their order, at least two.
  public var returns: [Double]
  public var interval: Interval
  /// The mean length of a block [returns], ≥ 1; nil: `BlockLength.automatic` of the squared returns.
  public var blockLength: Double?
  /// The half-life of the trailing variance that the seen regime follows [returns], > 0.
  public var halfLife: Double
  /// The price's mean growth [1/year], to which the returns are moved; nil: their own.
  public var drift: Double?

  /// The half-life of the decay 0.94 per return: RiskMetrics Technical Document (J. P. Morgan, 4th ed. 1996), §5.3.
  public static let standardHalfLife = -1 / log2(0.94)

  public init(
    returns: [Double], interval: Interval, blockLength: Double? = nil,
    halfLife: Double = BootstrapWorld.standardHalfLife, drift: Double? = nil
  ) {
    self.returns = returns
    self.interval = interval
    self.blockLength = blockLength
    self.halfLife = halfLife
    self.drift = drift
  }

  /// The interval in seconds of a model's clock.
  public func seconds(in dayCount: DayCount) -> Double {
    switch interval {
    case .seconds(let seconds): seconds
    case .perYear(let count): dayCount.secondsPerYear / count
    }
  }

  /// The mean length of a block that is used [returns].
  public var usedBlockLength: Double { blockLength ?? BlockLength.automatic(returns.map { $0 * $0 }) }
}
