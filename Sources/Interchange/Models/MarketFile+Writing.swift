import Calibration

extension MarketCalibration {
  /// The schema of market files.
  public static let schema = "deadband.market/1"

  /// The market file: JSON5 with comments, the same bytes for the same calibration.
  /// - Throws: `InterchangeError.notFinite`.
  public func text() throws(InterchangeError) -> String {
    try JSONWriter.text(
      of: encoded, dialect: .commentedJSON5,
      heading: "Volatility regimes fitted to \(sample.source), \(sample.from.text) to \(sample.to.text).\n"
        + "Rates and volatilities are per year; standardError is left out where none exists.")
  }

  public var encoded: JSONValue {
    .object([
      JSONMember("schema", .string(Self.schema)),
      JSONMember("regimes", .array(regimes.map(Self.encode)), comment: "In ascending order of volatility."),
      JSONMember(
        "switching", .object([JSONMember("perYear", .array(generator.map { .array($0.map(Self.encode)) }))]),
        comment: "Generator, from row to column; rows sum to zero."),
      JSONMember(
        "current",
        .object([
          JSONMember("regime", .string(regimes[currentRegime].name)),
          JSONMember("probability", .number(regimes[currentRegime].probability)),
        ]), comment: "The most probable regime at the end of the sample."),
      JSONMember("sample", encode(sample)),
      JSONMember("method", encode(method)),
      JSONMember("filter", Self.encode(filter), comment: "The online regime filter, per step of the sample."),
    ])
  }

  private static func encode(_ estimate: Calibration.Estimate) -> JSONValue {
    var members = [JSONMember("value", .number(estimate.value))]
    if let error = estimate.standardError, error.isFinite {
      members.append(JSONMember("standardError", .number(error)))
    }
    return .object(members)
  }

  private static func encode(_ regime: Regime) -> JSONValue {
    var members = [
      JSONMember("name", .string(regime.name)), JSONMember("volatility", encode(regime.volatility)),
      JSONMember("drift", encode(regime.drift)),
      JSONMember("stationaryProbability", encode(regime.stationaryProbability)),
    ]
    // A chain of one regime never leaves it.
    if regime.expectedYears.value.isFinite {
      members.append(JSONMember("expectedYears", encode(regime.expectedYears)))
    }
    return .object(members + [JSONMember("probability", .number(regime.probability))])
  }

  private func encode(_ sample: Sample) -> JSONValue {
    [
      "source": .string(sample.source), "sha256": .string(sample.sha256), "column": .string(sample.column),
      "rows": .integer(sample.rows), "returns": .integer(sample.returns), "from": .string(sample.from.text),
      "to": .string(sample.to.text), "bridgedGaps": .integer(sample.bridgedGaps),
      "droppedGaps": .integer(sample.droppedGaps), "missingBars": .integer(sample.missingBars),
      "clock": .string(sample.clock), "step": .number(sample.step), "stepsPerYear": .number(sample.stepsPerYear),
      "lastPrice": .number(sample.lastPrice),
    ]
  }

  private func encode(_ method: Method) -> JSONValue {
    [
      "seed": .integer(method.seed), "starts": .integer(method.starts),
      "logLikelihood": .number(method.logLikelihood), "converged": .boolean(method.converged),
      "generator": .string(method.generator), "generatorAdjustment": .number(method.generatorAdjustment),
      "candidates": .array(
        method.candidates.map {
          [
            "regimes": .integer($0.regimes), "freeParameters": .integer($0.freeParameters),
            "logLikelihood": .number($0.logLikelihood), "bic": .number($0.bic), "converged": .boolean($0.converged),
          ]
        }),
    ]
  }

  /// Also written into `parameters.json`.
  static func encode(_ filter: Filter) -> JSONValue {
    [
      "means": .numbers(filter.means), "variances": .numbers(filter.variances),
      "transition": .array(filter.transition.map { .numbers($0) }), "stationary": .numbers(filter.stationary),
      "longestGap": .integer(filter.longestGap), "probabilities": .numbers(filter.probabilities),
    ]
  }
}
