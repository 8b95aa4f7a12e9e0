import Formulation
import Interchange
import Simulation

/// The world that `--world` names.
enum WorldLoading {
  /// Nil without the option: prices are then the model's.
  /// What the world and the model cannot do together is found before anything is solved.
  static func load(_ parsed: ParsedCommand, _ problem: OptionBookProblem) throws(Failure) -> WorldFile? {
    guard let path = parsed.text(.world) else { return nil }
    let file: WorldFile
    do { file = try WorldFile(path: path) } catch { throw Failure(Explainer.message(error), .badData) }
    guard let check = file.check(problem) ?? problem.execution.checkEvery else { return file }
    do {
      _ = try RollOut(
        problem: problem, settings: RollOutSettings(checkEvery: check, pathCount: RollOut.blockSize, seed: 0),
        world: file.world)
    } catch { throw Failure("\(path): \(Explainer.message(error))", .badData) }
    return file
  }

  /// A tracking problem has no price that another world could move.
  static func refuse(_ parsed: ParsedCommand) throws(Failure) {
    guard parsed.text(.world) != nil else { return }
    throw Failure(
      "\(parsed.operands[0]): a tracking problem has no price; --world is for option books", .usage)
  }
}

extension WorldFile {
  /// Seconds between looks that the world asks for where the model leaves them open; nil: whatever the caller likes.
  func check(_ problem: OptionBookProblem) -> Double? {
    guard problem.execution.checkEvery == nil, case .bootstrap(let history) = world else { return nil }
    return history.seconds(in: problem.dayCount)
  }
}
