import Formulation

/// A cost and its two parts.
public struct StationaryCost: Sendable, Equatable {
  public let total: Approximation
  /// `λx²` accumulated: the risk.
  public let running: Approximation
  /// `K + k|u|` accumulated.
  public let trading: Approximation
}

/// What the solver says of one regime, in the problem's own units.
public struct StationaryRegime: Sendable, Equatable {
  public let name: String
  /// In the deviation x. Without a fixed cost the targets are the edges.
  public let band: Band
  /// The largest error estimate of the four numbers of `band` [deviation], the last step of the iteration included.
  public let bandError: Double
  /// Long-run average: cost per unit time, the same for all regimes that communicate. Discounted: the value at x = 0 on
  /// starting in this regime, after the immediate trade if 0 lies outside the band.
  public let cost: StationaryCost
  /// Trades per unit time made while in this regime, as part of the long-run total over all regimes; nil without a fixed
  /// cost, where trades are a continuum, and where no single long-run law exists.
  public let tradesPerTime: Approximation?
  /// Amount traded per unit time while in this regime [deviation/time], as part of the long-run total.
  public let turnover: Approximation?
  /// Expected time from the lower target to the next trade in any regime; nil without a fixed cost (it would be 0).
  public let timeFromLowerTarget: Approximation?
  /// Expected time from the upper target to the next trade in any regime; nil as the other.
  public let timeFromUpperTarget: Approximation?
  /// Expected time from the centre of the band to the next trade in any regime; infinite where rounding
  /// leaves no digit of it.
  public let timeFromCentre: Approximation
  /// Expected time from a trade in this regime to the next in any, the two targets weighed by how often they are traded
  /// to; nil as the times from the targets.
  public let meanBetweenTrades: Approximation?
}

/// How well the equations and inequalities hold away from the collocation points.
public struct StationaryResidual: Sendable, Equatable {
  /// Largest residual of the equation inside bands, relative to the largest of its terms and weighed by its element's
  /// share of the band: so much it can bend the value. (Where two regimes' edges nearly meet, an element is short, and
  /// the second derivative of its polynomial is mostly rounding.)
  public var equation: Double
  /// Largest violation of `V ≤ MV`, relative to the spread of V over the bands.
  public var obstacle: Double
  /// Largest violation of `LV + ℓ − g − ρV ≥ 0` where the policy trades, relative to the largest running cost in a band.
  public var trading: Double
}

/// Why the iteration ended.
public enum StationaryStop: Sendable, Equatable {
  case converged
  /// The edges still moved when the iteration limit was reached, even with continuation.
  case iterationLimit
}

/// Bands and their statistics, with everything a certificate asks about how they were found.
public struct StationarySolution: Sendable, Equatable {
  public let regimes: [StationaryRegime]
  public let residual: StationaryResidual
  public let stop: StationaryStop
  /// Policy evaluations, all stages and degrees.
  public let evaluations: Int
  /// Stages of continuation in drift and switching; 1 when the full problem converged from the frozen bands.
  public let stages: Int
  /// Whether the iteration converged and no inequality is violated beyond the setting's tolerance.
  public let isVerified: Bool
  public let settings: StationarySettings
}
