import Formulation

/// The kind `tracking`: a scalar deviation with costs in the criterion's own currency.
extension ModelDecoder {
  func tracking(name: String, _ object: inout StrictObject) throws(ModelFileError) -> Decoded {
    var tracking = try object.required("tracking").object()
    let criterion = try self.criterion(try tracking.required("criterion"))
    var regimes: [TrackingRegime] = []
    for entry in try tracking.required("regimes").array() {
      var regime = try entry.object()
      let regimeName = try regime.required("name").name()
      let drift = try regime.optional("drift")?.number() ?? 0
      let volatility = try regime.required("volatility").number()
      var running = try regime.required("runningCost").object()
      let quadratic = try running.required("quadratic").number()
      try running.finish()
      if let jumps = regime.optional("jumps") { throw jumps.notSolved(.jumps) }
      try regime.finish()
      regimes.append(
        TrackingRegime(name: regimeName, drift: drift, volatility: volatility, runningCost: quadratic))
    }
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
