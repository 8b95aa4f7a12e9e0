import Formulation

/// The kind `tracking`: a scalar deviation with costs in the criterion's own currency.
extension ModelDecoder {
  func tracking(name: String, _ object: inout StrictObject) throws(ModelFileError) -> Decoded {
    var tracking = try object.required("tracking").object()
    let criterion = try self.criterion(try tracking.required("criterion"))
    var regimes: [TrackingRegime] = []
    for entry in try tracking.required("regimes").array() { regimes.append(try trackingRegime(entry)) }
    let generator = try generator(&tracking, regimes: regimes.count, prefix: "tracking")
    try tracking.finish()
    let costs = try costs(try object.required("costs"), regimes: regimes.count, base: .unit)
    try object.finish()
    let stated = regimes
    let problem = try validated { () throws(FormulationError) in
      try TrackingProblem(
        name: name, criterion: criterion, regimes: stated, generator: generator, costs: costs)
    }
    return Decoded(problem: .tracking(problem))
  }

  private func trackingRegime(_ entry: StrictValue) throws(ModelFileError) -> TrackingRegime {
    var object = try entry.object()
    var regime = TrackingRegime(name: try object.required("name").name(), volatility: 0, runningCost: 0)
    if let drift = object.optional("drift") { try self.drift(drift, of: &regime) }
    try volatility(try object.required("volatility"), of: &regime)
    try runningCost(try object.required("runningCost"), of: &regime)
    regime.jumps = try object.optional("jumps").map { (value) throws(ModelFileError) in try deviationJumps(value) }
    try object.finish()
    return regime
  }

  /// A number, or `{ constant, reversion, level }`: `constant + reversion (level − x)`, and any function besides.
  private func drift(_ value: StrictValue, of regime: inout TrackingRegime) throws(ModelFileError) {
    guard value.kind == .object else {
      regime.drift = try value.number()
      return
    }
    var object = try value.object()
    regime.drift = try object.optional("constant")?.number() ?? 0
    regime.level = try object.optional("level")?.number() ?? 0
    regime.variation.drift = try object.deviationFunction()
    regime.reversion = try usual("reversion", besides: regime.variation.drift, in: &object)
  }

  /// A number, or `{ constant }` and any function.
  private func volatility(_ value: StrictValue, of regime: inout TrackingRegime) throws(ModelFileError) {
    guard value.kind == .object else {
      regime.volatility = try value.number()
      return
    }
    var object = try value.object()
    regime.variation.volatility = try object.deviationFunction()
    regime.volatility = try usual("constant", besides: regime.variation.volatility, in: &object)
  }

  /// The number that an object has to hold unless it holds a function, and the last that is read: a key that nothing knows, perhaps a
  /// function's name misspelt, is told before the number is missed.
  private func usual(
    _ key: String, besides function: DeviationFunction, in object: inout StrictObject
  ) throws(ModelFileError) -> Double {
    let value = object.optional(key)
    try object.finish()
    if let value { return try value.number() }
    return function.isZero ? try object.required(key).number() : 0
  }

  /// `{ quadratic, linear, center }` or `{ quadraticBelow, quadraticAbove, linear, center }`, and any function besides.
  private func runningCost(_ value: StrictValue, of regime: inout TrackingRegime) throws(ModelFileError) {
    var object = try value.object()
    let more = try object.deviationFunction()
    var cost: DeviationCost
    if object.keys.contains("quadraticBelow") || object.keys.contains("quadraticAbove") {
      cost = DeviationCost(
        below: try object.required("quadraticBelow").number(), above: try object.required("quadraticAbove").number())
    } else {
      cost = .quadratic(
        more.isZero ? try object.required("quadratic").number() : try object.optional("quadratic")?.number() ?? 0)
    }
    cost.linear = try object.optional("linear")?.number() ?? 0
    cost.center = try object.optional("center")?.number() ?? 0
    try object.finish()
    (regime.runningCost, regime.variation.runningCost) = (cost, more)
  }

  /// `{ normal: { intensity, mean, deviation } }` or `{ laplace: { intensity, scaleUp, scaleDown, probabilityUp } }`.
  private func deviationJumps(_ value: StrictValue) throws(ModelFileError) -> DeviationJumps {
    var object = try value.object()
    let (key, content) = try object.single(of: ["normal", "laplace"])
    var law = try content.object()
    let intensity = try law.required("intensity").number()
    let jumps: DeviationJumps
    if key == "normal" {
      let mean = try law.optional("mean")?.number() ?? 0
      jumps = DeviationJumps(
        intensity: intensity, law: .normal(mean: mean, deviation: try law.required("deviation").number()))
    } else {
      let up = try law.required("scaleUp").number()
      let down = try law.required("scaleDown").number()
      jumps = DeviationJumps(
        intensity: intensity,
        law: .laplace(up: up, down: down, probabilityUp: try law.required("probabilityUp").number()))
    }
    try law.finish()
    return jumps
  }

  private func criterion(_ value: StrictValue) throws(ModelFileError) -> TrackingCriterion {
    guard value.kind == .object else {
      _ = try value.string(oneOf: ["longRunAverage"])
      return .longRunAverage
    }
    var object = try value.object()
    return .discounted(rate: try object.single(of: ["discounted"]).value.number())
  }

  /// `switching: { perYear: [[…], …] }`, which a single regime may leave out.
  func generator(
    _ object: inout StrictObject, regimes: Int, prefix: String
  ) throws(ModelFileError) -> Generator {
    let key = "switching"
    guard regimes > 1 || object.keys.contains(key) else {
      _ = object.optional(key)
      return .frozen(count: regimes)
    }
    var switching = try object.required(key).object()
    let rows = try switching.required("perYear").matrix(rows: regimes, columns: regimes)
    try switching.finish()
    return try validated { () throws(FormulationError) in
      try Generator(rows, field: "\(prefix).switching.perYear")
    }
  }
}
