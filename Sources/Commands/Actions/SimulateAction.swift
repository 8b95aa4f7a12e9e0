import Certification
import Control
import Formulation
import Interchange
import Simulation

/// `deadband simulate`: policies side by side on the same random paths. Nothing is certified and nothing is written.
struct SimulateAction {
  let parsed: ParsedCommand
  let console: Console

  private static let hour = 3600.0
  private static let optimal = CommandTable.optimal
  /// The solution takes about this share of the time.
  private static let solved = 0.5
  /// Rounding of a number of looks.
  private static let rounding = 1e-9

  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let model = try ModelLoading.meetingBudget(ModelLoading.load(parsed), parsed, console)
    let action = SimulateAction(parsed: parsed, console: console)
    let bar = ProgressBar("simulating \(model.name)", console: console, quiet: parsed.has(.quiet))
    let (draw, encoded) = try Interruption.guarding(console: console) { () throws(Failure) -> Shown in
      defer { bar.finish() }
      switch model.problem {
      case .optionBook(let problem): return try action.simulate(problem, grid: model.grid ?? GridSettings(), bar)
      case .tracking(let problem): return try action.simulate(problem, bar)
      }
    }
    if parsed.has(.json) {
      try console.output(json: encoded)
    } else {
      var screen = Screen(style: Style(isColoured: console.usesColour))
      draw(&screen)
      console.output(screen.text)
    }
    return .done
  }

  private typealias Shown = (draw: (inout Screen) -> Void, encoded: JSONValue)

  private var settings: CertificationSettings {
    var settings = CertificationSettings(seed: ModelLoading.seed(parsed), threads: ModelLoading.threads(parsed))
    if let paths = parsed.integer(.paths) { settings.paths = paths }
    return settings
  }

  // MARK: Option books

  private func simulate(
    _ problem: OptionBookProblem, grid: GridSettings, _ bar: ProgressBar
  ) throws(Failure) -> Shown {
    let settings = settings
    let asked = parsed.texts(.policy)
    let names = CommandTable.policies.filter { asked.isEmpty || asked.contains($0) }
    try refuse(asked, problem)
    let world = try WorldLoading.load(parsed, problem)
    let solution: FiniteHorizonSolution
    do {
      let method = FiniteHorizon(settings: grid, threads: settings.threads)
      solution = try method.solve(problem) { bar.advance(to: Self.solved * $0) }
    } catch { throw Failure("\(parsed.operands[0]): \(Explainer.message(error))", Failure.status(of: .control(error))) }
    var table = solution.policy
    let check = world?.check(problem) ?? Self.check(problem, settings)
    // Of reviews too many to be solved one by one the band is the continuous one, narrowed.
    if case .narrowed = solution.grid.timing.kind, let every = problem.execution.checkEvery,
      problem.costs.allSatisfy({ $0.fixed == 0 })
    {
      table = table.narrowed(forChecksEvery: every, in: problem)
    }
    var policies: [SimulatedPolicy] = []
    let foreign: WorldScreen?
    do throws(SimulationError) {
      let rollOut = try RollOut(
        problem: problem,
        settings: RollOutSettings(
          checkEvery: check, pathCount: settings.paths, seed: settings.seed, antithetic: true, detailed: true,
          threads: settings.threads), world: world?.world)
      foreign = world.map { WorldScreen($0, problem, rollOut) }
      for (index, name) in names.enumerated() {
        guard let policy = try policy(name, problem, table: table, grid: solution.grid, check: check) else { continue }
        let result = try rollOut.run(policy, keeping: [.profit])
        // Losses are positive in a tail.
        let tail = try Tail(losses: result.kept[0].map { -$0 }).conditionalValueAtRisk(SimulatedPolicy.tailLevel)
        let excess = name == Self.optimal ? nil : try rollOut.compare(policy, .table(table)).difference(.criterion)
        policies.append(SimulatedPolicy(name: name, result: result, excess: excess, tail: tail))
        bar.advance(to: Self.solved + (1 - Self.solved) * Double(index + 1) / Double(names.count))
      }
    } catch { throw Failure(Explainer.message(error), .failed) }
    let screen = SimulationScreen(
      problem: problem, policies: policies, check: check, seed: settings.seed, world: foreign)
    return ({ screen.draw(on: &$0) }, screen.encoded)
  }

  /// Seconds between looks: the model's own, or else as often as in the certificate, in equal parts of an hour, so that rules of
  /// the clock trade at looks. All policies meet the same paths.
  private static func check(_ problem: OptionBookProblem, _ settings: CertificationSettings) -> Double {
    if let every = problem.execution.checkEvery { return every }
    let longest = problem.horizon * problem.dayCount.secondsPerYear / Double(settings.checksPerPath)
    return hour / max(1, (hour / longest).rounded(.up))
  }

  /// Nil where the model knows no such policy and nobody asked for it by name.
  private func policy(
    _ name: String, _ problem: OptionBookProblem, table: PolicyTable, grid: FiniteHorizonGrid, check: Double
  ) throws(SimulationError) -> HedgingPolicy? {
    if let formula = Formula(rawValue: name) {
      // Exact on every path where the kernel knows the formula, else by a table of it.
      if formula == .whalleyWilmott { return formula.obstacle(to: problem) == nil ? .whalleyWilmott : nil }
      guard let rule = try? formula.rule(problem, grid: grid) else { return nil }
      guard let interval = rule.interval else { return .table(rule.table) }
      let looks = max(1, (interval * problem.dayCount.secondsPerYear / check).rounded())
      return .reviewed(rule.table, everySeconds: looks * check)
    }
    switch name {
    case "constantBand":
      let search = ConstantBandSearch(problem: problem, table: table, settings: settings, check: check)
      return try search.best.map { .constantBand($0) }
    case "hourly": return clockRule(Self.hour, name, check)
    case "daily": return clockRule(Figures.day, name, check)
    case "never": return .never
    case "frictionless": return .frictionless
    default: return .table(table)
    }
  }

  /// Formulas that were asked for by name must apply.
  private func refuse(_ asked: [String], _ problem: OptionBookProblem) throws(Failure) {
    for name in asked {
      guard let error = Formula(rawValue: name)?.obstacle(to: problem) else { continue }
      throw Failure("\(parsed.operands[0]): \(Explainer.message(error))", .usage)
    }
  }

  /// A rule of the clock, unless it trades between the looks that the model allows.
  private func clockRule(_ seconds: Double, _ name: String, _ check: Double) -> HedgingPolicy? {
    let looks = seconds / check
    let isWhole = looks.rounded() >= 1 && abs(looks - looks.rounded()) < Self.rounding * looks
    return isWhole || parsed.texts(.policy).contains(name) ? .interval(everySeconds: seconds, target: 0) : nil
  }

  // MARK: Tracking problems

  private func simulate(_ problem: TrackingProblem, _ bar: ProgressBar) throws(Failure) -> Shown {
    try WorldLoading.refuse(parsed)
    if let other = parsed.texts(.policy).first(where: { $0 != Self.optimal }) {
      throw Failure(
        Explainer.message(
          UsageError.notAChoice(
            what: "--policy", found: other, allowed: ["“\(Self.optimal)” for a tracking problem"], orInteger: nil,
            suggestion: nil)), .usage)
    }
    let settings = settings
    let certificate: Certificate
    do {
      certificate = try TrackingCertifier(problem: problem, settings: settings).run { bar.advance(to: $0) }
    } catch { throw Failure("\(parsed.operands[0]): \(Explainer.message(error))", Failure.status(of: error)) }
    guard case .tracking(let answer) = certificate.answer, let result = answer.rollOut, let step = answer.rollOutStep
    else { throw Failure(Explainer.message(SimulationError.criterion("discounted")), .refused) }
    let screen = TrackingSimulationScreen(name: problem.name, result: result, step: step, seed: settings.seed)
    return ({ screen.draw(on: &$0) }, screen.encoded)
  }
}
