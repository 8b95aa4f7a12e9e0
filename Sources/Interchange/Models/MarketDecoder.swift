import Calibration
import Formulation

/// The market: stated regimes, regimes from a market file, or regimes fitted to prices while the model is read.
extension ModelDecoder {
  mutating func market(
    _ value: StrictValue, valuation: Instant
  ) throws(ModelFileError) -> (Market, MarketCalibration?, [EnvironmentFactor]) {
    var object = try value.object()
    let underlying = try object.required("underlying").name()
    let quote = try object.required("quote").name()
    let spot = try object.required("spot").number()
    let rate = try object.optional("rate")?.fraction(in: .closed(-10, 10)) ?? 0
    let regimesValue = try object.required("regimes")
    var regimes: [Formulation.Regime] = []
    let generator: Generator
    var priceJumps: [[Double]] = []
    var calibration: MarketCalibration?
    if regimesValue.kind == .object {
      let (market, useDrift) = try calibrated(regimesValue, valuation: valuation)
      calibration = market
      regimes = market.regimes.map {
        Formulation.Regime(name: $0.name, volatility: $0.volatility.value, drift: useDrift ? $0.drift.value : rate)
      }
      if let switching = object.optional("switching") {
        let error = FormulationError.unsupported(
          field: switching.path.description, what: "calibrated regimes bring their own switching rates")
        throw .formulation(position: switching.position, error: error)
      }
      generator = try validated { () throws(FormulationError) in
        try Generator(market.generator.map { $0.map(\.value) }, field: "market.switching.perYear")
      }
    } else {
      for entry in try regimesValue.array() { regimes.append(try regime(entry, rate: rate)) }
      (generator, priceJumps) = try marketSwitching(&object, regimes: regimes.count)
    }
    let (stated, moves) = (regimes, priceJumps)
    let base = try validated { () throws(FormulationError) in
      try EnvironmentChain(regimes: stated, generator: generator, switchJumps: moves)
    }
    let factors = try factors(object.optional("factors"))
    let environment = try validated { () throws(FormulationError) in try base.multiplied(by: factors) }
    var current = (calibration?.currentRegime ?? 0) * (environment.count / base.count)
    if let name = object.optional("currentRegime") {
      let names = environment.regimes.map(\.name)
      let text = try name.string()
      guard let index = names.firstIndex(of: text) else {
        let error = FormulationError.unknownName(field: name.path.description, name: text, allowed: names)
        throw .formulation(position: name.position, error: error)
      }
      current = index
    }
    try object.finish()
    let market = Market(
      underlying: underlying, quote: quote, spot: spot, rate: rate, environment: environment, currentRegime: current)
    return (market, calibration, factors)
  }

  private func regime(_ entry: StrictValue, rate: Double) throws(ModelFileError) -> Formulation.Regime {
    var object = try entry.object()
    let name = try object.required("name").name()
    let volatility = try object.required("volatility").fraction()
    let drift = try object.optional("drift")?.fraction() ?? rate
    let funding = try object.optional("funding")?.fraction() ?? 0
    let implied = try object.optional("impliedVolatility")?.fraction()
    let jumps = try object.optional("jumps").map { (value) throws(ModelFileError) in try priceJumps(value) }
    try object.finish()
    return Formulation.Regime(
      name: name, volatility: volatility, drift: drift, funding: funding, impliedVolatility: implied, jumps: jumps)
  }

  private mutating func calibrated(
    _ value: StrictValue, valuation: Instant
  ) throws(ModelFileError) -> (MarketCalibration, useDrift: Bool) {
    var object = try value.object()
    let useDrift = try object.optional("useDrift")?.boolean() ?? false
    let file = object.optional("calibrated")
    let request = object.optional("calibrate")
    try object.finish()
    switch (file, request) {
    case (let file?, nil):
      let (name, bytes) = try referenced(file)
      return (try MarketCalibration(parsing: bytes, source: .file(name)), useDrift)
    case (nil, let request?):
      return (try calibrate(request, valuation: valuation), useDrift)
    default:
      let found = (file == nil ? 0 : 1) + (request == nil ? 0 : 1)
      throw .wrongCount(position: value.position, path: value.path.description, found: found, allowed: 1...1)
    }
  }

  /// Rows of a trading-day clock in a year: the usual count of sessions of United States equities.
  private static let tradingDaysPerYear = 252.0
  /// `auto` compares 1 to this many regimes by BIC.
  private static let mostRegimes = 4

  /// Fits regimes to the prices known at the valuation.
  private mutating func calibrate(
    _ value: StrictValue, valuation: Instant
  ) throws(ModelFileError) -> MarketCalibration {
    var object = try value.object()
    let (file, bytes) = try referenced(try object.required("prices"))
    let column = try object.optional("column")?.name()
    let from = try object.optional("from")?.instant()
    let upTo = try object.optional("upTo")?.instant() ?? valuation
    let count = try regimeCount(try object.required("regimes"))
    let clock = try object.optional("clock")?.string(oneOf: ["calendar", "tradingDays"]) ?? "calendar"
    let seed = try object.optional("seed")?.integer(in: 0...Int(Int32.max)) ?? 0
    try object.finish()
    do {
      let series = try PriceSeries(
        csv: bytes, options: PriceOptions(priceColumn: column, from: from?.seconds, upTo: upTo.seconds))
      let fit = try MarketFit.fit(
        series, clock: clock == "calendar" ? .calendar : .tradingDays(perYear: Self.tradingDaysPerYear),
        options: RegimeOptions(count: count, seed: UInt64(seed)))
      return MarketCalibration(fit, source: SystemFile.split(file).name, sha256: Digest.sha256(of: bytes))
    } catch {
      let position = error.filePosition.map {
        SourcePosition(source: .file(file), line: $0.line, column: $0.column)
      }
      throw .calibration(position: position ?? value.position, path: value.path.description, error: error)
    }
  }

  private func regimeCount(_ value: StrictValue) throws(ModelFileError) -> RegimeCount {
    if value.kind == .string {
      _ = try value.string(oneOf: ["auto"])
      return .automatic(upTo: Self.mostRegimes)
    }
    return .fixed(try value.integer(in: 1...RegimeModel.mostRegimes))
  }
}

extension CalibrationError {
  /// Where in the price file the fact was found.
  var filePosition: FilePosition? {
    switch self {
    case .wrongFieldCount(let at, _, _), .unclosedQuote(let at), .malformedTime(let at, _),
      .duplicateTime(let at, _), .timeNotIncreasing(let at, _, _), .emptyPrice(let at), .malformedPrice(let at, _),
      .priceNotFinite(let at, _), .priceNotPositive(let at, _):
      at
    case .emptyFile, .missingColumn, .ambiguousPriceColumn: FilePosition(line: 1, column: 1)
    default: nil
    }
  }
}
