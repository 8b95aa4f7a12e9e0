/// A continuous function of the deviation: a polynomial between any two neighbouring knots,
///
///     f(x) = Σ_n c_{i,n} xⁿ   for knot_{i−1} ≤ x < knot_i,
///
/// the outer pieces going on for ever. Whatever a coefficient is, it can be had so to any accuracy, and what solves differential
/// equations knows where it is not smooth. *Verified by* `DeviationFunctionTests`.
public struct DeviationFunction: Sendable, Equatable {
  /// Ascending [deviation]; none for a single polynomial.
  public let knots: [Double]
  /// Coefficients of 1, x, x² … per piece, one piece more than knots.
  public let pieces: [[Double]]

  /// A polynomial degree beyond which rounding at the ends of a piece eats what the term says.
  public static let mostCoefficients = 13
  /// As many elements at least has every evaluation of a policy.
  public static let mostKnots = 64
  /// Of the sizes of the terms that are added up there: how far pieces may be apart at their knot.
  public static let continuity = 1e-9

  /// Zero everywhere.
  public static let zero = DeviationFunction(unchecked: [], pieces: [[]])

  private init(unchecked knots: [Double], pieces: [[Double]]) {
    (self.knots, self.pieces) = (knots, pieces)
  }

  /// - Throws: `wrongCount`, `outOfRange`; `unsupported` where pieces do not meet at a knot.
  public init(knots: [Double], pieces: [[Double]], field: String) throws(FormulationError) {
    guard pieces.count == knots.count + 1 else {
      throw .wrongCount(field: field + ".polynomials", found: pieces.count, expected: knots.count + 1)
    }
    guard knots.count <= DeviationFunction.mostKnots else {
      throw .outOfRange(field: field, value: Double(knots.count), allowed: "up to \(DeviationFunction.mostKnots) knots")
    }
    let size: (Double) -> Bool = { $0.isFinite && abs($0) <= Magnitude.deviationCost }
    for (number, knot) in knots.enumerated() {
      try require(knot, size, field + ".knots", "−1e12 to 1e12")
      try require(
        knot, { number == 0 || $0 > knots[number - 1] }, field + ".knots", "ascending, each above the one before")
    }
    for piece in pieces {
      guard piece.count <= DeviationFunction.mostCoefficients else {
        throw .outOfRange(
          field: field, value: Double(piece.count), allowed: "up to \(DeviationFunction.mostCoefficients) coefficients")
      }
      for coefficient in piece { try require(coefficient, size, field, "coefficients from −1e12 to 1e12") }
    }
    self.init(unchecked: knots, pieces: pieces)
    for (number, knot) in knots.enumerated() {
      let (left, right) = (Self.terms(pieces[number], knot), Self.terms(pieces[number + 1], knot))
      guard abs(left.sum - right.sum) <= DeviationFunction.continuity * max(left.size, right.size) else {
        throw .unsupported(field: field, what: "a jump at \(knot), from \(left.sum) to \(right.sum)")
      }
    }
  }

  /// One polynomial.
  public init(polynomial: [Double], field: String) throws(FormulationError) {
    try self.init(knots: [], pieces: [polynomial], field: field)
  }

  /// Straight lines through given points, the outer ones going on for ever.
  ///
  /// - Parameter points: at least two, abscissae ascending.
  public init(through points: [(x: Double, value: Double)], field: String) throws(FormulationError) {
    guard points.count >= 2 else { throw .wrongCount(field: field + ".points", found: points.count, expected: 2) }
    var pieces: [[Double]] = []
    for (left, right) in zip(points, points.dropFirst()) {
      try require(right.x, { $0 > left.x }, field + ".points", "ascending, each above the one before")
      let slope = (right.value - left.value) / (right.x - left.x)
      pieces.append([left.value - slope * left.x, slope])
    }
    try self.init(knots: points.dropFirst().dropLast().map(\.x), pieces: pieces, field: field)
  }

  public var isZero: Bool { pieces.allSatisfy { $0.allSatisfy { $0 == 0 } } }

  /// f(x).
  public func value(at x: Double) -> Double {
    pieces[piece(at: x)].reversed().reduce(0) { $0 * x + $1 }
  }

  /// f′(x), at a knot that of the piece to the right.
  public func slope(at x: Double) -> Double {
    let coefficients = pieces[piece(at: x)]
    var sum = 0.0
    for power in stride(from: coefficients.count - 1, to: 0, by: -1) {
      sum = sum * x + Double(power) * coefficients[power]
    }
    return sum
  }

  /// `factor · f(unit · x)`.
  public func rescaled(argument unit: Double, by factor: Double) -> DeviationFunction {
    DeviationFunction(
      unchecked: knots.map { $0 / unit },
      pieces: pieces.map { piece in
        var power = factor
        return piece.map { coefficient in
          defer { power *= unit }
          return coefficient * power
        }
      })
  }

  private func piece(at x: Double) -> Int {
    var index = 0
    while index < knots.count, knots[index] <= x { index += 1 }
    return index
  }

  /// The sum of a polynomial's terms, and that of their sizes.
  private static func terms(_ coefficients: [Double], _ x: Double) -> (sum: Double, size: Double) {
    var (sum, size, power) = (0.0, 0.0, 1.0)
    for coefficient in coefficients {
      sum += coefficient * power
      size += abs(coefficient * power)
      power *= x
    }
    return (sum, size)
  }
}

/// By how much the coefficients of a regime differ from their usual form, as functions of the deviation.
public struct DeviationVariation: Sendable, Equatable {
  /// Added to `m + κ(θ − x)` [deviation/time].
  public var drift: DeviationFunction
  /// Added to η [deviation/√time].
  public var volatility: DeviationFunction
  /// Added to ℓ [cost/time].
  public var runningCost: DeviationFunction

  public static let none = DeviationVariation()

  public init(
    drift: DeviationFunction = .zero, volatility: DeviationFunction = .zero, runningCost: DeviationFunction = .zero
  ) {
    (self.drift, self.volatility, self.runningCost) = (drift, volatility, runningCost)
  }

  /// Whether the usual form is all there is.
  public var isNone: Bool { drift.isZero && volatility.isZero && runningCost.isZero }

  /// Where one of them is not smooth.
  public var knots: [Double] { drift.knots + volatility.knots + runningCost.knots }
}
