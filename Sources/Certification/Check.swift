/// One question that a certificate asks, with its answer as numbers.
public struct Check: Sendable, Equatable {
  /// What is asked.
  public enum Kind: String, Sendable, CaseIterable {
    /// Difference of the value between the grid and one half as fine, extrapolated, against the value.
    case valueError
    /// The same for the reservation prices, against the larger of them.
    case priceError
    /// The same for the edges and targets, against the band's width.
    case bandError
    /// Observed order of convergence over three grids.
    case observedOrder
    /// Residual of the equation where no trade is made.
    case equationResidual
    /// Violation of "trading now is never better than the value".
    case obstacleViolation
    /// Violation of "waiting is never better where the policy trades".
    case tradingViolation
    /// Independent simulation of the policy against the value.
    case rollOut
    /// By how much the value lies below what no policy can cost less than.
    case belowBound
    /// By how much the policy's cost is above what no policy can cost less than.
    case boundGap
    /// Edges and targets in order.
    case edgesOrdered
    /// The value grows with costs.
    case monotoneInCosts
    /// Closed form, where the problem has one.
    case closedForm
    /// By how much a policy class is cheaper than the optimum, against the optimum.
    case classBelowOptimum
    /// Error estimate of a policy class's cost against the cost.
    case classError
    /// Independent simulation of a policy class against its cost.
    case classRollOut
    /// Difference between the value that a result states and the one found again.
    case emittedValue
    /// Difference between the band that a result states and its own table's.
    case emittedBand
    /// Stated decisions that are not those of the result's own table.
    case emittedDecision
    /// Places of a result's files that do not say what is found again.
    case misstatement
    /// By how much a formula, rolled out, is cheaper than the optimum.
    case formulaBelowOptimum

    /// Whether what it measures are things that are counted.
    public var isCount: Bool { self == .emittedDecision || self == .misstatement }
  }

  public let kind: Kind
  /// The regime it was asked of; nil: the whole problem.
  public let regime: String?
  /// The policy class it was asked of; nil: the optimum.
  public let policyClass: String?
  public let measured: Double
  public let threshold: Double
  /// Unit of both numbers; empty for a ratio.
  public let unit: String
  public let passed: Bool

  /// A check that passes when the measured number does not exceed the threshold; `NaN` never passes, nor what an infinite
  /// threshold would let pass whatever it were.
  init(
    _ kind: Kind, regime: String? = nil, policyClass: String? = nil, measured: Double, atMost threshold: Double,
    unit: String = ""
  ) {
    self.kind = kind
    self.regime = regime
    self.policyClass = policyClass
    self.measured = measured
    self.threshold = threshold
    self.unit = unit
    passed = measured <= threshold && threshold < .infinity
  }

  /// A check that passes when the measured number is at least the threshold.
  init(_ kind: Kind, regime: String? = nil, measured: Double, atLeast threshold: Double, unit: String = "") {
    self.kind = kind
    self.regime = regime
    policyClass = nil
    self.measured = measured
    self.threshold = threshold
    self.unit = unit
    passed = measured >= threshold
  }
}
