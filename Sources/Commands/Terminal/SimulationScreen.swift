import Formulation
import Interchange
import Simulation

/// Policies side by side: what they cost against the optimum, the law of their profit, what they paid and traded.
struct SimulationScreen {
  let problem: OptionBookProblem
  let policies: [SimulatedPolicy]
  /// Policy classes that the model has none of, by reason.
  let omissions: [(classes: [String], reason: String)]
  let settings: RollOutSettings
  /// Where prices come from; nil: from the model.
  var world: WorldScreen?
  /// Files that were written.
  var files: [String] = []

  /// Seconds between looks at the market.
  var check: Double { settings.checkEvery }
  var seed: UInt64 { settings.seed }
  var quote: String { problem.market.quote }
  var paths: Int { policies.first?.result.pathCount ?? 0 }
  private var isExponential: Bool { problem.preference.isExponential }

  private func text(_ estimate: Simulation.Estimate) -> String {
    Figures.measured(estimate.mean, estimate.standardError)
  }

  /// The cheapest first; equal ones in the order asked.
  private var ranked: [SimulatedPolicy] {
    func total(_ policy: SimulatedPolicy) -> Double { policy.result[.criterion].mean }
    return policies.enumerated().sorted {
      (total($0.element), $0.offset) < (total($1.element), $1.offset)
    }.map(\.element)
  }

  /// Whether something expires before the horizon, at which policies without a clock of their own decide as well.
  private var looksAtExpiries: Bool {
    settings.looksAtExpiries && problem.book.expiries.contains { $0 < problem.horizon }
  }

  func draw(on screen: inout Screen) {
    screen.title(
      "DEADBAND  \(problem.name)",
      "\(Figures.decimals(Double(paths), 0)) paths from "
        + "\(problem.environment.regimes[problem.market.currentRegime].name), seed \(seed), "
        + "looking every \(Figures.duration(check))" + (looksAtExpiries ? " and at expiries" : ""))
    world?.draw(on: &screen)
    drawCriterion(on: &screen)
    drawProfit(on: &screen)
    drawCosts(on: &screen)
    drawActivity(on: &screen)
    drawRules(on: &screen)
    if !files.isEmpty {
      screen.line("")
      screen.line("Written: \(files.joined(separator: ", "))")
    }
  }

  // MARK: What is minimised

  private func drawCriterion(on screen: inout Screen) {
    screen.section(
      isExponential
        ? "Certainty equivalents, the cheapest first  in \(quote) of today, ± standard error"
        : "What is minimised, the cheapest first  in \(quote), ± standard error")
    var table =
      isExponential
      ? TextTable("<policy", "entropic risk", "more than optimal", "", "z", "<")
      : TextTable(
        "<policy", "total", "trading", "risk", hasCarry ? "carry" : "", "more than optimal", "", "z", "<")
    for policy in ranked {
      let total = policy.result[.criterion]
      var cells = [policy.name]
      if isExponential {
        cells.append(text(total.adding(-frictionlessValue)))
      } else {
        cells += [
          text(total), plain(policy.costs), plain(policy.result[.gammaRisk]),
          hasCarry ? plain(policy.result[.carry]) : "",
        ]
      }
      cells += [
        policy.excess.map(text) ?? "",
        policy.excess.map { Figures.signedPercent($0.mean / (total.mean - $0.mean), 1) } ?? "",
        policy.significance.map { policy.excess!.standardError.isFinite ? Self.score($0.z) : "–" } ?? "",
        policy.significance?.isSignificant == true ? Self.mark : "",
      ]
      table.add(cells, strong: policy.excess == nil)
    }
    screen.add(table)
    noteSignificance(on: &screen)
    if isExponential { noteWorth(on: &screen) }
  }

  /// Whether holding earns or costs something, which is then a part of the total.
  private var hasCarry: Bool { ranked.contains { $0.result[.carry].mean != 0 } }

  /// To a tenth, and beyond a hundred to the unit.
  private static func score(_ z: Double) -> String { Figures.decimals(z, abs(z) < 100 ? 1 : 0) }

  /// Stands beside a difference that is real.
  static let mark = "*"

  /// To the digits that the standard error bears, without it.
  private func plain(_ estimate: Simulation.Estimate) -> String { Figures.plain(estimate.mean, estimate.standardError) }

  private func noteSignificance(on screen: inout Screen) {
    let compared = policies.filter { $0.significance != nil }
    if compared.isEmpty { return }
    screen.note(
      "\(Self.mark) differs from optimal on the same paths by more than chance: two-sided, "
        + "\(Figures.percent(Significance.level, 0)) for all \(compared.count) comparisons together (Holm's correction). z: the "
        + "difference in its standard errors.")
    if settings.sequence != .pseudorandom {
      let count = settings.sampleCount
      screen.note(
        "The coarse course of prices is from Sobol's points: standard errors are those of \(count) independent scramblings, and z is "
          + "judged by Student's law with \(count - 1) degrees of freedom.")
    }
    let unsure = compared.filter { $0.significance?.isSignificant == false }.map(\.name)
    if !unsure.isEmpty { screen.note("Not told apart from optimal: " + unsure.joined(separator: ", ") + ".") }
    let cheaper = compared.filter { $0.significance?.isSignificant == true && $0.excess!.mean < 0 }.map(\.name)
    if !cheaper.isEmpty {
      screen.note(
        (world == nil
          ? "Cheaper than the table that should be best: " : "In this world cheaper than the model's optimum: ")
          + cheaper.joined(separator: ", ") + ".")
    }
  }

