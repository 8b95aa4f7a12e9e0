import Formulation

/// Functions of the deviation in model files and records, in one of three ways:
///
///     polynomial: [c₀, c₁, c₂, …]                               Σ c_n xⁿ
///     points: [[x, value], …]                                   straight lines, the outer ones going on
///     knots: [x₁, …], polynomials: [[…], [… from x₁ on], …]     one polynomial more than knots
extension StrictObject {
  /// The function that the object holds among its other keys; zero where there is none.
  mutating func deviationFunction() throws(ModelFileError) -> DeviationFunction {
    let field = path.description
    if let value = optional("polynomial") {
      let polynomial = try value.numbers(count: 1...DeviationFunction.mostCoefficients)
      return try DeviationFunction.stated(at: value.position) { () throws(FormulationError) in
        try DeviationFunction(polynomial: polynomial, field: field)
      }
    }
    if let value = optional("points") {
      var points: [(x: Double, value: Double)] = []
      for point in try value.array(count: 2...DeviationFunction.mostKnots) {
        let pair = try point.numbers(count: 2...2)
        points.append((pair[0], pair[1]))
      }
      return try DeviationFunction.stated(at: value.position) { [points] () throws(FormulationError) in
        try DeviationFunction(through: points, field: field)
      }
    }
    guard let value = optional("knots") else { return .zero }
    let knots = try value.numbers(count: 0...DeviationFunction.mostKnots)
    var pieces: [[Double]] = []
    for piece in try required("polynomials").array(count: (knots.count + 1)...(knots.count + 1)) {
      pieces.append(try piece.numbers(count: 0...DeviationFunction.mostCoefficients))
    }
    return try DeviationFunction.stated(at: value.position) { [pieces] () throws(FormulationError) in
      try DeviationFunction(knots: knots, pieces: pieces, field: field)
    }
  }
}

extension DeviationFunction {
  fileprivate static func stated(
    at position: SourcePosition, _ function: () throws(FormulationError) -> DeviationFunction
  ) throws(ModelFileError) -> DeviationFunction {
    do throws(FormulationError) { return try function() } catch {
      throw .formulation(position: position, error: error)
    }
  }

  var encoded: JSONValue {
    ["knots": .numbers(knots), "polynomials": .array(pieces.map { .numbers($0) })]
  }
}

extension DeviationVariation {
  /// What varies, by the coefficient.
  var encoded: JSONValue {
    let parts = [("drift", drift), ("volatility", volatility), ("runningCost", runningCost)]
    return .object(parts.filter { !$0.1.isZero }.map { JSONMember($0.0, $0.1.encoded) })
  }

  /// As `encoded` writes it.
  init(_ value: StrictValue) throws(ModelFileError) {
    var object = try value.object()
    func read(_ key: String) throws(ModelFileError) -> DeviationFunction {
      guard let value = object.optional(key) else { return .zero }
      var inner = try value.object()
      let function = try inner.deviationFunction()
      try inner.finish()
      return function
    }
    self.init(drift: try read("drift"), volatility: try read("volatility"), runningCost: try read("runningCost"))
    try object.finish()
  }
}
