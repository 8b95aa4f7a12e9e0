import Certification
import Control
import Formulation
import Interchange
import Simulation

extension Explainer {
  // MARK: Work that could not be finished

  static func message(_ error: CertificationError) -> String {
    switch error {
    case .control(let error): message(error)
    case .stationary(let error): message(error)
    case .simulation(let error): message(error)
    }
  }

  static func message(_ error: ControlError, place: String? = nil) -> String {
    switch error {
    case .unsupported(let method, let feature):
      sentence(place, "the method \(quoted(method)) does not cover \(feature)")
    case .gridSetting(let name, let value, let allowed):
      sentence(place, "\(name) is \(number(value))", allowed: "allowed is \(allowed)")
    case .notFinite(let method, let part):
      sentence(place, "the method \(quoted(method)) met a number that is not finite in \(part)")
    }
  }

  static func message(
    _ error: RiskBudgetError, budget: RiskBudget, quote: String, place: String
  ) -> String {
    func amount(_ value: Double) -> String { "\(Figures.significant(value, 4)) \(quote)" }
    let asked = "preference.riskBudget.\(budget.measure.rawValue) is \(amount(budget.amount))"
    switch error {
    case .control(let error): return message(error, place: place)
    case .freeTrading:
      return sentence(place, asked, allowed: "trading is free, so that no risk need be run and no budget bounds it")
    case .needless(let unhedged):
      return sentence(
        place, asked,
        allowed: "the book left alone deviates by \(amount(unhedged)), within the budget: the answer is never to trade")
    case .belowMarkJumps(let jumps):
      return sentence(
        place, asked,
        allowed: "the jumps of the marks when regimes switch deviate by \(amount(jumps)) alone, which no hedge lessens")
    case .notReached(let reached):
      return sentence(
        place, asked,
        allowed:
          "no risk aversion was found to lead nearer to it than \(amount(reached)): what no policy reaches, or costs without being "
          + "held to, has no such risk aversion, and what is far smaller than the book's risk is lost in the grid's error"
      )
    }
  }

  static func message(
    _ error: TailBudgetError, budget: RiskBudget, quote: String, place: String
  ) -> String {
    func amount(_ value: Double) -> String { "\(Figures.significant(value, 4)) \(quote)" }
    let asked = "preference.riskBudget.\(budget.measure.rawValue).amount is \(amount(budget.amount))"
    switch error {
    case .control(let error): return message(error, place: place)
    case .simulation(let error): return sentence(place, message(error))
    case .freeTrading:
      return sentence(place, asked, allowed: "trading is free, so that no risk need be run and no budget bounds it")
    case .needless(let unhedged):
      return sentence(
        place, asked,
        allowed:
          "left alone, the book's worst outcomes lose \(amount(unhedged)), within the budget: the answer is never to trade"
      )
    case .notReached(let least):
      return sentence(
        place, asked,
        allowed: "no risk aversion leads to less than \(amount(least)): hedging more costs more than it saves")
    }
  }

  static func message(_ error: StationaryError) -> String {
    switch error {
    case .quadraticImpact(let regime):
      sentence(
        nil, "regime \(regime) has price impact", allowed: "the stationary solver takes fixed and proportional costs")
    case .freeTrading(let regime):
      sentence(
        nil, "trading is free in regime \(regime)", allowed: "the deviation is then kept at zero and there is no band")
    case .severalClosedClasses(let regimes):
      sentence(
        nil, "some regimes lead to several groups that are never left, \(regimes)",
        allowed: "a long-run average needs one such group")
    case .motionless(let regime, let deviation):
      sentence(
        nil, "regime \(regime): the volatility vanishes at \(number(deviation)), which would be held",
        allowed: "the deviation has to move throughout the band")
    case .setting(let name, let value, let allowed):
      sentence(nil, "\(name) is \(number(value))", allowed: "allowed is \(allowed)")
    case .singular: sentence(nil, "the equations of a policy are singular")
    case .elements(let found, let most):
      sentence(nil, "\(found) elements; at most \(most) are solved for a policy class")
    }
  }

  static func message(_ error: SimulationError) -> String {
    switch error {
    case .outOfRange(let setting, let value, let allowed):
      sentence(nil, "the simulation's \(setting) is \(number(value))", allowed: "allowed is \(allowed)")
    case .regimeCount(let found, let expected):
      sentence(nil, "the policy has \(found) regimes", allowed: "the problem has \(expected)")
    case .band(let regime, let time, let spot):
      sentence(
        nil, "the band of regime \(regime) at time \(time) and spot \(spot) of the table is out of order",
        allowed: "a finer grid may help")
    case .tableShape(let what): sentence(nil, "the policy table does not fit together: \(what)")
    case .intervalNotMultiple(let interval, let check):
      sentence(
        nil, "trading every \(Figures.duration(interval)) is no whole number of checks",
        allowed: "one looks every \(Figures.duration(check))")
    case .checkOffHistory(let check, let interval):
      sentence(
        nil,
        "the market is looked at every \(Figures.duration(check)), the history has a price every "
          + Figures.duration(interval),
        allowed: "looks must be whole multiples of the history's interval; set execution.checkEvery")
    case .misalignedShard(let first, let block):
      sentence(nil, "a share of the paths begins at \(first)", allowed: "shares begin at multiples of \(block)")
    case .shardGap(let expected, let found):
      sentence(nil, "a share of the paths begins at \(found)", allowed: "the one before ends at \(expected)")
    case .shardShape(let found, let expected):
      sentence(nil, "a share of the paths has \(found) numbers", allowed: "\(expected) belong to it")
    case .tooFewSamples(let found, let needed):
      sentence(nil, "\(found) samples were drawn", allowed: "at least \(needed) are needed")
    case .criterion(let criterion):
      sentence(nil, "the simulation does not estimate the criterion \(quoted(criterion))")
    }
  }

