import Certification
import Control
import Formulation

/// Why a result directory cannot be read back.
public enum EmittedResultError: Error, Equatable, Sendable {
  /// A file of it that is not what it should be, or is not there.
  case file(ModelFileError)
  case netCDF(InterchangeError)
  /// The last run in the directory did not end with a certificate: what lies beside its record is of another run.
  case notCertified(status: String)
  /// A file has changed since the run that wrote it.
  case changed(file: String, stated: String, found: String)
  /// A file of the result that its record does not name.
  case unrecorded(file: String)
  /// The table lacks what the problem has, or has what it lacks.
  case otherShape(variable: String)
}

/// A result read back from its files alone: the problem, the policy, what is stated of it, and how it was found.
///
/// Digests are checked before anything is believed. The problem is that of `problem.json`, whose bytes have the problem's
/// digest. *Verified by* `EmittedResultTests`.
public struct EmittedResult: Sendable {
  /// What a result states.
  public enum Statement: Sendable {
    case optionBook(OptionBookProblem, EmittedPolicy)
    case tracking(TrackingProblem, [(band: Band, value: Approximation)])
  }

  public let problem: Problem
  public let problemDigest: String
  /// What found the bands, as `--method` names it.
  public let method: String
  /// Nil for a problem that is solved without a grid.
  public let grid: GridSettings?
  public let paths: Int?
  public let checksPerPath: Int?
  public let seed: UInt64
  /// The version of the program that wrote it, and when.
  public let programVersion: String
  public let ended: Instant
  public let statement: Statement
  /// The classes that were asked for.
  public let classes: Set<BookClass>
  private let directory: String
  private let used: JSONValue
  private let outputSpots: [Double]?
  private let parameters: JSONValue
  private let certificate: JSONValue

  /// - Throws: `EmittedResultError`.
  public init(directory: String) throws(EmittedResultError) {
    func path(_ name: String) -> String { Self.path(name, in: directory) }
    self.directory = directory
    let record: EmittedRecord
    do throws(ModelFileError) {
      record = try EmittedRecord(JSON5Document(contentsOf: path(ResultRun.recordName)).root)
    } catch { throw .file(error) }
    guard record.status == RunRecord.Status.certified.word else { throw .notCertified(status: record.status) }
    for name in [ResultRun.problemName, ResultRun.parametersName, ResultRun.certificateName, ResultRun.policyName] {
      guard let stated = record.digests[name] else { throw .unrecorded(file: path(name)) }
      let found: String
      do throws(ModelFileError) { found = try Digest.sha256(ofFile: path(name)) } catch { throw .file(error) }
      guard stated == found else { throw .changed(file: path(name), stated: stated, found: found) }
    }
    let emitted: EmittedParameters
    let certified: String
    do throws(ModelFileError) {
      problem = try ProblemDecoder.problem(JSON5Document(contentsOf: path(ResultRun.problemName)).root)
      let parametersRoot = try JSON5Document(contentsOf: path(ResultRun.parametersName)).root
      emitted = try EmittedParameters(parametersRoot, policy: record.policyName, problem: problem)
      parameters = JSONValue(parametersRoot)
      let certificateRoot = try JSON5Document(contentsOf: path(ResultRun.certificateName)).root
      var object = try StrictObject(certificateRoot)
      _ = try object.required("schema").string(oneOf: [CertificateFile.schema])
      certified = try object.required("problemDigest").string()
      certificate = JSONValue(certificateRoot)
    } catch { throw .file(error) }
    problemDigest = problem.digest
    for (file, stated) in [
      (ResultRun.problemName, record.problemDigest), (ResultRun.parametersName, emitted.problemDigest),
      (ResultRun.certificateName, certified),
    ] where stated != problemDigest {
      throw .changed(file: path(file), stated: stated, found: problemDigest)
    }
    used = record.used
    outputSpots = record.outputSpots
    method = record.method
    grid = record.grid
    paths = record.paths
    checksPerPath = record.checksPerPath
    seed = record.seed
    programVersion = record.programVersion
    ended = record.ended
    classes = emitted.classes
    switch problem {
    case .tracking(let problem): statement = .tracking(problem, Array(zip(emitted.bands, emitted.values)))
    case .optionBook(let problem):
      let table: PolicyTable
      do throws(InterchangeError) {
        let file = try NetCDFContents(reading: path(ResultRun.policyName))
        guard file.text("problem_digest") == problemDigest else {
          throw .wrongShape(variable: "", expected: 0, found: 0)
        }
        table = try PolicyFile.table(file, problem)
      } catch .wrongShape(let variable, _, _) {
        throw .otherShape(variable: variable)
      } catch { throw .netCDF(error) }
      statement = .optionBook(
        problem,
        EmittedPolicy(
          table: table, values: emitted.values, bands: emitted.plainBands(of: problem), decisions: emitted.decisions))
    }
  }

