import Certification
import Control
import Formulation
import Interchange
import Simulation

/// `deadband simulate`: policies side by side on the same random paths. Nothing is certified and nothing is written.
enum SimulateAction {
  private static let standardPaths = 16_384
  /// Checks of the band along a path, as in the certificate.
  private static let checksPerPath = CertificationSettings().checksPerPath
  private static let intervals = ["hourly": 3600.0, "daily": Figures.day]

  /// The columns that are shown, in order.
  private static let columns: [(name: String, column: RollOutColumn)] = [
    ("criterion", .criterion), ("gammaRisk", .gammaRisk), ("fixedCosts", .fixedCosts),
    ("variableCosts", .variableCosts), ("settlementCost", .settlementCost), ("trades", .tradeCount),
    ("turnover", .turnoverUnits), ("profit", .profit), ("gammaThetaProfit", .gammaThetaProfit),
    ("hedgingProfit", .hedgingProfit),
  ]

  private struct Row {
    let name: String
    let result: RollOutResult
    let tail: Simulation.Estimate?
  }

  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let model = try ModelLoading.load(parsed)
    guard case .optionBook(let problem) = model.problem else {
      throw Failure(
        "\(parsed.operands[0]): simulate rolls out option books; the roll-out of a \(model.problem.kind) problem is part of "
          + "its certificate, see solve", .refused)
    }
    let names = parsed.texts(.policy).isEmpty ? CommandTable.policies : parsed.texts(.policy)
    let bar = ProgressBar("simulating \(model.name)", console: console, quiet: parsed.has(.quiet))
    var rows: [Row] = []
    do {
      defer { bar.finish() }
      rows = try Interruption.guarding(console: console) { () throws(Failure) -> [Row] in
        try rollOut(problem, model: model, names: names, parsed, bar)
      }
    }
    if parsed.has(.json) {
      try console.output(json: encoded(rows, problem: problem))
    } else {
      console.output(screen(rows, problem: problem, console))
    }
    return .done
  }

  private static func rollOut(
    _ problem: OptionBookProblem, model: ModelFile, names: [String], _ parsed: ParsedCommand, _ bar: ProgressBar
  ) throws(Failure) -> [Row] {
    var rows: [Row] = []
    var table: PolicyTable?
    let horizon = problem.horizon * problem.dayCount.secondsPerYear
    for (index, name) in names.enumerated() {
      let policy: HedgingPolicy
      var check = horizon / Double(checksPerPath)
      switch name {
      case "optimal":
        if table == nil {
          do {
            let method = FiniteHorizon(settings: model.grid ?? GridSettings(), threads: ModelLoading.threads(parsed))
            table = try method.solve(problem) { bar.advance(to: 0.3 * $0) }.policy
          } catch { throw Failure(Explainer.message(error), .failed) }
        }
        policy = .table(table!)
      case "never": policy = .never
      case "frictionless": policy = .frictionless
      default:
        let every = intervals[name]!
        policy = .interval(everySeconds: every, target: 0)
        check = every / max(1, (every / check).rounded(.up))
      }
      do {
        let rollOut = try RollOut(
          problem: problem,
          settings: RollOutSettings(
            checkEvery: check, pathCount: parsed.integer(.paths) ?? standardPaths, seed: ModelLoading.seed(parsed),
            detailed: true, threads: ModelLoading.threads(parsed)))
        let result = try rollOut.run(policy, keeping: [.profit])
        // Losses are positive in a tail.
        let tail = try Tail(losses: result.kept[0].map { -$0 }).conditionalValueAtRisk(0.95)
        rows.append(Row(name: name, result: result, tail: tail))
      } catch { throw Failure(Explainer.message(error), .failed) }
      bar.advance(to: 0.3 + 0.7 * Double(index + 1) / Double(names.count))
    }
    return rows
  }

  private static func encoded(_ rows: [Row], problem: OptionBookProblem) -> JSONValue {
    func estimate(_ value: Simulation.Estimate) -> JSONValue {
      ["mean": .number(value.mean), "standardError": .number(value.standardError)]
    }
    return .array(
      rows.map { row in
        var members = [JSONMember("policy", .string(row.name)), JSONMember("paths", .integer(row.result.pathCount))]
        members += columns.map { JSONMember($0.name, estimate(row.result[$0.column])) }
        members.append(
          JSONMember("profitDeviation", .number(row.result.distribution(.profit).standardDeviation)))
        if let tail = row.tail { members.append(JSONMember("conditionalValueAtRisk95", estimate(tail))) }
        return .object(members)
      })
  }

  private static func screen(_ rows: [Row], problem: OptionBookProblem, _ console: Console) -> String {
    let quote = problem.market.quote
    var screen = Screen(style: Style(isColoured: console.usesColour))
    screen.title(
      "\(problem.name)  \(rows.first?.result.pathCount ?? 0) paths",
      "from \(problem.environment.regimes[problem.market.currentRegime].name), in \(quote)")
    func figure(_ row: Row, _ column: RollOutColumn) -> String {
      let value = row.result[column]
      return Figures.measured(value.mean, value.standardError)
    }
    screen.section("What is minimised  mean ± standard error")
    var criterion = TextTable("<policy", "total", "risk", "fixed", "proportional", "settlement")
    for row in rows {
      criterion.add(
        row.name, figure(row, .criterion), figure(row, .gammaRisk), figure(row, .fixedCosts),
        figure(row, .variableCosts), figure(row, .settlementCost))
    }
    screen.add(criterion)
    screen.section("Profit and loss  mean ± standard error")
    var profit = TextTable("<policy", "profit", "gamma and theta", "hedge", "deviation", "CVaR 95 % of the loss")
    for row in rows {
      profit.add(
        row.name, figure(row, .profit), figure(row, .gammaThetaProfit), figure(row, .hedgingProfit),
        Figures.significant(row.result.distribution(.profit).standardDeviation, 4),
        row.tail.map { Figures.measured($0.mean, $0.standardError) } ?? "–")
    }
    screen.add(profit)
    screen.section("Activity  mean ± standard error")
    var activity = TextTable("<policy", "trades", "turnover \(problem.market.underlying)", "turnover \(quote)")
    for row in rows {
      activity.add(row.name, figure(row, .tradeCount), figure(row, .turnoverUnits), figure(row, .turnoverNotional))
    }
    screen.add(activity)
    screen.note(
      "Regimes move the realised volatility under the marks' implied one; profit is that of the marked book. The total leaves "
        + "out the jumps of marks, which no policy changes.")
    return screen.text
  }
}
