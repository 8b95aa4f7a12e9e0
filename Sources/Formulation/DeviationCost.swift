/// What a deviation costs per unit of time while it is held:
///
///     ℓ(x) = λ⁻ (x − c)² for x < c,  λ⁺ (x − c)² for x ≥ c,  plus p (x − c)
///
/// λ [cost/(deviation²·time)], p [cost/(deviation·time)], c [deviation].
public struct DeviationCost: Sendable, Equatable {
  /// λ⁻, left of the centre.
  public var below: Double
  /// λ⁺, right of the centre.
  public var above: Double
  /// p.
  public var linear: Double
  /// c.
  public var center: Double

  public init(below: Double, above: Double, linear: Double = 0, center: Double = 0) {
    self.below = below
    self.above = above
    self.linear = linear
    self.center = center
  }

  /// `λ (x − c)² + p (x − c)`.
  public static func quadratic(_ weight: Double, linear: Double = 0, center: Double = 0) -> DeviationCost {
    DeviationCost(below: weight, above: weight, linear: linear, center: center)
  }

  /// Whether both sides have one coefficient, so that ℓ is one polynomial.
  public var isSymmetric: Bool { below == above }

  /// Whether ℓ is λx² and nothing else.
  public var isPlain: Bool { isSymmetric && linear == 0 && center == 0 }

  /// ℓ(x) [cost/time].
  @inlinable @inline(__always)
  public func rate(at x: Double) -> Double {
    let distance = x - center
    return ((distance < 0 ? below : above) * distance + linear) * distance
  }

  /// dℓ/dx [cost/(deviation·time)].
  @inlinable @inline(__always)
  public func slope(at x: Double) -> Double {
    let distance = x - center
    return 2 * (distance < 0 ? below : above) * distance + linear
  }

  /// Where the parabola is least.
  public var least: Double { center - linear / (2 * (linear > 0 ? below : above)) }

  /// - Parameter more: what is added to ℓ. The sum has to grow on either side, or else a deviation need not be traded back.
  func validate(field: String, besides more: DeviationFunction) throws(FormulationError) {
    let sides = isSymmetric ? ["quadratic", "quadratic"] : ["quadraticBelow", "quadraticAbove"]
    for (side, weight) in zip(sides, [below, above]) {
      try require(
        weight, { Magnitude.deviation.contains($0) || (!more.isZero && $0 == 0) }, "\(field).\(side)", "1e-9 to 1e9")
    }
    try require(linear, { abs($0) <= Magnitude.deviationCost }, field + ".linear", "−1e12 to 1e12")
    try require(center, { abs($0) <= Magnitude.deviationCost }, field + ".center", "−1e12 to 1e12")
    if more.isZero { return }
    for (weight, piece, sign) in [(below, more.pieces.first!, -1.0), (above, more.pieces.last!, 1.0)] {
      let own = [0, linear - 2 * weight * center, weight]
      let sum = (0..<max(own.count, piece.count)).map { power in
        (power < own.count ? own[power] : 0) + (power < piece.count ? piece[power] : 0)
      }
      let degree = sum.lastIndex { $0 != 0 } ?? 0
      let leading = degree.isMultiple(of: 2) ? sum[degree] : sign * sum[degree]
      guard degree > 0, leading > 0 else {
        throw .unsupported(
          field: field, what: "a running cost that does not grow without bound \(sign < 0 ? "below" : "above")")
      }
    }
  }
}
