import Certification
import Control
import Formulation
import Glibc
import Interchange

/// `deadband solve`: certifies a model and writes its result directory.
enum SolveAction {
  static let resultsDirectory = "Results"

  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    let started = Instant(seconds: Double(Glibc.time(nil)))
    let clock = ContinuousClock()
    let began = clock.now
    func elapsed() -> Double {
      let parts = (clock.now - began).components
      return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    }
    var model = try ModelLoading.load(parsed)
    let formula = try ModelLoading.formula(parsed, model)
    if case .tracking = model.problem { ModelLoading.tellWithoutPaths(parsed, console) }
    let directory = parsed.text(.out) ?? "\(resultsDirectory)/\(model.name)"
    var settings = CertificationSettings(seed: ModelLoading.seed(parsed), threads: ModelLoading.threads(parsed))
    if let paths = parsed.integer(.paths) { settings.paths = paths }
    if let text = parsed.text(.classes) { settings.classes = classes(text) }
    let record = RunRecord(
      model: model, arguments: ["deadband", "solve"] + arguments(parsed), programVersion: Program.version,
      settingsGiven: given(parsed), seed: settings.seed, started: started)
    var run: ResultRun
    do { run = try ResultRun(directory: directory, model: model, record: record) } catch {
      throw Failure(Explainer.message(error), .failed)
    }
    let asked = record
    let abandon: @Sendable () -> Void = {
      AbandonedRun(record: asked, directory: directory).close(as: "interrupted", removingStagedFiles: true)
    }
    if model.riskBudget != nil || model.hasTurnoverBudget {
      do {
        model = try ModelLoading.meetingBudget(model, parsed, console, undo: abandon)
        model = try ModelLoading.meetingTurnover(model, parsed, console, undo: abandon)
      } catch {
        let ended = Instant(seconds: Double(Glibc.time(nil)))
        do { try run.fail(error.message, ended: ended, wallSeconds: elapsed()) } catch {
          throw Failure(Explainer.message(error), .failed)
        }
        throw error
      }
      run.solves(model)
    }
    let outcome = work(
      model, formula: formula, settings: settings, console: console, quiet: parsed.has(.quiet), undo: abandon)
    let ended = Instant(seconds: Double(Glibc.time(nil)))
    let certificate: Certificate
    switch outcome {
    case .failure(let error):
      let reason = Explainer.message(error)
      do { try run.fail(reason, ended: ended, wallSeconds: elapsed()) } catch {
        throw Failure(Explainer.message(error), .failed)
      }
      throw Failure("\(parsed.operands[0]): \(reason)", Failure.status(of: error))
    case .success(let made): certificate = made
    }
    let certified: Bool
    do { certified = try run.finish(certificate, ended: ended, wallSeconds: elapsed()) } catch {
      let reason = Explainer.message(error)
      AbandonedRun(record: record, directory: directory).close(as: reason, removingStagedFiles: false)
      throw Failure(reason, .failed)
    }
    try show(certificate, model: model, directory: directory, seconds: elapsed(), parsed, console)
    return certified ? .done : .refused
  }

  private static func work(
    _ model: ModelFile, formula: Formula?, settings: CertificationSettings, console: Console, quiet: Bool,
    undo: @escaping @Sendable () -> Void
  ) -> Result<Certificate, CertificationError> {
    let bar = ProgressBar("solving \(model.name)", console: console, quiet: quiet)
    defer { bar.finish() }
    let advance: @Sendable (Double) -> Void = { bar.advance(to: $0) }
    return Interruption.guarding(console: console, undo: undo) {
      Result { () throws(CertificationError) -> Certificate in
        switch model.problem {
        case .optionBook(let problem):
          let certifier = OptionBookCertifier(problem: problem, grid: model.grid ?? GridSettings(), settings: settings)
          guard let formula else { return try certifier.run(progress: advance) }
          return try FormulaCertifier(formula: formula, certifier: certifier).run(progress: advance)
        case .tracking(let problem):
          return try TrackingCertifier(problem: problem, settings: settings).run(progress: advance)
        }
      }
    }
  }

  private static func show(
    _ certificate: Certificate, model: ModelFile, directory: String, seconds: Double, _ parsed: ParsedCommand,
    _ console: Console
  ) throws(Failure) {
    if parsed.has(.json), certificate.isCertified {
      do {
        try console.output(
          json: Parameters(certificate, model: model, programVersion: Program.version).encoded)
      } catch let error as Failure { throw error } catch { throw Failure("\(error)", .failed) }
      return
    }
    let style = Style(isColoured: console.usesColour)
    let text: String
    switch certificate.answer {
    case .optionBook(let answer):
      text = OptionBookScreen(answer: answer, certificate: certificate, model: model, style: style)
        .text(directory: directory, seconds: seconds)
    case .tracking(let answer):
      text = TrackingScreen(answer: answer, certificate: certificate, style: style)
        .text(directory: directory, seconds: seconds)
    }
    if parsed.has(.json) { console.words(text) } else { console.output(text) }
  }

  private static func arguments(_ parsed: ParsedCommand) -> [String] {
    parsed.operands
      + parsed.values.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { option, values in
        values.flatMap { $0.isEmpty ? ["--\(option.rawValue)"] : ["--\(option.rawValue)", $0] }
      }
  }

  private static func given(_ parsed: ParsedCommand) -> JSONValue {
    .object(
      [OptionName.paths, .seed, .threads].compactMap { name in
        parsed.integer(name).map { JSONMember(name.rawValue, .integer($0)) }
      } + (parsed.text(.classes).map { [JSONMember(OptionName.classes.rawValue, .string($0))] } ?? []))
  }

  /// The classes that a checked list names.
  private static func classes(_ text: String) -> Set<BookClass> {
    if text == CommandTable.everyClass { return Set(BookClass.allCases) }
    return Set(CommandLineParser.list(text).compactMap { BookClass(rawValue: $0) })
  }
}
