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
  /// Shares of the time that the solution, and with it the search for classes, takes.
  private static let solved = 0.25
  private static let classed = 0.5

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
    var asked: [PolicyRequest] = []
    do {
      for text in parsed.texts(.policy) { asked.append(try PolicyRequest(text)) }
    } catch { throw Failure(Explainer.message(error), .usage) }
    let world = try WorldLoading.load(parsed, problem)
    let check = world?.check(problem) ?? Self.check(problem, settings)
    let shelf = try shelf(problem, grid: grid, asked: asked, check: check, bar)
    let policies = try shelf.policies(asked)
    var table: PolicyComparison
    let foreign: WorldScreen?
    do throws(SimulationError) {
      let rollOut = try RollOut(
        problem: problem,
        settings: RollOutSettings(
          checkEvery: check, pathCount: settings.paths, seed: settings.seed, antithetic: true, detailed: true,
          threads: settings.threads), world: world?.world)
      foreign = world.map { WorldScreen($0, problem, rollOut) }
      table = try PolicyComparison(rollOut, reference: .table(shelf.optimum))
      for (index, policy) in policies.enumerated() {
        try table.add(policy)
        bar.advance(to: Self.classed + (1 - Self.classed) * Double(index + 1) / Double(policies.count))
      }
    } catch { throw Failure(Explainer.message(error), .failed) }
    let screen = SimulationScreen(
      problem: problem, policies: table.policies, omissions: asked.isEmpty ? shelf.omissions : [], check: check,
      seed: settings.seed, world: foreign)
    return ({ screen.draw(on: &$0) }, screen.encoded)
  }

  /// Solves the problem, and finds the classes that somebody may want.
  private func shelf(
    _ problem: OptionBookProblem, grid: GridSettings, asked: [PolicyRequest], check: Double, _ bar: ProgressBar
  ) throws(Failure) -> PolicyShelf {
    let wanted = Set(
      BookClass.allCases.filter { $0 != .optimal && (asked.isEmpty || asked.contains(.named($0.rawValue))) })
    let threads = settings.threads
    do {
      func solve(_ settings: GridSettings, upTo share: Double?) throws(ControlError) -> FiniteHorizonSolution {
        try FiniteHorizon(settings: settings, threads: threads).solve(problem) { done in
          if let share { bar.advance(to: share * done) }
        }
      }
      let solution = try solve(grid, upTo: Self.solved)
      var optimum = solution.policy
      // Of reviews too many to be solved one by one the band is the continuous one, narrowed.
      if case .narrowed = solution.grid.timing.kind, let every = problem.execution.checkEvery,
        problem.costs.allSatisfy({ $0.fixed == 0 })
      {
        optimum = optimum.narrowed(forChecksEvery: every, in: problem)
      }
      var classes: BookClasses?
      if !wanted.isEmpty {
        // On the grids that the certificate takes.
        let coarse = try solve(grid.refined(by: 0.25, of: solution.grid), upTo: nil)
        let middle = try solve(grid.refined(by: 0.5, of: solution.grid), upTo: nil)
        classes = BookClassSearch(optimum: solution.policy, coarse: coarse, fine: middle, threads: threads)
          .run(wanted) { bar.advance(to: Self.solved + (Self.classed - Self.solved) * $0) }
      }
      return PolicyShelf(
        problem: problem, optimum: optimum, grid: solution.grid, classes: classes, check: check,
        place: parsed.operands[0])
    } catch { throw Failure("\(parsed.operands[0]): \(Explainer.message(error))", Failure.status(of: .control(error))) }
  }

  /// Seconds between looks: the model's own, or else as often as in the certificate, in equal parts of an hour, so that rules of
  /// the clock trade at looks. All policies meet the same paths.
  private static func check(_ problem: OptionBookProblem, _ settings: CertificationSettings) -> Double {
    if let every = problem.execution.checkEvery { return every }
    let longest = problem.horizon * problem.dayCount.secondsPerYear / Double(settings.checksPerPath)
    return hour / max(1, (hour / longest).rounded(.up))
  }

  // MARK: Tracking problems

  private func simulate(_ problem: TrackingProblem, _ bar: ProgressBar) throws(Failure) -> Shown {
    try WorldLoading.refuse(parsed)
    if let other = parsed.texts(.policy).first(where: { $0 != CommandTable.optimal }) {
      throw Failure(
        Explainer.message(
          UsageError.notAChoice(
            what: "--policy", found: other, allowed: ["“\(CommandTable.optimal)” for a tracking problem"],
            orInteger: nil,
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
