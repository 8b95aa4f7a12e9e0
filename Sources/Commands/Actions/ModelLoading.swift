import Certification
import Control
import Formulation
import Glibc
import Interchange
import LinearAlgebra

/// What several commands do first, and the clock of the process.
enum ModelLoading {
  /// Reads the model that a command names, with its `--set` values.
  static func load(_ parsed: ParsedCommand) throws(Failure) -> ModelFile {
    // Work is divided above BLAS; threads of its own would change the order of sums.
    LinearAlgebraProvider.useOneThread()
    do { return try ModelFile(path: parsed.operands[0], overrides: parsed.texts(.set)) } catch {
      throw Failure(Explainer.message(error), .badData)
    }
  }

  /// Says, among the words, that a tracking problem makes nothing of a number of paths.
  static func tellWithoutPaths(_ parsed: ParsedCommand, _ console: Console) {
    guard parsed.has(.paths), !parsed.has(.quiet) else { return }
    console.words(
      "\(parsed.operands[0]): --paths is for option books; how often and how long a deviation is followed is a matter of "
        + "its own time scales\n")
  }

  /// The model at the risk aversion that meets its risk budget; a model without one as it is.
  /// - Parameter undo: what takes the work back should it be interrupted.
  static func meetingBudget(
    _ model: ModelFile, _ parsed: ParsedCommand, _ console: Console, undo: @escaping @Sendable () -> Void = {}
  ) throws(Failure) -> ModelFile {
    guard let budget = model.riskBudget, case .optionBook(let problem) = model.problem else { return model }
    let bar = ProgressBar("meeting the risk budget", console: console, quiet: parsed.has(.quiet))
    let grid = model.grid ?? GridSettings()
    let search = RiskBudgetSearch(problem: problem, budget: budget, settings: grid, threads: threads(parsed))
    let tails = TailBudgetSearch(
      problem: problem, budget: budget, grid: grid,
      settings: CertificationSettings(seed: seed(parsed), threads: threads(parsed)))
    return try Interruption.guarding(console: console, undo: undo) { () throws(Failure) -> ModelFile in
      defer { bar.finish() }
      if budget.measure == .conditionalValueAtRisk {
        do throws(TailBudgetError) {
          let answer = try tails.run { bar.advance(to: $0) }
          return model.meetingBudget(at: answer.point, tail: answer.tail)
        } catch {
          throw Failure(
            Explainer.message(error, budget: budget, quote: problem.market.quote, place: parsed.operands[0]),
            Failure.status(ofBudget: error))
        }
      }
      do throws(RiskBudgetError) { return model.meetingBudget(at: try search.run { bar.advance(to: $0) }) } catch {
        throw Failure(
          Explainer.message(error, budget: budget, quote: problem.market.quote, place: parsed.operands[0]),
          Failure.status(ofBudget: error))
      }
    }
  }

  /// The model with the multiplier of its turnover budget among the costs; a model without one as it is.
  static func meetingTurnover(
    _ model: ModelFile, _ parsed: ParsedCommand, _ console: Console, undo: @escaping @Sendable () -> Void = {}
  ) throws(Failure) -> ModelFile {
    guard case .optionBook(let problem) = model.problem, problem.execution.turnoverBudget != nil else { return model }
    let bar = ProgressBar("meeting the turnover budget", console: console, quiet: parsed.has(.quiet))
    let search = TurnoverSearch(
      problem: problem, settings: model.grid ?? GridSettings(), threads: threads(parsed))
    return try Interruption.guarding(console: console, undo: undo) { () throws(Failure) -> ModelFile in
      defer { bar.finish() }
      do throws(ControlError) {
        return try search.run { bar.advance(to: $0) }.map { model.charging($0) } ?? model
      } catch {
        throw Failure("\(parsed.operands[0]): \(Explainer.message(error))", Failure.status(of: .control(error)))
      }
    }
  }

  /// The formula that `--method` names; nil for the solver.
  static func formula(_ parsed: ParsedCommand, _ model: ModelFile) throws(Failure) -> Formula? {
    guard let name = parsed.text(.method), name != CommandTable.optimal else { return nil }
    guard case .optionBook = model.problem else {
      throw Failure(
        Explainer.message(
          UsageError.notAChoice(
            what: "--method", found: name, allowed: ["“\(CommandTable.optimal)” for a tracking problem"],
            orInteger: nil,
            suggestion: nil)), .usage)
    }
    return Formula(rawValue: name)
  }

  /// Threads asked for, or one per processor.
  static func threads(_ parsed: ParsedCommand) -> Int {
    parsed.integer(.threads) ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  static let standardSeed: UInt64 = 1

  static func seed(_ parsed: ParsedCommand) -> UInt64 { parsed.integer(.seed).map(UInt64.init) ?? standardSeed }
}
