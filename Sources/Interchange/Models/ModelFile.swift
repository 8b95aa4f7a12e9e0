import Calibration
import Control
import Formulation
import Simulation

/// A model file, decoded: the problem it states, and everything needed to say later what was asked.
///
/// Goals in priority order: nothing in the file is ignored; every refusal has file, line and column; the same bytes give
/// the same problem. Keys, units and defaults are those of the schema `deadband.model/1`. Files that the model names are
/// found relative to it.
///
/// *Verified by* `ModelFileTests`, `ModelFileRefusalTests` and `ShippedModelTests`.
public struct ModelFile: Sendable {
  /// The schema that is read.
  public static let schema = "deadband.model/1"

  /// A file and the SHA-256 digest of its bytes.
  public struct FileDigest: Hashable, Sendable {
    /// As the model names it.
    public let name: String
    public let sha256: String
  }

  public let name: String
  /// The name under which the file was asked for; nil for bytes without one.
  public let path: String?
  /// SHA-256 of the model's bytes, before overrides.
  public let sha256: String
  /// The files the model refers to, in the order read.
  public let references: [FileDigest]
  /// The `--set` arguments, in the order given.
  public let overrides: [String]
  /// Under a risk budget that has not been met yet, at the risk aversion where the search begins.
  public private(set) var problem: Problem
  /// The cap on risk that the model states in place of a risk aversion.
  public let riskBudget: RiskBudget?
  /// The point of the frontier that meets the budget, once found.
  public private(set) var budgetPoint: FrontierPoint?
  /// `CVaR_α` of the loss there [quote], where that is what the budget caps.
  public private(set) var budgetTail: Simulation.Estimate?
  /// The multiplier of a turnover budget, once found; the problem's costs then contain it.
  public private(set) var turnover: TurnoverMultiplier?
  /// Nil for a problem that is solved without a grid.
  public let grid: GridSettings?
  /// Further spots at which the bands are asked for [quote/unit].
  public let outputSpots: [Double]
  /// The calibration behind the regimes, when there is one.
  public let market: MarketCalibration?

  /// Reads and decodes a file.
  /// - Throws: `ModelFileError`.
  public init(path: String, overrides: [String] = []) throws(ModelFileError) {
    let bytes: [UInt8]
    do { bytes = try SystemFile.read(path) } catch { throw .unreadable(file: path, reason: error.reason) }
    try self.init(bytes: bytes, path: path, directory: SystemFile.split(path).parent, overrides: overrides)
  }

  /// Decodes bytes; files that the model names are looked for in `directory`.
  /// - Throws: `ModelFileError`.
  public init(
    bytes: [UInt8], path: String? = nil, directory: String = ".", overrides: [String] = []
  ) throws(ModelFileError) {
    let source: SourcePosition.Source = path.map { .file($0) } ?? .text
    var replacements: [ModelValueOverride] = []
    for override in overrides { replacements.append(try ModelValueOverride(override)) }
    let document = try JSON5Document(parsing: bytes, source: source).applying(replacements)
    var decoder = ModelDecoder(root: document.root, directory: directory)
    let decoded = try decoder.decode()
    name = decoded.problem.name
    self.path = path
    sha256 = Digest.sha256(of: bytes)
    references = decoder.references
    self.overrides = overrides
    problem = decoded.problem
    grid = decoded.grid
    outputSpots = decoded.outputSpots
    market = decoded.market
    riskBudget = decoded.riskBudget
  }

  /// SHA-256 of the problem's canonical encoding, as `sha256:<digits>`: two files that state the same problem have the
  /// same, whatever their spelling.
  public var problemDigest: String { Digest.ofJSON(encodedProblem) }

  /// The problem in canonical form; with a risk budget that has not been met yet, the budget in place of a risk aversion.
  public var encodedProblem: JSONValue {
    guard let riskBudget, budgetPoint == nil, case .object(let members) = problem.encoded else {
      return problem.encoded
    }
    return .object(
      members.map { $0.key == "riskAversion" ? JSONMember("riskBudget", riskBudget.encoded) : $0 })
  }

  /// The model at the risk aversion that meets its budget; a model without one as it is.
  ///
  /// - Parameter tail: `CVaR_α` of the loss there [quote], where that is what the budget caps.
  public func meetingBudget(at point: FrontierPoint, tail: Simulation.Estimate? = nil) -> ModelFile {
    guard riskBudget != nil, case .optionBook(let open) = problem else { return self }
    var met = self
    met.problem = .optionBook(open.replacing(preference: .quadratic(riskAversion: point.riskAversion)))
    met.budgetPoint = point
    met.budgetTail = tail
    return met
  }

  /// Whether the model caps what is traded.
  public var hasTurnoverBudget: Bool {
    if case .optionBook(let problem) = problem { problem.execution.turnoverBudget != nil } else { false }
  }

  /// The model with the multiplier of its turnover budget among the costs.
  public func charging(_ multiplier: TurnoverMultiplier) -> ModelFile {
    guard case .optionBook(let open) = problem else { return self }
    var met = self
    met.problem = .optionBook(open.charging(multiplier.fraction))
    met.turnover = multiplier
    return met
  }

  /// The preference as the model gives it and as it was used, for records; nil when they are the same.
  var encodedPreference: JSONValue? {
    guard let riskBudget, let point = budgetPoint else { return nil }
    var members = [
      JSONMember("given", ["riskBudget": riskBudget.encoded]),
      JSONMember("used", ["quadratic": ["riskAversion": .number(point.riskAversion)]]),
      JSONMember("deviation", ["value": .number(point.deviation.value), "error": .number(point.deviation.error)]),
      JSONMember("expectedCost", ["value": .number(point.cost.value), "error": .number(point.cost.error)]),
    ]
    if let tail = budgetTail {
      members.append(
        JSONMember(
          RiskBudget.Measure.conditionalValueAtRisk.rawValue,
          [
            "level": .number(riskBudget.level), "mean": .number(tail.mean),
            "standardError": .number(tail.standardError),
          ]))
    }
    return .object(members)
  }
}
