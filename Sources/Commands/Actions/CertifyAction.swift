import Certification
import Control
import Formulation
import Interchange

/// `deadband certify`: a result is read back and put to the questions of its certificate. Nothing is written.
enum CertifyAction {
  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let directory = parsed.operands[0]
    let result: EmittedResult
    do { result = try EmittedResult(directory: directory) } catch {
      throw Failure("\(directory): \(Explainer.message(error))", Failure.status(of: error))
    }
    // As the run that wrote it; the policy in the files is then looked at with other paths where that is asked for.
    var settings = CertificationSettings(
      seed: result.seed, threads: ModelLoading.threads(parsed), classes: result.classes)
    if let paths = result.paths { settings.paths = paths }
    if let checks = result.checksPerPath { settings.checksPerPath = checks }
    var judge = settings
    judge.classes = []
    if parsed.has(.seed) { judge.seed = ModelLoading.seed(parsed) }
    if let paths = parsed.integer(.paths) { judge.paths = paths }
    if case .tracking = result.statement { ModelLoading.tellWithoutPaths(parsed, console) }
    let bar = ProgressBar("certifying \(result.problem.name)", console: console, quiet: parsed.has(.quiet))
    let again = try Interruption.guarding(console: console) { () throws(Failure) -> Recertification in
      defer { bar.finish() }
      do throws(CertificationError) {
        return try certify(result, settings: settings, judge: judge) { bar.advance(to: $0) }
      } catch { throw Failure("\(directory): \(Explainer.message(error))", Failure.status(of: error)) }
    }
    let misstatements: [Misstatement]
    do { misstatements = try result.misstatements(beside: again.found) } catch {
      throw Failure("\(directory): \(Explainer.message(error))", Failure.status(of: error))
    }
    let certificate = again.verdict(misstatements: misstatements.count)
    if parsed.has(.json) {
      try console.output(json: result.encoded(certificate, misstatements))
    } else {
      var screen = Screen(style: Style(isColoured: console.usesColour))
      CertifyScreen(
        directory: directory, result: result, certificate: certificate, misstatements: misstatements, seed: judge.seed
      ).draw(on: &screen)
      console.output(screen.text)
    }
    return certificate.isCertified ? .done : .refused
  }

  private static func certify(
    _ result: EmittedResult, settings: CertificationSettings, judge: CertificationSettings,
    progress: @escaping @Sendable (Double) -> Void
  ) throws(CertificationError) -> Recertification {
    switch result.statement {
    case .optionBook(let problem, let policy):
      let certifier = OptionBookCertifier(problem: problem, grid: result.grid ?? GridSettings(), settings: settings)
      guard let formula = Formula(rawValue: result.method) else {
        return try certifier.recertify(policy, judge: judge, progress: progress)
      }
      return try FormulaCertifier(formula: formula, certifier: certifier).recertify(
        policy, judge: judge, progress: progress)
    case .tracking(let problem, let bands):
      return try TrackingCertifier(problem: problem, settings: settings).recertify(
        bands, judge: judge, progress: progress)
    }
  }
}
