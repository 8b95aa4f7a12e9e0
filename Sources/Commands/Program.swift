import Certification
import Control
import Glibc

/// The whole program: arguments in, exit status out.
public enum Program {
  public static let version = "0.1.0"

  /// Runs the process's own arguments and ends it.
  public static func main() -> Never {
    Console.reserveStandardStreams()
    exit(run(Array(CommandLine.arguments.dropFirst()), console: .standard()).rawValue)
  }

  public static func run(_ arguments: [String], console: Console) -> ExitStatus {
    Interruption.ignoreSignalsOfWriting()
    let parsed: ParsedCommand
    do { parsed = try CommandLineParser.parse(arguments) } catch {
      console.words("deadband: \(Explainer.printable(Explainer.message(error)))\n")
      return .usage
    }
    do {
      let status = try action(parsed, console)
      // What was asked for did not arrive: the caller must not take the silence for an answer.
      if status == .done, let reason = console.outputFailure() {
        console.words("deadband: standard output: cannot be written; \(reason)\n")
        return .failed
      }
      return status
    } catch {
      console.words("deadband: \(Explainer.printable(error.message))\n")
      return error.status
    }
  }

  private static func action(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    switch parsed.command {
    case .help:
      console.output(parsed.operands.first.flatMap(CommandName.init).map(HelpText.text) ?? HelpText.overview)
      return .done
    case .completions:
      console.output(Completions.script(for: Shell(rawValue: parsed.operands[0])!))
      return .done
    case .version: return try VersionAction.run(parsed, console)
    case .models: return try ModelsAction.run(parsed, console)
    case .solve: return try SolveAction.run(parsed, console)
    case .certify: return try CertifyAction.run(parsed, console)
    case .check: return try CheckAction.run(parsed, console)
    case .calibrate: return try CalibrateAction.run(parsed, console)
    case .frontier: return try FrontierAction.run(parsed, console)
    case .simulate: return try SimulateAction.run(parsed, console)
    }
  }
}

/// Why a command ended early: its sentence and its status.
struct Failure: Error, Equatable {
  let message: String
  let status: ExitStatus

  init(_ message: String, _ status: ExitStatus) {
    self.message = message
    self.status = status
  }

  /// A budget that cannot be met is refused.
  static func status(ofBudget error: RiskBudgetError) -> ExitStatus {
    if case .control(let error) = error { return status(of: CertificationError.control(error)) }
    return .refused
  }

  static func status(ofBudget error: TailBudgetError) -> ExitStatus {
    switch error {
    case .control(let error): status(of: CertificationError.control(error))
    case .simulation(let error): status(of: CertificationError.simulation(error))
    case .freeTrading, .needless, .notReached: .refused
    }
  }

  /// A method that does not cover a problem refuses it; anything else is a failure.
  static func status(of error: CertificationError) -> ExitStatus {
    switch error {
    case .control(.unsupported), .stationary(.freeTrading), .stationary(.severalClosedClasses),
      .stationary(.quadraticImpact), .stationary(.motionless):
      return .refused
    case .control(.gridSetting): return .badData
    default: return .failed
    }
  }
}
