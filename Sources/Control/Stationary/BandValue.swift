import Formulation

/// The value of one functional under one band policy, as polynomials per element and regime.
///
/// In trade regions the value is affine. The constants: V = g/ρ + W when discounted, W is what is stored; for the
/// long-run average W is the relative value and g the average.
struct BandValue: Sendable {
  let problem: ScaledTracking
  let mesh: StationaryMesh
  let basis: ChebyshevBasis
  let discount: Double
  let functional: BandFunctional
  /// g.
  let rate: Double
  /// W at the edges, `[2·regime + side]`.
  let edgeValues: [Double]
  /// How a mismatch of value at an edge shows in the outward slope there [1/deviation], `[2·regime + side]`.
  let edgeStiffness: [Double]
  /// W at the nodes, per element `[active regime × node]`.
  let values: [[Double]]
  /// dW/dx at the nodes.
  let slopes: [[Double]]

  /// The value in regime e at x.
  func value(_ e: Int, _ x: Double, from side: BandSide = .upper) -> Double {
    let band = mesh.bands[e]
    if x == band.upper { return edgeValues[2 * e + 1] }
    if x == band.lower { return edgeValues[2 * e] }
    if x > band.upper { return edgeValues[2 * e + 1] + functional.beyond(.upper, e, x, edge: band.upper) }
    if x < band.lower { return edgeValues[2 * e] + functional.beyond(.lower, e, x, edge: band.lower) }
    return interpolate(values, e, x, side)
  }

  /// dW/dx; at an edge the limit from inside the band.
  func slope(_ e: Int, _ x: Double, from side: BandSide = .upper) -> Double {
    let band = mesh.bands[e]
    if x > band.upper { return functional.landingPerUnit[1][e] }
    if x < band.lower { return -functional.landingPerUnit[0][e] }
    let inward: BandSide = x == band.upper ? .upper : x == band.lower ? .lower : side
    return interpolate(slopes, e, x, inward)
  }

  private func interpolate(_ table: [[Double]], _ e: Int, _ x: Double, _ side: BandSide) -> Double {
    let element = mesh.element(at: x, from: side)
    let (left, right) = (mesh.nodes[element], mesh.nodes[element + 1])
    let cardinals = basis.cardinals(at: ((x - left) - (right - x)) / (right - left))
    let offset = mesh.active[element].firstIndex(of: e)! * (basis.degree + 1)
    var sum = 0.0
    for j in 0...basis.degree { sum += cardinals[j] * table[element][offset + j] }
    return sum
  }

  /// `mW' + Σ q (W_{e'} − W_e) + ν E(W(x + Z) − W) + wℓ + 1 − g − ρW`: the equation without its second derivative.
  func balance(_ e: Int, _ x: Double) -> Double {
    var sum = functional.running * problem.runningCost(e, x) + functional.constant[e] - rate
    let own = value(e, x)
    sum += problem.drift(e, x) * slope(e, x) - discount * own
    for other in 0..<problem.count where other != e && problem.rate(e, other) > 0 {
      sum += problem.rate(e, other) * (value(other, x) - own)
    }
    if let jumps = problem.jumps[e] { sum += jumps.intensity * (jumpMean(e, x, jumps) - own) }
    return sum
  }

  /// d²W/dx² inside the band, from the equation rather than by differentiating twice, which loses fewer digits.
  func curvature(_ e: Int, _ x: Double) -> Double { -balance(e, x) / problem.halfVariance(e, x) }

  /// d³W/dx³ inside the band, from the differentiated equation.
  func thirdDerivative(_ e: Int, _ x: Double, from side: BandSide) -> Double {
    let own = slope(e, x)
    var sum = functional.running * problem.runningSlope(e, x) - discount * own
    sum += (problem.drift(e, x) + problem.halfVarianceSlope(e, x)) * curvature(e, x) + problem.driftSlope(e, x) * own
    for other in 0..<problem.count where other != e && problem.rate(e, other) > 0 {
      sum += problem.rate(e, other) * (slope(other, x, from: side) - own)
    }
    if let jumps = problem.jumps[e] { sum += jumps.intensity * (jumpSlopeMean(e, x, jumps) - own) }
    return -sum / problem.halfVariance(e, x)
  }

  /// E W(x + Z).
  private func jumpMean(_ e: Int, _ x: Double, _ jumps: DeviationJumps) -> Double {
    let band = mesh.bands[e]
    var sum = inBand(values, e, x, jumps)
    for side in BandSide.allCases {
      sum += edgeValues[2 * e + side.rawValue] * jumps.tail(side, from: x, band)
      sum += functional.landingMean(side, e, from: x, band, jumps)
    }
    return sum
  }

  /// E W'(x + Z).
  private func jumpSlopeMean(_ e: Int, _ x: Double, _ jumps: DeviationJumps) -> Double {
    var sum = inBand(slopes, e, x, jumps)
    for side in BandSide.allCases {
      sum += side.sign * functional.landingPerUnit[side.rawValue][e] * jumps.tail(side, from: x, mesh.bands[e])
    }
    return sum
  }

  private func inBand(_ table: [[Double]], _ e: Int, _ x: Double, _ jumps: DeviationJumps) -> Double {
    var sum = 0.0
    for element in 0..<mesh.elementCount {
      guard let a = mesh.active[element].firstIndex(of: e) else { continue }
      let weights = jumps.weights(from: x, left: mesh.nodes[element], right: mesh.nodes[element + 1], basis: basis)
      guard let weights else { continue }
      for j in 0...basis.degree { sum += weights[j] * table[element][a * (basis.degree + 1) + j] }
    }
    return sum
  }
}
