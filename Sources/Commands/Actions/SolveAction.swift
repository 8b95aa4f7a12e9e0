import Certification
import Formulation
import Foundation
import Interchange

/// `deadband solve`: from a model file to a certified result directory, or to the reasons why not.
struct SolveAction {
  let parsed: ParsedCommand
  let arguments: [String]
  let console: Console

  static let standardDirectory = "Results"

  func run() throws(Failure) -> ExitStatus {
    let model = try Inputs.model(parsed)
    let settings = Inputs.settings(parsed)
    let directory = parsed.text(.out) ?? "\(SolveAction.standardDirectory)/\(model.name)"
    let clock = ContinuousClock.now
    let record = RunRecord(
      model: model, arguments: ["deadband"] + arguments, programVersion: Program.version,
      settingsGiven: SolveAction.given(model, settings), seed: settings.seed, started: SolveAction.now)
    let run: ResultRun
    do { run = try ResultRun(directory: directory, model: model, record: record) } catch {
      throw Failure(Explainer.message(error), .failed)
    }
    Interruption.undo(of: console) { SolveAction.abandon(directory: directory, record: record) }
    defer { Interruption.nothingToUndo() }

    let bar = ProgressBar("certifying \(model.name)", console: console, quiet: parsed.has(.quiet))
    let certificate: Certificate
    do { certificate = try Inputs.certify(model, settings) { bar.advance(to: $0) } } catch {
      bar.finish()
      let reason = Explainer.message(error)
      try? run.fail(reason, ended: SolveAction.now, wallSeconds: SolveAction.seconds(since: clock))
      throw Failure(reason, .failed)
    }
    bar.finish()
    let wall = SolveAction.seconds(since: clock)
    // Made before the run is closed, so that the screen and the file say the same.
    let parameters = try? Parameters(certificate, model: model, programVersion: Program.version)
    let isCertified: Bool
    do { isCertified = try run.finish(certificate, ended: SolveAction.now, wallSeconds: wall) } catch {
      let reason = Explainer.message(error)
      SolveAction.close(record, as: .failed(reason), in: directory)
      throw Failure(reason, .failed)
    }
    guard isCertified, let parameters else { return refuse(certificate, model: model) }
    try show(certificate, parameters, directory: directory, wall: wall)
    return .done
  }

  // MARK: Ends

  private func refuse(_ certificate: Certificate, model: ModelFile) -> ExitStatus {
    let failures = certificate.failures
    console.words("deadband: \(model.name) is refused; nothing was emitted\n")
    for check in failures { console.words("  ✗ \(Explainer.message(check))\n") }
    return .refused
  }

  private func show(
    _ certificate: Certificate, _ parameters: Parameters, directory: String, wall: Double
  ) throws(Failure) {
    if parsed.has(.json) {
      do { console.output(try parameters.text()) } catch { throw Failure(Explainer.message(error), .failed) }
      return
    }
    var screen = Screen(style: Style(isColoured: console.usesColour))
    switch certificate.answer {
    case .optionBook(let answer): OptionBookScreen(answer: answer, parameters: parameters).draw(on: &screen)
    case .tracking(let answer): TrackingScreen(answer: answer).draw(on: &screen)
    }
    CertificateSection(certificate: certificate).draw(on: &screen)
    screen.section("Written after \(Figures.duration(wall))")
    screen.note("\(directory)/  parameters.json  policy.nc  certificate.json  run.json")
    console.output(screen.text)
  }

  /// Interrupted: the record says so, and what was staged goes.
  private static func abandon(directory: String, record: RunRecord) {
    close(record, as: .failed("interrupted"), in: directory)
    let result = URL(filePath: directory)
    let parent = result.deletingLastPathComponent()
    let prefix = ".\(result.lastPathComponent).partial-\(ProcessInfo.processInfo.processIdentifier)"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.path())) ?? [] where name.hasPrefix(prefix)
    {
      try? FileManager.default.removeItem(at: parent.appending(path: name))
    }
  }

  // MARK: Records

  /// Replaces the record of a run that cannot end itself any more.
  private static func close(_ record: RunRecord, as status: RunRecord.Status, in directory: String) {
    var closed = record
    closed.status = status
    closed.ended = now
    if let text = try? closed.text() { try? AtomicFile.write(text, to: "\(directory)/run.json") }
  }

  private static var now: Instant { Instant(seconds: Date().timeIntervalSince1970.rounded(.down)) }

  private static func seconds(since start: ContinuousClock.Instant) -> Double {
    let parts = (ContinuousClock.now - start).components
    return Double(parts.seconds) + 1e-18 * Double(parts.attoseconds)
  }

  private static func given(_ model: ModelFile, _ settings: CertificationSettings) -> JSONValue {
    var members: [JSONMember] = []
    if let grid = model.grid {
      if let spots = grid.spots { members.append(JSONMember("spots", .integer(spots))) }
      if let holdings = grid.holdings { members.append(JSONMember("holdings", .integer(holdings))) }
      if let steps = grid.steps { members.append(JSONMember("steps", .integer(steps))) }
      members.append(JSONMember("deviations", .number(grid.deviations)))
    }
    members += [
      JSONMember("paths", .integer(settings.paths)), JSONMember("checksPerPath", .integer(settings.checksPerPath)),
      JSONMember("threads", .integer(settings.threads)),
    ]
    return .object(members)
  }
}
