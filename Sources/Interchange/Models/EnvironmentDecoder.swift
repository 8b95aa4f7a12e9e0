import Formulation

/// Jumps of the price, switches that move it, and the factors that multiply an environment.
extension ModelDecoder {
  /// `{ merton: { intensity, mean, deviation } }` or `{ kou: { intensity, scaleUp, scaleDown, probabilityUp } }`.
  func priceJumps(_ value: StrictValue) throws(ModelFileError) -> PriceJumps {
    var object = try value.object()
    let (key, content) = try object.single(of: ["merton", "kou"])
    var law = try content.object()
    let intensity = try law.required("intensity").number()
    let jumps: PriceJumps
    if key == "merton" {
      let mean = try law.optional("mean")?.fraction() ?? 0
      jumps = PriceJumps(
        intensity: intensity, law: .merton(mean: mean, deviation: try law.required("deviation").fraction()))
    } else {
      let up = try law.required("scaleUp").fraction()
      let down = try law.required("scaleDown").fraction()
      jumps = PriceJumps(
        intensity: intensity,
        law: .kou(
          scaleUp: up, scaleDown: down, probabilityUp: try law.required("probabilityUp").fraction()))
    }
    try law.finish()
    return jumps
  }

  /// `switching: { perYear, priceJump }`, which a single regime may leave out.
  func marketSwitching(
    _ object: inout StrictObject, regimes: Int
  ) throws(ModelFileError) -> (generator: Generator, priceJumps: [[Double]]) {
    let key = "switching"
    guard regimes > 1 || object.keys.contains(key) else {
      _ = object.optional(key)
      return (.frozen(count: regimes), [])
    }
    var switching = try object.required(key).object()
    let rows = try switching.required("perYear").matrix(rows: regimes, columns: regimes)
    let jumps = try switching.optional("priceJump")?.matrix(rows: regimes, columns: regimes) ?? []
    try switching.finish()
    let generator = try validated { () throws(FormulationError) in
      try Generator(rows, field: "market.switching.perYear")
    }
    return (generator, jumps)
  }

  /// `factors: [ { name, states: [ { name, fixedCostMultiple, proportionalCostMultiple, funding } ], perYear } ]`.
  func factors(_ value: StrictValue?) throws(ModelFileError) -> [EnvironmentFactor] {
    guard let value else { return [] }
    var factors: [EnvironmentFactor] = []
    for (index, entry) in try value.array().enumerated() {
      var object = try entry.object()
      let name = try object.required("name").name()
      var states: [EnvironmentFactor.State] = []
      for part in try object.required("states").array() {
        var state = try part.object()
        states.append(
          EnvironmentFactor.State(
            name: try state.required("name").name(),
            fixedCostMultiple: try state.optional("fixedCostMultiple")?.number() ?? 1,
            proportionalCostMultiple: try state.optional("proportionalCostMultiple")?.number() ?? 1,
            funding: try state.optional("funding")?.fraction() ?? 0))
        try state.finish()
      }
      let rows = try object.required("perYear").matrix(rows: states.count, columns: states.count)
      try object.finish()
      let stated = states
      factors.append(
        try validated { () throws(FormulationError) in
          try EnvironmentFactor(name: name, states: stated, perYear: rows, field: "market.factors[\(index)]")
        })
    }
    return factors
  }
}

extension Position {
  /// The same position with one implied volatility for every regime of the product that had one per regime alone.
  func repeated(over factors: [EnvironmentFactor]) -> Position {
    guard impliedVolatilities.count > 1 else { return self }
    var copy = self
    copy.impliedVolatilities = EnvironmentFactor.repeated(impliedVolatilities, over: factors)
    return copy
  }
}