  private func noteWorth(on screen: inout Screen) {
    screen.note(
      "Entropic risk: (1/γ) ln E e^(−γ·P&L) of the book and its hedge, what one must be paid to be as well off as without. "
        + "Without costs it is \(Figures.significant(-frictionlessValue, 6)) \(quote), minus the book at the regimes' own "
        + "volatility; the rest is lost to costs, and the share is of that.")
    for policy in policies {
      switch policy.result.doubt {
      case .overflow:
        screen.note("\(policy.name): some paths lose so much that the exponential of the loss is beyond a number.")
      case .fewPathsDecide:
        screen.note("\(policy.name): a few paths decide the total, which therefore has no standard error.")
      case nil: break
      }
    }
  }

  /// The book at the valuation, marked at the volatility of its regime.
  var frictionlessValue: Double {
    problem.book.marked(at: problem.environment.regimes.map(\.volatility)).greeks(
      time: 0, spot: problem.market.spot, regime: problem.market.currentRegime
    ).value
  }

  // MARK: The law of the profit

  private func drawProfit(on screen: inout Screen) {
    screen.section("Profit and loss to the horizon  in \(quote), ± standard error")
    var profit = TextTable("<policy", "mean", "standard deviation", "skew")
    var tail = TextTable("<policy", "CVaR 95 % of the loss", "CVaR 99 %", "worst drawdown")
    for policy in ranked {
      func cell(_ statistic: ProfitStatistic) -> String {
        let mark = policy.significances[statistic].map { $0.isSignificant ? Self.mark : " " } ?? " "
        return text(policy.statistics[statistic]!) + mark
      }
      profit.add(policy.name, cell(.profit), cell(.profitDeviation), cell(.profitSkewness))
      tail.add(
        policy.name, cell(.conditionalValueAtRisk95), cell(.conditionalValueAtRisk99), cell(.worstDrawdown))
    }
    screen.add(splitting: profit)
    screen.line("")
    screen.add(splitting: tail)
    let earned = policies.first?.result[.gammaThetaProfit]
    screen.note(
      "Profit is that of the marked book and its hedge. "
        + (earned.map { "Gamma and theta earn \(text($0)) of it, whoever hedges. " } ?? "")
        + "Worst drawdown: the mean over paths of the furthest fall from an earlier high. Marks as above, each column by itself."
    )
  }

  // MARK: Costs and activity

  private func drawCosts(on screen: inout Screen) {
    let parts: [(head: String, column: RollOutColumn)] = [
      ("gas and tickets", .gasCosts), ("fees and spread", .fees), ("impact", .impactCosts),
      ("failed attempts", .failureCosts), ("settlement", .settlementCost), ("funding", .fundingPaid),
    ].filter { part in policies.contains { $0.result[part.column].mean != 0 } }
    if parts.isEmpty { return }
    screen.section("Costs  in \(quote), ± standard error")
    var table = TextTable([.init(head: "policy", alignment: .left)] + parts.map { .init(head: $0.head) })
    for policy in ranked { table.add([policy.name] + parts.map { text(policy.result[$0.column]) }) }
    screen.add(splitting: table)
  }

  private func drawActivity(on screen: inout Screen) {
    screen.section("Activity  ± standard error")
    var table = TextTable(
      "<policy", "trades", "turnover \(problem.market.underlying)", "turnover \(quote)", "outside its band")
    for policy in ranked {
      table.add(
        policy.name, text(policy.result[.tradeCount]), text(policy.result[.turnoverUnits]),
        text(policy.result[.turnoverNotional]), outside(policy))
    }
    screen.add(splitting: table)
    var words = "Outside its band: share of the time to the horizon, by the trapezoidal rule between looks."
    if problem.environment.count > 1 {
      words +=
        " Regimes move the realised volatility under the marks' implied one. The total leaves out the jumps of marks, which no "
        + "policy changes."
    }
    screen.note(words)
  }

  private func outside(_ policy: SimulatedPolicy) -> String {
    guard policy.hasBand else { return "–" }
    let share = policy.timeOutside(problem)
    return "\(Figures.decimals(100 * share.mean, 2)) ± \(Figures.decimals(100 * share.standardError, 2)) %"
  }

  private func drawRules(on screen: inout Screen) {
    screen.section("What they do")
    var table = TextTable("<", "<")
    for policy in ranked { table.add(policy.name, policy.rule) }
    screen.add(table)
    for omission in omissions {
      screen.note("Without \(omission.classes.joined(separator: ", ")): \(omission.reason).")
    }
  }
}

extension SimulatedPolicy {
  /// The share of the time to the horizon that net delta spends outside the policy's own band.
  func timeOutside(_ problem: OptionBookProblem) -> Simulation.Estimate {
    result[.timeOutside].scaled(by: 1 / problem.horizon)
  }
}