  /// Why a tracking problem is not simulated.
  static let timeScalesApart = "the fastest and the slowest times lie too far apart for the roll-out's budget"

  static func message(_ error: ResultRunError) -> String {
    switch error {
    case .files(let error): message(error)
    case .parameters(.refused): "the certificate did not pass"
    case .parameters(.spotOutsideGrid(let spot, let lowest, let highest)):
      sentence(
        nil, "outputs.spots asks for \(number(spot))",
        allowed: reach(from: lowest, to: highest))
    case .parameters(.otherProblem): "the certificate is of another problem than the model"
    }
  }

  /// What spots the grid knows, for those who asked for others.
  static func reach(from lowest: Double, to highest: Double) -> String {
    "the grid reaches from \(Figures.significant(lowest, 5)) to \(Figures.significant(highest, 5)); "
      + "grid.deviations widens it"
  }

  // MARK: Checks

  /// What a check asks, for the certificate on the screen.
  static func question(_ kind: Check.Kind) -> String {
    switch kind {
    case .valueError: "error of the value, from two grids"
    case .priceError: "error of the prices, from two grids"
    case .bandError: "error of the band, from two grids"
    case .observedOrder: "order of convergence seen (at least)"
    case .equationResidual: "residual of the equation"
    case .obstacleViolation: "trading now never better"
    case .tradingViolation: "waiting never better outside the band"
    case .rollOut: "independent simulation less value"
    case .belowBound: "bound from below less value"
    case .boundGap: "what a better policy might save"
    case .edgesOrdered: "edges and targets in order"
    case .monotoneInCosts: "value grows with costs"
    case .closedForm: "distance from the closed form"
    case .classBelowOptimum: "no policy class below the optimum"
    case .classError: "error of a policy class's cost"
    case .classRollOut: "a class simulated, less its cost"
    case .emittedValue: "stated value less the one found again"
    case .emittedBand: "stated band less the table's"
    case .emittedDecision: "stated decisions the table does not make"
    case .misstatement: "places of its files that are not found again"
    case .formulaBelowOptimum: "the formula simulated below the optimum"
    }
  }

  /// Why there is no bound from below.
  static func reason(_ obstacle: LowerBound.Obstacle) -> String {
    switch obstacle {
    case .exponentialUtility: "it is made for quadratic risk only"
    case .priceJumps: "it is made without jumps of the price only"
    case .nothingToTradeOff: "there is nothing to hedge, or trading is free"
    case .generalTrades: "it is made where a trade costs a fixed amount and a proportion of it and is made at once"
    }
  }

  /// Why what a better policy might save is told and not asked.
  static func reason(_ gap: GapNotAsked) -> String {
    switch gap {
    case .fewReviews: "between reviews so far apart the bound itself leaves more open"
    case .reviewedExpiries: "with expiries between reviews the bound itself leaves more open"
    case .coarseLots: "the bound is one for trades of any size, and the lots are coarse"
    }
  }

  /// Why a policy class has no numbers.
  static func reason(_ omission: ClassOmission, regimes: [String]) -> String {
    switch omission {
    case .fixedCost(let e): "reflecting at an edge would pay the fixed cost of “\(regimes[e])” without end"
    case .neverTrading: "never trading costs less than trading at any interval"
    case .tooLarge: "with jumps, reversion or switching like these its equations are too many"
    case .notRequested: "left out on request"
    case .endlessClock: "however long one waits, it costs less than 1 % more"
    case .manyRegimes(let most): "this is solved for up to \(most) regimes like these"
    case .notConverged: "its best parameters were not found"
    case .inaccurate: "its cost is not known to one part in a million"
    }
  }

  static func reason(_ omission: BookClassOmission, regimes: [String]) -> String {
    switch omission {
    case .fixedCost(let e): "reflecting at an edge would pay the fixed cost of “\(regimes[e])” without end"
    case .fixedCostInSomeRegimes: "some regimes have a fixed cost and others have none"
    case .sameAsEdge: "without a fixed cost the best inner target is the edge"
    case .noProportionalCost(let e): "its formula asks for a proportional cost, “\(regimes[e])” has none"
    case .freeTrading: "trading costs nothing"
    case .costless: "the optimum costs nothing"
    case .noGamma: "the book has no gamma today"
    case .coarseLots: "lots that are not small against the band are evaluated where the market is reviewed only"
    case .periodicReview: "the market is looked at at its reviews and at no other time"
    case .tooFrequent: "its clock would ring too often to be evaluated"
    case .notConverged: "its best parameters were not found"
    case .notRequested: "left out on request"
    case .inaccurate: "its loss is not known to 5 % of the optimum, nor to a fifth of itself"
    }
  }
}
