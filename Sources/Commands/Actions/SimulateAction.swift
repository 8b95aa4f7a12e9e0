import Certification
import Control
import Formulation
import Foundation
import Interchange
import Simulation

/// `deadband simulate`: policies on the same random paths.
struct SimulateAction {
  let parsed: ParsedCommand
  let console: Console

  /// One policy's roll-out.
  struct Row {
    let name: String
    let result: RollOutResult
    /// J minus that of the optimal policy on the same paths; nil for the optimal policy itself.
    let excess: Simulation.Estimate?
    let tail: Simulation.Estimate
  }

  /// The level of the tail mean: the worst twentieth.
  static let tailLevel = 0.95
  /// Checks along a path, at least, as in the certificate.
  static let checksPerPath = CertificationSettings().checksPerPath
  private static let hour = 3600.0
  private static let day = 86_400.0

  func run() throws(Failure) -> ExitStatus {
    let model = try Inputs.model(parsed)
    let settings = Inputs.settings(parsed)
    Interruption.undo(of: console)
    defer { Interruption.nothingToUndo() }
    switch model.problem {
    case .optionBook(let problem): return try run(problem, grid: model.grid ?? GridSettings(), settings: settings)
    case .tracking(let problem): return try run(problem, settings: settings)
    }
  }

  // MARK: Option books

  private func run(
    _ problem: OptionBookProblem, grid: GridSettings, settings: CertificationSettings
  ) throws(Failure) -> ExitStatus {
    let chosen = CommandTable.policies.filter { parsed.texts(.policy).isEmpty || parsed.texts(.policy).contains($0) }
    let bar = ProgressBar("simulating \(problem.name)", console: console, quiet: parsed.has(.quiet))
    defer { bar.finish() }
    let solution: FiniteHorizonSolution
    // The solution is about half of the work.
    let solved = 0.5
    do {
      solution = try FiniteHorizon(settings: grid, threads: settings.threads).solve(problem) {
        bar.advance(to: solved * $0)
      }
    } catch { throw Failure(Explainer.message(error), .failed) }
    // Checks divide the hour, so that every policy of the clock trades at checks, and are as dense as the certificate's.
    let longest = problem.horizon * problem.dayCount.secondsPerYear / Double(SimulateAction.checksPerPath)
    let check = SimulateAction.hour / max(1, (SimulateAction.hour / longest).rounded(.up))
    var rows: [Row] = []
    do throws(SimulationError) {
      let rollOut = try RollOut(
        problem: problem,
        settings: RollOutSettings(
          checkEvery: check, pathCount: settings.paths, seed: settings.seed, antithetic: true, detailed: true,
          threads: settings.threads))
      for (index, name) in chosen.enumerated() {
        let policy = SimulateAction.policy(name, table: solution.policy)
        let result = try rollOut.run(policy, keeping: [.profit])
        let excess =
          name == "optimal" ? nil : try rollOut.compare(policy, .table(solution.policy)).difference(.criterion)
        let tail = try Tail(losses: result.kept[0].map { -$0 }).conditionalValueAtRisk(SimulateAction.tailLevel)
        rows.append(Row(name: name, result: result, excess: excess, tail: tail))
        bar.advance(to: solved + (1 - solved) * Double(index + 1) / Double(chosen.count))
      }
    } catch { throw Failure(Explainer.message(error), .failed) }
    bar.finish()
    let view = SimulationScreen(problem: problem, rows: rows, check: check, paths: settings.paths, seed: settings.seed)
    if parsed.has(.json) {
      try console.output(json: view.encoded)
    } else {
      var screen = Screen(style: Style(isColoured: console.usesColour))
      view.draw(on: &screen)
      console.output(screen.text)
    }
    return .done
  }

  private static func policy(_ name: String, table: PolicyTable) -> HedgingPolicy {
    switch name {
    case "hourly": .interval(everySeconds: hour, target: 0)
    case "daily": .interval(everySeconds: day, target: 0)
    case "never": .never
    case "frictionless": .frictionless
    default: .table(table)
    }
  }

  // MARK: Tracking problems

  private func run(_ problem: TrackingProblem, settings: CertificationSettings) throws(Failure) -> ExitStatus {
    if let other = parsed.texts(.policy).first(where: { $0 != "optimal" }) {
      throw Failure(
        Explainer.message(
          .notAChoice(
            what: "--policy", found: other, allowed: ["optimal for a tracking problem"], orInteger: nil, suggestion: nil
          )),
        .usage)
    }
    let bar = ProgressBar("simulating \(problem.name)", console: console, quiet: parsed.has(.quiet))
    defer { bar.finish() }
    let certificate: Certificate
    do {
      certificate = try TrackingCertifier(problem: problem, settings: settings).run { bar.advance(to: $0) }
    } catch { throw Failure(Explainer.message(error), .failed) }
    bar.finish()
    guard case .tracking(let answer) = certificate.answer, let result = answer.rollOut else {
      throw Failure(Explainer.message(SimulationError.criterion("discounted")), .failed)
    }
    let section = TrackingRollOutSection(result: result, step: answer.rollOutStep)
    if parsed.has(.json) {
      try console.output(json: section.encoded(name: problem.name, seed: settings.seed))
    } else {
      var screen = Screen(style: Style(isColoured: console.usesColour))
      screen.title(problem.name, TrackingScreen.words(problem.criterion))
      section.draw(on: &screen)
      console.output(screen.text)
    }
    return .done
  }
}