  private static func path(_ name: String, in directory: String) -> String { "\(directory)/\(name)" }
}

extension EmittedResult {
  /// A certificate of it as `certificate.json` has it, and what its files say otherwise.
  public func encoded(_ certificate: Certificate, _ misstatements: [Misstatement]) -> JSONValue {
    guard case .object(let members) = CertificateFile.encoded(certificate, of: problem) else { return .null }
    return .object(members + [JSONMember("misstatements", .array(misstatements.map(\.encoded)))])
  }

  /// Where `parameters.json`, `certificate.json` and `policy.nc` do not say what is found again.
  ///
  /// Of `parameters.json` all is compared but what comes from the model beside its problem: a calibration's filter, the multiplier
  /// of a turnover budget, the provenance.
  ///
  /// - Parameter found: the certificate of the same problem with the same settings; a refused one states nothing.
  /// - Throws: `EmittedResultError` where the policy's file cannot be read.
  public func misstatements(beside found: Certificate) throws(EmittedResultError) -> [Misstatement] {
    guard found.isCertified else { return [] }
    let outputSpots = outputSpots ?? spotsOfFile
    let statement: (members: [JSONMember], vectors: [DecisionVector])
    do {
      statement = try Parameters.statement(found, problem: problem, outputSpots: outputSpots)
    } catch {
      return [Misstatement(file: ResultRun.parametersName, place: "spots", stated: "\(outputSpots)", found: nil)]
    }
    var words = StatementComparison(file: ResultRun.parametersName)
    words.compare(
      parameters.without([Parameters.filterKey, Parameters.turnoverKey, Parameters.provenanceKey]),
      with: .object(statement.members + [Parameters.encoded(statement.vectors, problem)]))
    var settings = StatementComparison(file: ResultRun.recordName)
    settings.compare(
      used.without([ResultRun.outputSpotsKey]),
      with: found.encodedSettings.without(used[ResultRun.gridGivenKey] == nil ? [ResultRun.gridGivenKey] : []),
      at: "settings.used")
    var checks = StatementComparison(file: ResultRun.certificateName)
    checks.compare(certificate, with: CertificateFile.encoded(found, of: problem))
    var table = StatementComparison(file: ResultRun.policyName)
    do throws(InterchangeError) {
      let stated = try NetCDFContents(reading: Self.path(ResultRun.policyName, in: directory))
      try table.compare(stated, with: PolicyFile.contents(found, of: problem))
    } catch { throw .netCDF(error) }
    return settings.misstatements + words.misstatements + checks.misstatements + table.misstatements
  }

  /// Of a record that does not name them.
  private var spotsOfFile: [Double] {
    guard case .array(let rows) = parameters["spots"] else { return [] }
    return rows.compactMap { if case .number(let spot) = $0["spot"] { spot } else { nil } }
  }
}

extension JSONValue {
  fileprivate func without(_ keys: [String]) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(members.filter { !keys.contains($0.key) })
  }
}

/// What of `run.json` is needed to ask again. Keys that only tell a story are not read.
private struct EmittedRecord {
  var status: String
  var problemDigest: String
  var digests: [String: String] = [:]
  var method = ""
  /// Settings as they were used.
  var used = JSONValue.null
  /// Further spots at which bands were asked for [quote/unit]; nil where the record does not say.
  var outputSpots: [Double]?
  var grid: GridSettings?
  var paths: Int?
  var checksPerPath: Int?
  var seed: UInt64
  var programVersion: String
  var ended = Instant(seconds: 0)

  /// The class of the table: a formula's own name, else the optimum.
  var policyName: String { Formula(rawValue: method) == nil ? BookClass.optimal.rawValue : method }

