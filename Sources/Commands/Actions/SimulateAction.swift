import Certification
import Control
import Formulation
import Interchange
import Simulation

/// `deadband simulate`: policies side by side on the same random paths, all of them at once, or in shares that are put together later.
/// Nothing is certified, and nothing but a share, or distributions for pictures, is written.
struct SimulateAction {
  let parsed: ParsedCommand
  let console: Console

  private static let hour = 3600.0
  /// Shares of the time that the solution, and with it the search for classes, takes.
  private static let solved = 0.25
  private static let classed = 0.5

  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let action = SimulateAction(parsed: parsed, console: console)
    try action.checkUsage()
    let model = try ModelLoading.meetingBudget(ModelLoading.load(parsed), parsed, console)
    let bar = ProgressBar("simulating \(model.name)", console: console, quiet: parsed.has(.quiet))
    let (draw, encoded) = try Interruption.guarding(console: console) { () throws(Failure) -> Shown in
      defer { bar.finish() }
      switch model.problem {
      case .optionBook(let problem):
        if parsed.has(.merge) { return Self.shown(try action.merge(problem)) }
        switch try action.simulate(problem, grid: model.grid ?? GridSettings(), bar) {
        case .table(var screen, let distributions):
          if let distributions, let directory = parsed.text(.out) {
            do throws(InterchangeError) { screen.files = try distributions.write(to: directory) } catch {
              throw Failure(Explainer.message(error), .failed)
            }
          }
          return Self.shown(screen)
        case .share(let shard): return try action.written(shard, name: model.name)
        }
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

  typealias Shown = (draw: (inout Screen) -> Void, encoded: JSONValue)

  private var settings: CertificationSettings {
    var settings = CertificationSettings(seed: ModelLoading.seed(parsed), threads: ModelLoading.threads(parsed))
    if let paths = parsed.integer(.paths) { settings.paths = paths }
    return settings
  }

  private var asksForHistograms: Bool { parsed.has(.json) || parsed.has(.out) }

  /// The share that `--shard` names, from 1.
  private var share: (number: Int, count: Int)? { parsed.text(.shard).flatMap(CommandLineParser.share) }

  /// What options say against each other, before anything is solved.
  private func checkUsage() throws(Failure) {
    func refuse(_ error: UsageError) -> Failure { Failure(Explainer.message(error), .usage) }
    if parsed.has(.merge) {
      // All of these stand in the shares.
      for option in [OptionName.shard, .policy, .paths, .sobol, .seed, .out] where parsed.has(option) {
        throw refuse(.notTogether(.merge, option))
      }
    }
    let paths = settings.paths
    if let count = parsed.integer(.sobol) {
      let size = paths / count
      guard paths % count == 0, size >= RollOut.blockSize, size.nonzeroBitCount == 1 else {
        throw refuse(.scramblings(found: count, paths: paths, block: RollOut.blockSize))
      }
    }
    let blocks = (paths + RollOut.blockSize - 1) / RollOut.blockSize
    if let share, share.count > blocks { throw refuse(.moreSharesThanBlocks(found: share.count, blocks: blocks)) }
  }

  // MARK: Option books

  private func simulate(
    _ problem: OptionBookProblem, grid: GridSettings, _ bar: ProgressBar
  ) throws(Failure) -> Outcome {
    let settings = settings
    var asked: [PolicyRequest] = []
    do {
      for text in parsed.texts(.policy) { asked.append(try PolicyRequest(text)) }
    } catch { throw Failure(Explainer.message(error), .usage) }
    let world = try WorldLoading.load(parsed, problem)
    if parsed.has(.sobol), case .bootstrap = world?.world {
      throw Failure(
        "--sobol: a history is drawn again in blocks, not from points; it is for the model's prices and Heston's",
        .usage)
    }
    let check = world?.check(problem) ?? Self.check(problem, settings)
    let shelf = try shelf(problem, grid: grid, asked: asked, check: check, bar)
    let policies = try shelf.policies(asked)
    let omissions = asked.isEmpty ? shelf.omissions : []
    let reference = HedgingPolicy.table(shelf.optimum)
    let rollOutSettings = rollOutSettings(
      problem, world, check: check, paths: settings.paths, seed: settings.seed, scramblings: parsed.integer(.sobol))
    func advance(_ index: Int) {
      bar.advance(to: Self.classed + (1 - Self.classed) * Double(index + 1) / Double(policies.count))
    }
    return try Self.working { () throws(SimulationError) in
      let rollOut = try RollOut(problem: problem, settings: rollOutSettings, world: world?.world)
      if let share {
        return .share(
          try ShardedSimulation.shard(
            share, of: rollOut, world: world, reference: reference, policies: policies, omissions: omissions,
            progress: advance))
      }
      let optimum = try rollOut.run(reference, keeping: PolicyComparison.columns)
      var table = try PolicyComparison(rollOutSettings, reference: optimum, withHistograms: asksForHistograms)
      for (index, policy) in policies.enumerated() {
        try table.add(
          policy.label,
          policy.policy == reference ? nil : rollOut.run(policy.policy, keeping: PolicyComparison.columns))
        advance(index)
      }
      let screen = screen(problem, table, rollOut, world, omissions)
      return .table(
        screen, parsed.has(.out) ? try distributions(screen.policies, policies.map(\.policy), rollOut) : nil)
    }
  }

  /// - Parameter rules: what the policies are, in their order.
  private func distributions(
    _ policies: [SimulatedPolicy], _ rules: [HedgingPolicy], _ rollOut: RollOut
  ) throws(SimulationError) -> DistributionFiles {
    let market = rollOut.problem.market
    var files = DistributionFiles(underlying: market.underlying, quote: market.quote)
    for (policy, rule) in zip(policies, rules) {
      if let histogram = policy.histogram { files.add(policy.name, histogram: histogram) }
      files.add(policy.name, fan: try rollOut.fan(rule))
    }
    return files
  }

  /// What a roll-out of an option book comes to.
  private enum Outcome {
    /// With what is to be written, if anything.
    case table(SimulationScreen, DistributionFiles?)
    case share(ShardFile)
  }

  private static func working<Result>(_ body: () throws(SimulationError) -> Result) throws(Failure) -> Result {
    do { return try body() } catch { throw Failure(Explainer.message(error), .failed) }
  }

  /// - Parameter scramblings: of Sobol's points; nil: antithetic paths.
  private func rollOutSettings(
    _ problem: OptionBookProblem, _ world: WorldFile?, check: Double, paths: Int, seed: UInt64, scramblings: Int?
  ) -> RollOutSettings {
    // A history has no prices between its own.
    let isHistory = if case .bootstrap = world?.world { true } else { false }
    let substeps =
      isHistory
      ? 1 : self.settings.substeps(of: problem, checkEvery: check, isReviewed: problem.execution.checkEvery != nil)
    var settings = RollOutSettings(
      checkEvery: check, substeps: substeps, pathCount: paths, seed: seed, antithetic: scramblings == nil,
      detailed: true, threads: ModelLoading.threads(parsed))
    settings.looksAtExpiries = problem.execution.checkEvery == nil && !isHistory
    if let scramblings { settings.sequence = .sobol(randomisations: scramblings) }
    return settings
  }

  private func screen(
    _ problem: OptionBookProblem, _ table: PolicyComparison, _ rollOut: RollOut, _ world: WorldFile?,
    _ omissions: [(classes: [String], reason: String)]
  ) -> SimulationScreen {
    SimulationScreen(
      problem: problem, policies: table.policies, omissions: omissions, settings: rollOut.settings,
      world: world.map { WorldScreen($0, problem, rollOut) })
  }

  private static func shown(_ screen: SimulationScreen) -> Shown { ({ screen.draw(on: &$0) }, screen.encoded) }

  /// Solves the problem, and finds the classes that somebody may want.
  private func shelf(
    _ problem: OptionBookProblem, grid: GridSettings, asked: [PolicyRequest], check: Double, _ bar: ProgressBar
  ) throws(Failure) -> PolicyShelf {
    let wanted = Set(
      BookClass.allCases.filter { $0 != .optimal && (asked.isEmpty || asked.contains(.named($0.rawValue))) })
    let threads = settings.threads
    do {
      func solve(_ settings: GridSettings, upTo share: Double?) throws(ControlError) -> FiniteHorizonSolution {
        var method = FiniteHorizon(settings: settings, threads: threads)
        // Of the coarser grids nobody asks for later bands.
        method.isForToday = share == nil
        return try method.solve(problem) { done in
          if let share { bar.advance(to: share * done) }
        }
      }
      let solution = try solve(grid, upTo: Self.solved)
      var optimum = problem.readable(solution.policy)
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

  // MARK: Shares

  /// Writes a share and says where.
  private func written(_ shard: ShardFile, name: String) throws(Failure) -> Shown {
    let directory = parsed.text(.out) ?? "\(SolveAction.resultsDirectory)/\(name)/shards"
    let path: String
    do { path = try shard.write(to: directory) } catch { throw Failure(Explainer.message(error), .failed) }
    let (number, study) = (shard.number, shard.study)
    return (
      { $0.line("share \(number) of \(study.shards), seed \(study.seed): \(path)") },
      [
        "file": .string(path), "shard": .integer(number), "shards": .integer(study.shards),
        "seed": .integer(Int(clamping: study.seed)), "paths": .integer(study.paths),
      ]
    )
  }

  /// Puts all shares together: the bytes of one process.
  private func merge(_ problem: OptionBookProblem) throws(Failure) -> SimulationScreen {
    let world = try WorldLoading.load(parsed, problem)
    let set: ShardSet
    do throws(ShardError) {
      set = try ShardSet(directories: parsed.texts(.merge))
      try ShardedSimulation.check(set, problem: problem, world: world)
    } catch { throw Failure(Explainer.message(error), Failure.status(of: error)) }
    let study = set.study
    let settings = rollOutSettings(
      problem, world, check: study.checkEvery, paths: study.paths, seed: study.seed, scramblings: study.scramblings)
    return try Self.working { () throws(SimulationError) in
      let rollOut = try RollOut(problem: problem, settings: settings, world: world?.world)
      let table = try ShardedSimulation.merged(set, rollOut, withHistograms: asksForHistograms)
      return screen(problem, table, rollOut, world, study.omissions.map { ($0.classes, $0.reason) })
    }
  }

  // MARK: Tracking problems

  private func simulate(_ problem: TrackingProblem, _ bar: ProgressBar) throws(Failure) -> Shown {
    try WorldLoading.refuse(parsed)
    for option in [OptionName.sobol, .shard, .merge, .out] where parsed.has(option) {
      throw Failure(
        "\(parsed.operands[0]): a tracking problem is simulated along a few long paths; --\(option.rawValue) is for option "
          + "books", .usage)
    }
    ModelLoading.tellWithoutPaths(parsed, console)
    var wanted = Set(TrackingClass.allCases)
    let asked = parsed.texts(.policy)
    if !asked.isEmpty {
      let names = TrackingClass.allCases.map(\.rawValue)
      if let other = asked.first(where: { !names.contains($0) }) {
        throw Failure(
          Explainer.message(
            UsageError.notAChoice(
              what: "--policy", found: other, allowed: names.map { "“\($0)”" }, orInteger: nil, suggestion: nil)
          ) + " for a tracking problem", .usage)
      }
      wanted = Set(asked.compactMap(TrackingClass.init))
    }
    let settings = settings
    let comparison: TrackingComparison
    do {
      comparison = try TrackingComparison(problem, settings: settings, wanted: wanted) { bar.advance(to: $0) }
    } catch { throw Failure("\(parsed.operands[0]): \(Explainer.message(error))", Failure.status(of: error)) }
    if comparison.starts.isEmpty { throw Failure("\(parsed.operands[0]): \(Explainer.timeScalesApart)", .refused) }
    let screen = TrackingSimulationScreen(problem: problem, comparison: comparison, seed: settings.seed)
    return ({ screen.draw(on: &$0) }, screen.encoded)
  }
}
