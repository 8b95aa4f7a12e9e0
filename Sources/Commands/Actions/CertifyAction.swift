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
    var settings = CertificationSettings(
      seed: parsed.has(.seed) ? ModelLoading.seed(parsed) : result.seed, threads: ModelLoading.threads(parsed),
      classes: [])
    if let paths = parsed.integer(.paths) ?? result.paths { settings.paths = paths }
    if let checks = result.checksPerPath { settings.checksPerPath = checks }
    if case .tracking = result.statement { ModelLoading.tellWithoutPaths(parsed, console) }
    let bar = ProgressBar("certifying \(result.problem.name)", console: console, quiet: parsed.has(.quiet))
    let certificate = try Interruption.guarding(console: console) { () throws(Failure) -> Certificate in
      defer { bar.finish() }
      do throws(CertificationError) {
        return try certify(result, settings: settings) { bar.advance(to: $0) }
      } catch { throw Failure("\(directory): \(Explainer.message(error))", Failure.status(of: error)) }
    }
    if parsed.has(.json) {
      try console.output(json: result.encoded(certificate))
    } else {
      var screen = Screen(style: Style(isColoured: console.usesColour))
      CertifyScreen(directory: directory, result: result, certificate: certificate, seed: settings.seed).draw(
        on: &screen)
      console.output(screen.text)
    }
    return certificate.isCertified ? .done : .refused
  }

  private static func certify(
    _ result: EmittedResult, settings: CertificationSettings, progress: @escaping @Sendable (Double) -> Void
  ) throws(CertificationError) -> Certificate {
    switch result.statement {
    case .optionBook(let problem, let policy):
      var certifier = OptionBookCertifier(problem: problem, grid: result.grid ?? GridSettings(), settings: settings)
      certifier.emitted = policy
      guard let formula = Formula(rawValue: result.method) else { return try certifier.run(progress: progress) }
      return try FormulaCertifier(formula: formula, certifier: certifier).run(progress: progress)
    case .tracking(let problem, let bands):
      var certifier = TrackingCertifier(problem: problem, settings: settings)
      certifier.emitted = bands
      return try certifier.run(progress: progress)
    }
  }
}