  init(_ root: JSON5Node) throws(ModelFileError) {
    var object = try StrictObject(root)
    _ = try object.required("schema").string(oneOf: [RunRecord.schema])
    status = try object.required("status").string()
    problemDigest = try object.required("problemDigest").string()
    seed = UInt64(try object.required("seed").integer(in: 0...Int.max))
    var versions = try object.required("versions").object()
    programVersion = try versions.required("deadband").string()
    guard status == RunRecord.Status.certified.word else { return }
    ended = try object.required("ended").instant()
    for entry in try object.required("results").array() {
      var file = try entry.object()
      digests[try file.required("name").string()] = try file.required("sha256").string()
    }
    var settings = try object.required("settings").object()
    let given = try settings.required("used")
    self.used = JSONValue(given.node)
    var used = try given.object()
    method = try used.required("method").string(
      oneOf: [FiniteHorizon.name, StationarySolver.name] + Formula.allCases.map(\.rawValue))
    outputSpots = try used.optional(ResultRun.outputSpotsKey)?.array().map { (spot) throws(ModelFileError) in
      try spot.number(in: .positive)
    }
    guard let paths = used.optional("paths") else { return }
    self.paths = try paths.integer(in: Self.counts)
    checksPerPath = try used.required("checksPerPath").integer(in: Self.counts)
    // What was chosen is chosen again. A record that does not tell what was given has the counts alone.
    if var given = try used.optional(ResultRun.gridGivenKey)?.object() {
      grid = try Self.grid(&given)
    } else {
      grid = try Self.grid(&used)
    }
  }

  private static let counts = 1...Int(Int32.max)

  private static func grid(_ object: inout StrictObject) throws(ModelFileError) -> GridSettings {
    GridSettings(
      spots: try object.optional("spots")?.integer(in: counts),
      holdings: try object.optional("holdings")?.integer(in: counts),
      steps: try object.optional("steps")?.integer(in: counts),
      deviations: try object.required("deviations").number(in: .positive))
  }
}

/// What of `parameters.json` a rebalancer acts on.
private struct EmittedParameters {
  let problemDigest: String
  /// Per regime, as stated: in the problem's own convention.
  private(set) var bands: [Band] = []
  private(set) var values: [Approximation] = []
  private(set) var decisions: [EmittedPolicy.Decision] = []
  /// Classes with numbers, or without for another reason than that nobody asked.
  private(set) var classes: Set<BookClass> = []

  init(_ root: JSON5Node, policy: String, problem: Problem) throws(ModelFileError) {
    var object = try StrictObject(root)
    _ = try object.required("schema").string(oneOf: [Parameters.schema])
    problemDigest = try object.required("problemDigest").string()
    let names = problem.regimeNames
    for (e, entry) in try object.required("regimes").array(count: names.count...names.count).enumerated() {
      var regime = try entry.object()
      _ = try regime.required("name").string(oneOf: [names[e]])
      var value = try regime.required("value").object()
      values.append(
        Approximation(
          value: try value.required("total").number(), error: try value.required("error").number(in: .nonNegative)))
      var classes = try regime.required("classes").object()
      self.classes.formUnion(classes.keys.compactMap { BookClass(rawValue: $0) })
      var own = try classes.required(policy).object()
      bands.append(try Self.band(own.required("band")))
    }
    for entry in try object.optional("omittedClasses")?.array() ?? [] {
      var omitted = try entry.object()
      let name = try omitted.required("class").string()
      if try omitted.required("reason").string() != Self.notRequested, let name = BookClass(rawValue: name) {
        classes.insert(name)
      }
    }
    guard case .optionBook(let book) = problem else { return }
    for entry in try object.required("decisionVectors").array() {
      var row = try entry.object()
      let name = try row.required("regime").string(oneOf: names)
      decisions.append(
        EmittedPolicy.Decision(
          time: try row.required("time").number(in: .nonNegative) / book.dayCount.secondsPerYear,
          spot: try row.required("spot").number(in: .positive), regime: names.firstIndex(of: name) ?? 0,
          inventory: try row.required("inventory").number(), trade: try row.optional("trade")?.number() ?? 0))
    }
  }

  private static let notRequested = BookClassOmission.notRequested.word(regimes: [])

  private static func band(_ value: StrictValue) throws(ModelFileError) -> Band {
    var object = try value.object()
    let band = Band(
      lower: try object.optional("lower")?.number() ?? -.infinity,
      upper: try object.optional("upper")?.number() ?? .infinity,
      targetLower: try object.optional("targetLower")?.number() ?? -.infinity,
      targetUpper: try object.optional("targetUpper")?.number() ?? .infinity)
    return band.with(
      slopeLower: try object.optional("slopeLower")?.number() ?? 0,
      slopeUpper: try object.optional("slopeUpper")?.number() ?? 0)
  }

  /// In Black–Scholes net delta.
  func plainBands(of problem: OptionBookProblem) -> [Band] {
    bands.enumerated().map {
      $1.shifted(by: -problem.conventionShift(time: 0, spot: problem.market.spot, regime: $0))
    }
  }
}
