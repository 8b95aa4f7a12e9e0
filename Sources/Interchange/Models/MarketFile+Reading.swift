import Calibration
import Formulation

extension MarketCalibration {
  /// Reads a market file strictly.
  /// - Throws: `ModelFileError`.
  public init(path: String) throws(ModelFileError) {
    let bytes: [UInt8]
    do { bytes = try SystemFile.read(path) } catch { throw .unreadable(file: path, reason: error.reason) }
    try self.init(parsing: bytes, source: .file(path))
  }

  /// - Throws: `ModelFileError`.
  public init(parsing bytes: [UInt8], source: SourcePosition.Source = .text) throws(ModelFileError) {
    var object = try StrictObject(try JSON5Document(parsing: bytes, source: source).root)
    _ = try object.required("schema").string(oneOf: [Self.schema])
    var regimes: [Regime] = []
    for entry in try object.required("regimes").array(count: 1...RegimeModel.mostRegimes) {
      regimes.append(try Self.regime(entry))
    }
    let count = regimes.count
    var switching = try object.required("switching").object()
    var generator: [[Calibration.Estimate]] = []
    for row in try switching.required("perYear").array(count: count...count) {
      var rates: [Calibration.Estimate] = []
      for entry in try row.array(count: count...count) { rates.append(try Self.estimate(entry)) }
      generator.append(rates)
    }
    try switching.finish()
    var current = try object.required("current").object()
    let names = regimes.map(\.name)
    let currentName = try current.required("regime").string(oneOf: names)
    _ = try current.required("probability").number(in: .fraction)
    try current.finish()
    let sample = try Self.sample(try object.required("sample"))
    let method = try Self.method(try object.required("method"))
    let filter = try Self.filter(try object.required("filter"), count: count)
    try object.finish()
    self.init(
      regimes: regimes, generator: generator, currentRegime: names.firstIndex(of: currentName) ?? 0, sample: sample,
      method: method, filter: filter)
  }

  private static func estimate(_ value: StrictValue, in range: NumberRange = .finite) throws(ModelFileError)
    -> Calibration.Estimate
  {
    var object = try value.object()
    let number = try object.required("value").number(in: range)
    let error = try object.optional("standardError")?.number(in: .nonNegative)
    try object.finish()
    return Calibration.Estimate(number, standardError: error)
  }

  private static func regime(_ value: StrictValue) throws(ModelFileError) -> Regime {
    var object = try value.object()
    let name = try object.required("name").name()
    let volatility = try estimate(try object.required("volatility"), in: .positive)
    let drift = try estimate(try object.required("drift"))
    let stationary = try estimate(try object.required("stationaryProbability"), in: .fraction)
    var years = Calibration.Estimate(.infinity, standardError: nil)
    if let stated = object.optional("expectedYears") { years = try estimate(stated, in: .positive) }
    let probability = try object.required("probability").number(in: .fraction)
    try object.finish()
    return Regime(
      name: name, volatility: volatility, drift: drift, stationaryProbability: stationary, expectedYears: years,
      probability: probability)
  }

  private static let counts = 0...Int(Int32.max)

  private static func sample(_ value: StrictValue) throws(ModelFileError) -> Sample {
    var object = try value.object()
    let sample = Sample(
      source: try object.required("source").name(), sha256: try object.required("sha256").name(),
      column: try object.required("column").name(), rows: try object.required("rows").integer(in: counts),
      returns: try object.required("returns").integer(in: counts), from: try object.required("from").instant(),
      to: try object.required("to").instant(), bridgedGaps: try object.required("bridgedGaps").integer(in: counts),
      droppedGaps: try object.required("droppedGaps").integer(in: counts),
      missingBars: try object.required("missingBars").integer(in: counts),
      clock: try object.required("clock").string(oneOf: ["calendar", "tradingDays"]),
      step: try object.required("step").number(in: .positive),
      stepsPerYear: try object.required("stepsPerYear").number(in: .positive),
      lastPrice: try object.required("lastPrice").number(in: .positive))
    try object.finish()
    return sample
  }

  private static func method(_ value: StrictValue) throws(ModelFileError) -> Method {
    var object = try value.object()
    let seed = try object.required("seed").integer(in: counts)
    let starts = try object.required("starts").integer(in: counts)
    let logLikelihood = try object.required("logLikelihood").number()
    let converged = try object.required("converged").boolean()
    let generator = try object.required("generator").string(oneOf: ["logarithm", "adjustedLogarithm", "firstOrder"])
    let adjustment = try object.required("generatorAdjustment").number()
    var candidates: [Candidate] = []
    for entry in try object.required("candidates").array() {
      var row = try entry.object()
      candidates.append(
        Candidate(
          regimes: try row.required("regimes").integer(in: counts),
          freeParameters: try row.required("freeParameters").integer(in: counts),
          logLikelihood: try row.required("logLikelihood").number(), bic: try row.required("bic").number(),
          converged: try row.required("converged").boolean()))
      try row.finish()
    }
    try object.finish()
    return Method(
      seed: seed, starts: starts, logLikelihood: logLikelihood, converged: converged, generator: generator,
      generatorAdjustment: adjustment, candidates: candidates)
  }

  private static func filter(_ value: StrictValue, count: Int) throws(ModelFileError) -> Filter {
    var object = try value.object()
    let filter = Filter(
      means: try object.required("means").numbers(count: count...count),
      variances: try object.required("variances").numbers(count: count...count, in: .positive),
      transition: try object.required("transition").matrix(rows: count, columns: count, in: .fraction),
      stationary: try object.required("stationary").numbers(count: count...count, in: .fraction),
      longestGap: try object.required("longestGap").integer(in: counts),
      probabilities: try object.required("probabilities").numbers(count: count...count, in: .fraction))
    try object.finish()
    return filter
  }
}
