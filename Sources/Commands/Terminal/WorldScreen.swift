import Formulation
import Interchange
import Simulation

/// What the screens say of a world that is not the model's.
struct WorldScreen {
  let file: WorldFile
  let problem: OptionBookProblem
  /// Mean growth of the price [1/year].
  let drift: Double

  init(_ file: WorldFile, _ problem: OptionBookProblem, _ rollOut: RollOut) {
    self.file = file
    self.problem = problem
    drift = rollOut.worldDrift ?? problem.market.rate
  }

  /// The day of an instant's text, `2024-01-01T…`.
  private func day(_ instant: Instant) -> String { String(instant.text.prefix { $0 != "T" }) }

  // MARK: For people

  func draw(on screen: inout Screen) {
    screen.section("Another world: \(file.name)")
    var table = TextTable("<", "<")
    for (name, value) in rows { table.add(name, value) }
    screen.add(table)
    screen.note(
      "The policies are those of the model, the prices are not: what is more than optimal here is measured where nobody knows "
        + "the optimum. Marks, costs and funding are those of the regime seen. \(rule)")
    if problem.preference.isExponential {
      screen.note(
        "The total counts against the model's frictionless value: it contains what the payoffs are worth more in this world."
      )
    }
    if case .bootstrap = file.world {
      screen.note(
        "The price moves at the history's own interval and stands still in between. Its variance rate is unknown: the risk is "
          + "half the risk aversion times the squared profits of the steps.")
    }
  }

  private var rows: [(String, String)] {
    func percent(_ variance: Double) -> String { Figures.percent(variance.squareRoot(), 1) }
    switch file.world {
    case .heston(let heston):
      return [
        ("prices", "Heston's stochastic volatility, quadratic-exponential steps (Andersen 2008)"),
        (
          "volatility",
          "\(percent(heston.initialVariance)) now, \(percent(heston.longRunVariance)) in the long run, reverting at "
            + "\(Figures.significant(heston.reversion, 3)) a year"
        ),
        ("volatility of variance", Figures.significant(heston.volatilityOfVariance, 3)),
        ("correlation", Figures.significant(heston.correlation, 3)),
        ("mean growth", Figures.percent(drift) + " a year"),
      ]
    case .bootstrap(let bootstrap):
      let history = file.history!
      let seconds = bootstrap.seconds(in: problem.dayCount)
      let length = Figures.significant(bootstrap.usedBlockLength, 3)
      return [
        ("prices", "stationary bootstrap (Politis and Romano 1994) of \(history.file), \(history.column)"),
        (
          "history",
          "\(history.returns) returns from \(day(history.from)) to \(day(history.to)), "
            + (history.isByTradingDay ? "by trading day" : "one every \(Figures.duration(seconds))")
            + (history.holes > 0 ? ", \(history.holes) over missing bars left out" : "")
        ),
        (
          "blocks",
          "\(length) returns in the mean"
            + (bootstrap.blockLength == nil ? ", chosen for the squared returns (Politis and White 2004)" : "")
        ),
        (
          "mean growth",
          Figures.percent(drift) + " a year" + (bootstrap.drift == nil ? ", the history's own" : ", set")
        ),
      ]
    }
  }

  /// How the regime is seen.
  private var rule: String {
    switch file.world {
    case .heston: return "The regime seen is the one whose variance is nearest the current variance."
    case .bootstrap(let bootstrap):
      return
        "The regime seen is the one whose variance is nearest a trailing mean of squared returns with a half-life of "
        + "\(Figures.significant(bootstrap.halfLife, 3)) returns."
    }
  }

  // MARK: For machines

  var encoded: JSONValue {
    var members = [
      JSONMember("name", .string(file.name)), JSONMember("sha256", .string(file.sha256)),
      JSONMember("drift", .number(drift)),
    ]
    switch file.world {
    case .heston(let heston):
      members += [
        JSONMember("kind", "heston"), JSONMember("regimeSeen", "nearestCurrentVariance"),
        JSONMember("initialVariance", .number(heston.initialVariance)),
        JSONMember("reversion", .number(heston.reversion)),
        JSONMember("longRunVariance", .number(heston.longRunVariance)),
        JSONMember("volatilityOfVariance", .number(heston.volatilityOfVariance)),
        JSONMember("correlation", .number(heston.correlation)),
      ]
    case .bootstrap(let bootstrap):
      members += [
        JSONMember("kind", "bootstrap"), JSONMember("regimeSeen", "nearestTrailingVariance"),
        JSONMember("halfLife", .number(bootstrap.halfLife)),
        JSONMember("blockLength", .number(bootstrap.usedBlockLength)),
        JSONMember("returns", .integer(bootstrap.returns.count)),
        JSONMember("interval", .number(bootstrap.seconds(in: problem.dayCount))),
      ]
    }
    return .object(members)
  }
}
