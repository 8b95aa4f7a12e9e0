import Control
import Formulation
import Glibc

/// The kind `optionBook`.
extension ModelDecoder {
  mutating func optionBook(name: String, _ object: inout StrictObject) throws(ModelFileError) -> Decoded {
    let valuation = try object.required("valuation").instant()
    let dayCount: DayCount = try object.optional("dayCount")?.choice() ?? .calendar365
    let (market, calibration, factors) = try market(try object.required("market"), valuation: valuation)
    // Lists have one entry per regime as written; what multiplies the regimes is no business of theirs.
    let written = market.environment.count / factors.reduce(1) { $0 * $1.states.count }
    let positions = try book(
      try object.required("book"), underlying: market.underlying, regimes: written
    ).map { $0.repeated(over: factors) }
    let costs = EnvironmentFactor.costs(
      try costs(
        try object.required("costs"), regimes: written, base: .notional,
        volatilities: (0..<written).map {
          market.environment.regimes[$0 * (market.environment.count / written)].volatility
        }), under: factors)
    let execution = try execution(object.optional("execution"))
    let (preference, budget) = try preference(try object.required("preference"))
    if budget != nil, execution.turnoverBudget != nil {
      _ = try validated { () throws(FormulationError) -> Execution in
        throw .unsupported(field: "execution.turnoverBudget", what: "a turnover budget beside a risk budget")
      }
    }
    let settlement: Settlement = try object.optional("settlement")?.choice() ?? .cash
    let inventory = try object.optional("inventory")?.number() ?? 0
    let horizon = try object.optional("horizon")?.instant()
    let convention: DeltaConvention = try object.optional("deltaConvention")?.choice() ?? .blackScholes
    let spots = try outputSpots(object.optional("outputs"))
    let grid = try grid(object.optional("grid"))
    try object.finish()
    let problem = try validated { () throws(FormulationError) in
      try OptionBookProblem(
        name: name, valuation: valuation, dayCount: dayCount, market: market, positions: positions, costs: costs,
        execution: execution, preference: preference, settlement: settlement, inventory: inventory,
        convention: convention, horizon: horizon)
    }
    try check(grid, spots, for: problem)
    return Decoded(
      problem: .optionBook(problem), grid: grid, outputSpots: spots, market: calibration, riskBudget: budget)
  }

  /// Refuses, before any work, a grid that the solver would not take and spots that its grid would not reach.
  ///
  /// A grid that is chosen by the solver and asked for no further spots needs no check.
  private func check(
    _ settings: GridSettings, _ spots: [Double], for problem: OptionBookProblem
  ) throws(ModelFileError) {
    guard settings != GridSettings() || !spots.isEmpty else { return }
    let grid: FiniteHorizonGrid
    do { grid = try FiniteHorizonGrid(problem: problem, settings: settings) } catch {
      let field = if case .gridSetting(let name, _, _) = error { name } else { "grid" }
      throw .grid(position: position(at: ModelPath.components(of: field)), error: error)
    }
    let (lowest, highest) = (grid.logSpots[0], grid.logSpots[grid.logSpots.count - 1])
    for (index, spot) in spots.enumerated() where !(lowest...highest).contains(log(spot)) {
      let path = "outputs.spots[\(index)]"
      throw .spotOutsideGrid(
        position: position(at: ModelPath.components(of: path)), path: path, spot: spot, lowest: exp(lowest),
        highest: exp(highest))
    }
  }

  private func execution(_ value: StrictValue?) throws(ModelFileError) -> Execution {
    guard var object = try value?.object() else { return Execution() }
    let every = try object.optional("checkEvery")?.seconds(in: .positive)
    let delay = try object.optional("delay")?.seconds() ?? 0
    let failure = try object.optional("failure")?.fraction(in: .fraction) ?? 0
    let lot = try object.optional("lot")?.number() ?? 0
    let maximum = try object.optional("maximumTrade")?.number(in: .positive)
    let budget = try turnoverBudget(object.optional("turnoverBudget"))
    try object.finish()
    return Execution(
      checkEvery: every, lot: lot, maximumTrade: maximum, failure: failure, delay: delay, turnoverBudget: budget)
  }

  private func turnoverBudget(_ value: StrictValue?) throws(ModelFileError) -> TurnoverBudget? {
    guard var object = try value?.object() else { return nil }
    let (key, content) = try object.single(of: ["unitsPerYear", "notionalPerYear"])
    let cap = try content.number(in: .positive)
    return key == "unitsPerYear" ? .units(cap) : .notional(cap)
  }

  /// A risk budget comes with quadratic risk at the risk aversion where the search for it begins.
  private func preference(_ value: StrictValue) throws(ModelFileError) -> (Preference, RiskBudget?) {
    var object = try value.object()
    let (key, content) = try object.single(of: ["quadratic", "exponential", "riskBudget"])
    var terms = try content.object()
    if key == "riskBudget" {
      let (kind, cap) = try terms.single(of: RiskBudget.Measure.allCases.map(\.rawValue))
      let measure = RiskBudget.Measure(rawValue: kind)!
      let (amount, level) = try self.cap(cap, of: measure)
      let budget = try validated { () throws(FormulationError) in try RiskBudget(measure, amount, level: level) }
      return (.quadratic(riskAversion: budget.startingAversion), budget)
    }
    let riskAversion = try terms.required("riskAversion").number()
    try terms.finish()
    let isQuadratic = key == "quadratic"
    return (isQuadratic ? .quadratic(riskAversion: riskAversion) : .exponential(riskAversion: riskAversion), nil)
  }

  /// An amount; of a tail `{ level, amount }`.
  private func cap(_ value: StrictValue, of measure: RiskBudget.Measure) throws(ModelFileError) -> (Double, Double) {
    guard measure == .conditionalValueAtRisk else { return (try value.number(), RiskBudget.standardLevel) }
    var terms = try value.object()
    let amount = try terms.required("amount").number()
    let level = try terms.optional("level")?.number() ?? RiskBudget.standardLevel
    try terms.finish()
    return (amount, level)
  }

  private func outputSpots(_ value: StrictValue?) throws(ModelFileError) -> [Double] {
    guard var object = try value?.object() else { return [] }
    let spots = try object.optional("spots")?.numbers(in: .positive) ?? []
    try object.finish()
    return spots
  }

  private func grid(_ value: StrictValue?) throws(ModelFileError) -> GridSettings {
    guard var object = try value?.object() else { return GridSettings() }
    // What the solver allows is its own to say, in `check`.
    let counts = Int(Int32.min)...Int(Int32.max)
    var settings = GridSettings()
    settings.spots = try object.optional("spots")?.integer(in: counts)
    settings.holdings = try object.optional("holdings")?.integer(in: counts)
    settings.steps = try object.optional("steps")?.integer(in: counts)
    if let deviations = try object.optional("deviations")?.number(in: .positive) { settings.deviations = deviations }
    try object.finish()
    return settings
  }
}
