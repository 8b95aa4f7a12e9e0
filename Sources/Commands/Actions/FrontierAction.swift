import Control
import Formulation
import Interchange

/// `deadband frontier`: cost against risk over risk aversion. Nothing is certified and nothing is written.
enum FrontierAction {
  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let loaded = try ModelLoading.load(parsed)
    guard case .optionBook = loaded.problem else {
      throw Failure(
        "\(parsed.operands[0]): "
          + Explainer.message(.unsupported(method: Frontier.name, feature: "the kind “\(loaded.problem.kind)”")),
        .refused)
    }
    let model = try ModelLoading.meetingBudget(loaded, parsed, console)
    guard case .optionBook(let problem) = model.problem else { return .failed }
    let bar = ProgressBar("frontier of \(model.name)", console: console, quiet: parsed.has(.quiet))
    let frontier = try Interruption.guarding(console: console) { () throws(Failure) -> Frontier in
      defer { bar.finish() }
      do throws(ControlError) {
        return try Frontier(
          problem: problem, settings: model.grid ?? GridSettings(),
          count: parsed.integer(.points) ?? Frontier.standardCount,
          span: parsed.integer(.span).map(Double.init) ?? Frontier.standardSpan, threads: ModelLoading.threads(parsed)
        ) { bar.advance(to: $0) }
      } catch {
        throw Failure("\(parsed.operands[0]): \(Explainer.message(error))", Failure.status(of: .control(error)))
      }
    }
    let shown = FrontierScreen(problem: problem, frontier: frontier, model: model)
    if parsed.has(.json) {
      try console.output(json: shown.encoded)
    } else {
      var screen = Screen(style: Style(isColoured: console.usesColour))
      shown.draw(on: &screen)
      console.output(screen.text)
    }
    return .done
  }
}
