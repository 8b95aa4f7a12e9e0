import Formulation

/// The ways in which production rebalancers decide (control.md §7), as far as they mean something for a bare deviation.
public enum TrackingClass: String, Sendable, CaseIterable {
  /// Two edges and two targets per regime: the unconstrained optimum.
  case optimal
  /// Breach → trade to the edge.
  case edge
  /// Breach → trade to one target per regime.
  case recentre
  /// Breach → trade to an inner target; edges and targets symmetric about a centre.
  case inner
  /// Trade to a target every h units of time, blind in between.
  case interval
  /// The band of `recentre`, and a trade to its target at the latest when a maximum gap has passed since the last trade.
  case hybridAny
  /// The optimum's band, and no trade before a minimum gap has passed since the last.
  case hybridAll
  /// One band for all regimes.
  case constantBand
}

extension TrackingClass {
  /// The class whose bands a hybrid has, which comes before it.
  var base: TrackingClass? {
    switch self {
    case .hybridAny: .recentre
    case .hybridAll: .optimal
    case .optimal, .edge, .recentre, .inner, .interval, .constantBand: nil
    }
  }
}

/// Why a class has no numbers, as facts; the sentences are in Commands.
public enum ClassOmission: Sendable, Equatable {
  /// Reflection at an edge is a continuum of trades, each of which would cost the fixed amount.
  case fixedCost(regime: Int)
  /// Left alone the deviation comes back by itself: the longer the interval, the better.
  case neverTrading
  /// However long the clock runs, it costs less than `StationarySolver.clockShare`.
  case endlessClock
  /// Strong reversion or jumps make more equations than are solved for a class.
  case tooLarge
  /// Nobody asked.
  case notRequested
  /// Bands with clocks are solved for so many regimes that communicate, fewer with jumps.
  case manyRegimes(most: Int)
  /// The best parameters were not found.
  case notConverged
  /// The error estimate of the cost is above `StationarySolver.classTolerance`.
  case inaccurate
}

/// One regime under a class's best policy.
public struct TrackingClassRegime: Sendable, Equatable {
  /// The band; nil for a class that has none.
  public let band: Band?
  /// The time between trades that the class itself sets, and the target it trades to.
  public let interval: (time: Double, target: Double)?
  /// As `StationaryRegime.cost`.
  public let cost: StationaryCost
  public let tradesPerTime: Approximation?
  public let turnover: Approximation?
  public let meanBetweenTrades: Approximation?
  /// The cadence of looks at which the cost is 1 % higher (`LookCost`); the same for all regimes that
  /// communicate. nil for a class that does not look, and where nothing is ever traded.
  public let check: Approximation?
  /// Of the times from a trade in this regime to the next in any, one in a hundred is shorter (`GapQuantiles`).
  public var minGap: Approximation? = nil
  /// … and one in a hundred is longer.
  public var maxGap: Approximation? = nil
  /// How much more than the optimum it costs, as a share of the optimum.
  public let loss: Approximation

  public static func == (left: TrackingClassRegime, right: TrackingClassRegime) -> Bool {
    left.band == right.band && left.interval?.time == right.interval?.time
      && left.interval?.target == right.interval?.target && left.cost == right.cost
      && left.tradesPerTime == right.tradesPerTime && left.turnover == right.turnover
      && left.meanBetweenTrades == right.meanBetweenTrades && left.check == right.check && left.minGap == right.minGap
      && left.maxGap == right.maxGap
      && left.loss == right.loss
  }
}

/// A class at its own optimum.
public struct TrackingClassSolution: Sendable, Equatable {
  public let policyClass: TrackingClass
  /// In the order of the problem's regimes.
  public let regimes: [TrackingClassRegime]
}

/// All classes of one problem.
public struct TrackingClasses: Sendable, Equatable {
  public struct Omitted: Sendable, Equatable {
    public let policyClass: TrackingClass
    public let reason: ClassOmission
  }

  public let solved: [TrackingClassSolution]
  public let omitted: [Omitted]

  public subscript(policyClass: TrackingClass) -> TrackingClassSolution? {
    solved.first { $0.policyClass == policyClass }
  }
}
