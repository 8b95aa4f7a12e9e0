import Certification
import Formulation

/// Why a result has no parameters.
public enum ParametersError: Error, Equatable, Sendable {
  /// The certificate did not pass: these checks failed.
  case refused([Check])
  /// The model asks for a spot that the grid does not reach.
  case spotOutsideGrid(spot: Double, lowest: Double, highest: Double)
  /// The certificate is of another problem than the model.
  case otherProblem
}

/// What a production rebalancer is given: bands, intervals, values, validity and decision vectors, in the schema
/// `deadband.parameters/1`.
///
/// It exists only for a solution whose certificate passed: there is no other way to make one.
/// *Verified by* `ParametersTests`.
public struct Parameters: Sendable {
  public static let schema = "deadband.parameters/1"

  /// The content of `parameters.json`.
  public let encoded: JSONValue
  /// The states and actions in it.
  public let decisionVectors: [DecisionVector]

  /// - Parameters:
  ///   - model: the file that was solved.
  ///   - programVersion: the version of this program.
  /// - Throws: `ParametersError`.
  public init(
    _ certificate: Certificate, model: ModelFile, programVersion: String
  ) throws(ParametersError) {
    let statement = try Self.statement(certificate, problem: model.problem, outputSpots: model.outputSpots)
    var provenance: [JSONMember] = [
      JSONMember("program", .string("deadband \(programVersion)")), JSONMember("model", .string(model.modelName)),
      JSONMember("modelSHA256", .string(model.sha256)),
    ]
    if !model.references.isEmpty { provenance.append(JSONMember("files", model.encodedReferences)) }
    if !model.overrides.isEmpty {
      provenance.append(JSONMember("set", .array(model.overrides.map { .string($0) })))
    }
    switch certificate.answer {
    case .optionBook(let answer):
      if let preference = model.encodedPreference {
        provenance.append(JSONMember("preference", preference))
        let simulated = answer.regimes[answer.problem.market.currentRegime].hedgingDeviation(in: answer.problem)
        provenance.append(
          JSONMember(
            "simulatedDeviation",
            [
              "mean": .number(simulated.mean), "standardError": .number(simulated.standardError),
              "unit": .string(answer.problem.market.quote),
            ]))
      }
      provenance.append(JSONMember("seed", .integer(Int(clamping: answer.settings.seed))))
      let grid = answer.solution.grid
      provenance.append(
        JSONMember(
          "grid",
          [
            "spots": .integer(grid.logSpots.count), "holdings": .integer(grid.holdings.count),
            "steps": .integer(grid.times.count - 1), "deviations": .number(answer.solution.settingsGiven.deviations),
          ]))
    case .tracking(let answer):
      provenance.append(JSONMember("degree", .integer(answer.solution.settings.degree)))
    }
    encoded = .object(
      statement.members + Self.asked(model) + [
        JSONMember(Self.provenanceKey, .object(provenance)), Self.encoded(statement.vectors, model.problem),
      ])
    decisionVectors = statement.vectors
  }

  /// What is said of a problem, whoever asks: all but what a model adds to its problem, and where it comes from.
  ///
  /// - Parameter outputSpots: further spots at which bands are asked for [quote/unit].
  /// - Throws: `ParametersError`.
  static func statement(
    _ certificate: Certificate, problem: Problem, outputSpots: [Double]
  ) throws(ParametersError) -> (members: [JSONMember], vectors: [DecisionVector]) {
    guard certificate.isCertified else { throw .refused(certificate.failures) }
    let content: (members: [JSONMember], vectors: [DecisionVector])
    switch certificate.answer {
    case .optionBook(let answer):
      guard problem == .optionBook(answer.problem) else { throw .otherProblem }
      content = try OptionBookParameters(answer: answer, outputSpots: outputSpots).content()
    case .tracking(let answer):
      guard problem == .tracking(answer.problem) else { throw .otherProblem }
      content = TrackingParameters(answer: answer).content()
    }
    let members =
      [
        JSONMember("schema", .string(Self.schema)), JSONMember("name", .string(problem.name)),
        JSONMember("kind", .string(problem.kind)), JSONMember("problemDigest", .string(problem.digest)),
      ] + content.members + [JSONMember("certificate", CertificateFile.summary(certificate))]
    return (members, content.vectors)
  }

  static let provenanceKey = "provenance"
  static let filterKey = "filter"
  static let turnoverKey = "turnoverBudget"

  /// What a model says beside its problem: the calibration's filter, and the multiplier that meets a turnover budget, which is
  /// charged in every figure; what it amounts to is nobody's income.
  private static func asked(_ model: ModelFile) -> [JSONMember] {
    var members: [JSONMember] = []
    if let market = model.market { members.append(JSONMember(filterKey, MarketCalibration.encode(market.filter))) }
    if let found = model.turnover, case .optionBook(let problem) = model.problem {
      members.append(
        JSONMember(
          turnoverKey,
          [
            "multiplier": .number(found.fraction), "turnoverPerYear": .number(found.turnover),
            "unit": .string(problem.market.quote),
            "notPaid": .number(found.fraction * found.turnover * problem.horizon),
          ]))
    }
    return members
  }

  static func encoded(_ vectors: [DecisionVector], _ problem: Problem) -> JSONMember {
    JSONMember(
      "decisionVectors",
      .array(
        vectors.map {
          $0.encoded(regimeNames: problem.regimeNames, measureName: problem.bandMeasure, isTimed: problem.isTimed)
        }))
  }

  /// The bytes of `parameters.json`.
  public func text() throws(InterchangeError) -> String { try JSONWriter.text(of: encoded) }
}

extension ModelFile {
  /// The file's name without its directory; `text` for bytes without a name.
  var modelName: String { path.map { SystemFile.split($0).name } ?? "text" }

  var encodedReferences: JSONValue {
    .array(references.map { ["name": .string($0.name), "sha256": .string($0.sha256)] })
  }
}

extension Problem {
  public var regimeNames: [String] {
    switch self {
    case .optionBook(let problem): return problem.environment.regimes.map(\.name)
    case .tracking(let problem): return problem.regimes.map(\.name)
    }
  }

  /// What its bands are bands of.
  var bandMeasure: String { isTimed ? "netDelta" : "deviation" }

  /// Whether decisions depend on time and spot.
  var isTimed: Bool {
    switch self {
    case .optionBook: return true
    case .tracking: return false
    }
  }
}
