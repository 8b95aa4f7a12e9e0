import Formulation
import Interchange

/// `deadband check`: the problem of a model file as it was understood.
enum CheckAction {
  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let model = try Inputs.model(parsed)
    if parsed.has(.json) {
      switch model.problem {
      case .optionBook(let problem): try console.output(json: OptionBookCheck(model: model, problem: problem).encoded)
      case .tracking(let problem): try console.output(json: TrackingCheck(model: model, problem: problem).encoded)
      }
      return .done
    }
    var screen = Screen(style: Style(isColoured: console.usesColour))
    switch model.problem {
    case .optionBook(let problem): OptionBookCheck(model: model, problem: problem).draw(on: &screen)
    case .tracking(let problem): TrackingCheck(model: model, problem: problem).draw(on: &screen)
    }
    console.output(screen.text)
    return .done
  }
}
