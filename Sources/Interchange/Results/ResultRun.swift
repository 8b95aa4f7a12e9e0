import Certification
import Control
import Formulation

/// Why a result was not written.
public enum ResultRunError: Error, Equatable, Sendable {
  case parameters(ParametersError)
  case files(InterchangeError)
}

/// One run that ends in a result directory: opened as `running` before the work, and ended in exactly one way.
///
/// Only a certified run replaces the files of the directory; a refused or failed one replaces `run.json` alone, and the
/// previous parameters stay as they were. *Verified by* `ResultRunTests`.
public struct ResultRun: ~Copyable {
  public private(set) var record: RunRecord
  private var model: ModelFile
  private let directory: String
  private var writer: ResultDirectoryWriter

  static let recordName = "run.json"
  /// The problem in canonical form, whose digest is the problem's.
  static let problemName = "problem.json"
  static let parametersName = "parameters.json"
  static let certificateName = "certificate.json"
  static let policyName = "policy.nc"
  static let outputSpotsKey = "outputSpots"
  static let gridGivenKey = "gridGiven"

  /// Opens the directory and writes a record that says `running`.
  public init(directory: String, model: ModelFile, record: RunRecord) throws(InterchangeError) {
    let opened = try ResultDirectoryWriter(directory: directory)
    try opened.replaceNow(record.text(), as: Self.recordName)
    writer = opened
    self.directory = directory
    self.model = model
    self.record = record
  }

  /// Says which model is solved, once the risk aversion that meets its budget is known.
  public mutating func solves(_ met: ModelFile) {
    model = met
    record.problemDigest = met.problemDigest
    record.preference = met.encodedPreference
  }

  /// Publishes a certified result, or records the refusal and publishes nothing.
  /// - Returns: whether it was certified.
  /// - Throws: `ResultRunError`; the record says `failed` then, if it can still be written.
  public consuming func finish(
    _ certificate: Certificate, ended: Instant, wallSeconds: Double, usage: RunRecord.Usage = .current
  ) throws(ResultRunError) -> Bool {
    close(ended: ended, wallSeconds: wallSeconds, usage: usage)
    record.settingsUsed = certificate.encodedSettings
    if !model.outputSpots.isEmpty, case .object(let members) = certificate.encodedSettings {
      record.settingsUsed = .object(members + [JSONMember(Self.outputSpotsKey, .numbers(model.outputSpots))])
    }
    guard certificate.isCertified else {
      record.status = .refused(certificate.failures)
      do { try writer.replaceNow(record.text(), as: Self.recordName) } catch { throw .files(error) }
      return false
    }
    let parameters: Parameters
    do {
      parameters = try Parameters(certificate, model: model, programVersion: record.programVersion)
    } catch {
      Self.recordFailure("\(error)", record, directory)
      throw .parameters(error)
    }
    do throws(InterchangeError) {
      let texts = [
        (Self.problemName, try JSONWriter.text(of: model.problem.encoded)),
        (Self.parametersName, try parameters.text()),
        (Self.certificateName, try CertificateFile.text(certificate, of: model.problem)),
      ]
      for (name, text) in texts {
        try writer.stage(text, as: name)
        record.files.append(ModelFile.FileDigest(name: name, sha256: Digest.sha256(of: text)))
      }
      let policy = writer.stagingPath(for: Self.policyName)
      try PolicyFile.write(certificate, of: model.problem, to: policy)
      do throws(ModelFileError) {
        record.files.append(
          ModelFile.FileDigest(name: Self.policyName, sha256: try Digest.sha256(ofFile: policy)))
      } catch { throw .cannotWrite(path: policy, reason: "the file just written cannot be read") }
      record.status = .certified
      try writer.stage(record.text(), as: Self.recordName)
      try writer.publish()
    } catch {
      Self.recordFailure("\(error)", record, directory)
      throw .files(error)
    }
    return true
  }

  /// Says in the record that the run failed. A disk that cannot take this either leaves the record at `running`; the error
  /// that is thrown matters more.
  private static func recordFailure(_ reason: String, _ record: RunRecord, _ directory: String) {
    var failed = record
    failed.status = .failed(reason)
    failed.files = []
    if let text = try? failed.text() { try? AtomicFile.write(text, to: "\(directory)/\(recordName)") }
  }

  /// Records that the run failed.
  public consuming func fail(
    _ reason: String, ended: Instant, wallSeconds: Double, usage: RunRecord.Usage = .current
  ) throws(InterchangeError) {
    close(ended: ended, wallSeconds: wallSeconds, usage: usage)
    record.status = .failed(reason)
    try writer.replaceNow(record.text(), as: Self.recordName)
  }

  private mutating func close(ended: Instant, wallSeconds: Double, usage: RunRecord.Usage) {
    record.ended = ended
    record.wallSeconds = wallSeconds
    record.usage = usage
  }
}

extension Certificate {
  /// The settings that were really used.
  var encodedSettings: JSONValue {
    switch answer {
    case .optionBook(let answer):
      let grid = answer.solution.grid
      return [
        "method": .string(answer.formula?.rule.formula.rawValue ?? FiniteHorizon.name),
        "spots": .integer(grid.logSpots.count),
        "holdings": .integer(grid.holdings.count), "steps": .integer(grid.times.count - 1),
        "deviations": .number(answer.solution.settingsGiven.deviations), "paths": .integer(answer.settings.paths),
        "checksPerPath": .integer(answer.settings.checksPerPath), "gridGiven": answer.solution.settingsGiven.encoded,
      ]
    case .tracking(let answer):
      return ["method": .string(StationarySolver.name), "degree": .integer(answer.solution.settings.degree)]
    }
  }
}

extension GridSettings {
  /// Counts that were given, in place of a choice: with them the choice is the same again.
  fileprivate var encoded: JSONValue {
    let counts = [("spots", spots), ("holdings", holdings), ("steps", steps)]
    return .object(
      counts.compactMap { name, count in count.map { JSONMember(name, .integer($0)) } } + [
        JSONMember("deviations", .number(deviations))
      ])
  }
}
