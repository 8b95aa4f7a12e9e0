import Formulation

/// The positions: a list of legs, or a table in a file of its own.
extension ModelDecoder {
  mutating func book(
    _ value: StrictValue, underlying: String, regimes: Int
  ) throws(ModelFileError) -> [Position] {
    if value.kind == .object { return try bookFile(value, underlying: underlying) }
    var positions: [Position] = []
    for entry in try value.array() {
      positions.append(try leg(entry, index: positions.count, underlying: underlying, regimes: regimes))
    }
    return positions
  }

  private mutating func bookFile(
    _ value: StrictValue, underlying: String
  ) throws(ModelFileError) -> [Position] {
    var object = try value.object()
    let (file, bytes) = try referenced(try object.required("file"))
    try object.finish()
    var positions: [Position] = []
    for entry in try PositionTable(parsing: bytes, source: .file(file)).entries {
      legPositions.append(entry.instrumentPosition)
      let instrument = try listed(
        entry.instrument, field: "book[\(positions.count)].instrument", underlying: underlying)
      positions.append(
        Position(
          name: entry.instrument, instrument: instrument, quantity: entry.quantity,
          impliedVolatilities: entry.impliedVolatility.map { [$0] } ?? []))
    }
    return positions
  }

  /// An instrument by its exchange name, on the market's underlying.
  private func listed(
    _ name: String, field: String, underlying: String
  ) throws(ModelFileError) -> Instrument {
    try validated { () throws(FormulationError) in
      guard let (found, instrument) = Instrument.named(name) else {
        throw .instrumentName(field: field, name: name, expected: Instrument.nameShape)
      }
      guard found == underlying else {
        throw .underlying(field: field, instrument: name, found: found, expected: underlying)
      }
      return instrument
    }
  }

  private func leg(
    _ entry: StrictValue, index: Int, underlying: String, regimes: Int
  ) throws(ModelFileError) -> Position {
    var object = try entry.object()
    let listedName = object.optional("instrument")
    let option = object.optional("option")
    let forward = object.optional("forward")
    let quantity = try object.required("quantity").number()
    let volatility = object.optional("impliedVolatility")
    try object.finish()
    // `forward: true` is an instrument, a number is the forward price of one, and `false` says nothing.
    var isForward = false
    if let forward, forward.kind == .boolean { isForward = try forward.boolean() }
    let stated = (listedName == nil ? 0 : 1) + (option == nil ? 0 : 1) + (isForward ? 1 : 0)
    guard stated > 0 else {
      throw .missingKey(position: entry.position, path: entry.path.description, key: "instrument", similar: nil)
    }
    guard stated == 1 else {
      throw .wrongCount(position: entry.position, path: entry.path.description, found: stated, allowed: 1...1)
    }
    var position: Position
    if let listedName {
      let name = try listedName.name()
      let instrument = try listed(name, field: "book[\(index)].instrument", underlying: underlying)
      position = Position(name: name, instrument: instrument, quantity: quantity)
    } else if let option {
      position = try explicit(option, quantity: quantity)
    } else {
      position = Position(name: "forward", instrument: .forward, quantity: quantity)
    }
    if case .forward = position.instrument, let extra = volatility ?? (isForward ? nil : forward) {
      let error = FormulationError.unsupported(
        field: extra.path.description, what: "a forward has neither an implied volatility nor a forward price")
      throw .formulation(position: extra.position, error: error)
    }
    if let volatility {
      position.impliedVolatilities = try volatility.perLegVolatility(regimes)
    }
    if let forward, forward.kind != .boolean { position.forward = try forward.number() }
    return position
  }

  private func explicit(_ value: StrictValue, quantity: Double) throws(ModelFileError) -> Position {
    var option = try value.object()
    let kind: OptionKind = try option.required("type").choice()
    let strike = try option.required("strike").number()
    let expiry = try option.required("expiry").instant()
    try option.finish()
    return Position(
      name: "\(kind.rawValue) \(strike) \(expiry.text)",
      instrument: .option(kind: kind, strike: strike, expiry: expiry), quantity: quantity)
  }
}

extension StrictValue {
  /// One implied volatility, or one per regime [1/√year]; ranges are the problem's to check.
  fileprivate func perLegVolatility(_ regimes: Int) throws(ModelFileError) -> [Double] {
    guard kind == .array else { return [try fraction()] }
    return try perRegime(regimes) { (one) throws(ModelFileError) in try one.fraction() }
  }
}
