import Formulation

/// The ways in which production rebalancers decide about an option book (control.md §7).
public enum BookClass: String, Sendable, CaseIterable {
  /// The unconstrained optimum.
  case optimal
  /// Breach → trade to the edge.
  case edge
  /// Breach → trade to the centre.
  case recentre
  /// Breach → trade to an inner target.
  case inner
  /// One half-width in net delta per regime, whatever time and price are.
  case constantBand
  /// Half-width `c (k S Γ²/a)^{1/3}`.
  case gammaScaled
  /// Trade to a target every h, blind in between.
  case interval
  /// Trade when the price has moved by x since net delta was at its target.
  case priceMove
  /// A band, and a trade to its targets at every multiple of a maximum gap.
  case hybridAny
  /// A band that is looked at only at multiples of a minimum gap.
  case hybridAll
}

/// Why a class of a book has no numbers, as facts; the sentences are in Commands.
public enum BookClassOmission: Sendable, Equatable {
  /// Reflection at an edge would pay the fixed cost of this regime without end.
  case fixedCost(regime: Int)
  /// Some regimes have a fixed cost and others have none: edges that reflect and edges that do not are not mixed.
  case fixedCostInSomeRegimes
  /// Without a fixed cost the best inner target is the edge.
  case sameAsEdge
  /// The formula asks for a proportional cost in every regime.
  case noProportionalCost(regime: Int)
  /// Trading costs nothing.
  case freeTrading
  /// There is nothing to hedge: the optimum costs nothing.
  case costless
  /// The book has no gamma today: a move of the price moves no delta.
  case noGamma
  /// Lots that are not small against the band, in a market that is watched without pause.
  case coarseLots
  /// The market is looked at at its reviews and at no other time.
  case periodicReview
  /// The best clock rings more often than the search covers.
  case tooFrequent
  /// The best parameters were not found.
  case notConverged
  /// It was not asked for.
  case notRequested
  /// The loss is less certain than `BookClassSearch.tolerance` of the optimum and `lossTolerance` of itself.
  case inaccurate
}

/// What a class optimises, one number per regime.
public struct BookClassParameter: Sendable, Equatable {
  /// How the number is called in files.
  public let name: String
  public let value: Double
}

/// One regime under a class's best policy, from today's spot and the problem's inventory.
public struct BookClassRegime: Sendable, Equatable {
  /// Today's band in net delta [units]; nil for a class without one.
  public var band: Band?
  /// The net delta to which a class without a band trades [units].
  public var target: Double?
  /// The time between blind trades, the least time between looks, the greatest between trades [years].
  public var fixed: Double?
  public var minGap: Double?
  public var maxGap: Double?
  public var parameters: [BookClassParameter] = []
  /// J minus the optimum's J [quote].
  public var excess = Approximation(value: 0, error: 0)
  /// J without the jumps of marks [quote], on the finer grid.
  public var total = 0.0
  /// Risk and carry, the jumps of marks left out [quote].
  public var risk: Double?
  /// Expected trades and notional traded until the horizon.
  public var trades: Double?
  public var turnover: Double?
  /// From the targets to the next trade or the horizon [years].
  public var meanBetweenTrades: Double?
}

/// A class at its own optimum.
public struct BookClassSolution: Sendable {
  public let bookClass: BookClass
  /// In the order of the problem's regimes.
  public let regimes: [BookClassRegime]
  /// What the bands are drawn from; nil for a class without bands.
  let bands: (rule: BandRule, nodes: EvaluationNodes)?

  /// The bands as a table on the finer grid, for whoever wants to roll them out, with the gaps of `regimes` where the class has a
  /// clock; nil for a class without bands. It is drawn at every call: few are ever rolled out.
  public var table: PolicyTable? { bands.map { $0.rule.table(on: $0.nodes) } }
}

/// All classes of one book.
public struct BookClasses: Sendable {
  public struct Omitted: Sendable, Equatable {
    public let bookClass: BookClass
    public let reason: BookClassOmission
  }

  public let solved: [BookClassSolution]
  public let omitted: [Omitted]
  /// By how much the optimum's table costs more than the solver's value says, per regime [quote]: what is known of the loss
  /// that all classes share.
  public let baseline: [Approximation]

  /// What is not known of every class's loss from a regime [quote].
  public func sharedError(regime e: Int) -> Double { baseline.isEmpty ? 0 : abs(baseline[e].value) + baseline[e].error }

  public subscript(bookClass: BookClass) -> BookClassSolution? { solved.first { $0.bookClass == bookClass } }
}
