import Formulation

/// How the cost of a band policy changes with each of its edges and targets.
///
/// The value W of the policy makes the change exact: moving an edge by δ leaves every path as it is but for a mismatch of W
/// there, paid as often as the edge is crossed, `n`,
///
///     ∂g/∂edge = −n (W′ − κ) outwards,   ∂g/∂target = n′ (W′(target) ∓ κ),   reflecting: ∂g/∂edge = −l W″ outwards
///
/// with n′ the trades to the target however they came about (a switch or a jump may land beyond the edge) and l the amount
/// reflected per unit time. All rates come from the same factorisation as W.
/// *Verified by* `PolicyClassLawTests.gradient`.
struct ClassGradient {
  let cost: Double
  /// Lower edge, lower target, upper target, upper edge of each regime, `[4·regime + number]`.
  let slopes: [Double]
  /// The part of the second derivatives that the value at the point itself gives, at least zero.
  let curvatures: [Double]

  /// - Parameter start: weights of the regimes in which the discounted cost begins, at x = 0.
  init(
    _ problem: ScaledTracking, bands: [Band], basis: ChebyshevBasis, mergeTolerance: Double, start: [Double]
  ) throws(StationaryError) {
    let count = problem.count
    var functionals = [BandFunctional.total(problem)]
    for e in 0..<count {
      for side in BandSide.allCases {
        if problem.reflects[e] {
          functionals.append(.reflection(in: e, side: side, count: count))
        } else {
          functionals.append(.crossings(in: e, side: side, count: count))
          functionals.append(.trades(in: e, side: side, count: count))
        }
      }
    }
    let values = try BandEvaluation.evaluate(
      problem, bands: bands, basis: basis, discount: problem.discount, mergeTolerance: mergeTolerance,
      functionals: functionals)
    let amounts = values.map { ClassGradient.amount($0, start) }
    let value = values[0]
    cost = amounts[0]
    var slopes = [Double](repeating: 0, count: 4 * count)
    var curvatures = slopes
    var next = 1
    for e in 0..<count {
      let band = value.mesh.bands[e]
      for side in BandSide.allCases {
        let (edge, target) =
          side == .upper ? (band.upper, band.targetUpper) : (band.lower, band.targetLower)
        let (edgeIndex, targetIndex) = side == .upper ? (4 * e + 3, 4 * e + 2) : (4 * e, 4 * e + 1)
        let proportional = problem.slope[side.rawValue][e]
        if problem.reflects[e] {
          let reflected = amounts[next]
          slopes[edgeIndex] = -side.sign * reflected * value.curvature(e, edge)
          curvatures[edgeIndex] = max(0, -reflected * side.sign * value.thirdDerivative(e, edge, from: side))
          next += 1
        } else {
          let (crossings, trades) = (amounts[next], amounts[next + 1])
          slopes[edgeIndex] = -side.sign * crossings * (side.sign * value.slope(e, edge) - proportional)
          curvatures[edgeIndex] = max(0, -crossings * value.curvature(e, edge))
          slopes[targetIndex] = trades * (value.slope(e, target) - side.sign * proportional)
          curvatures[targetIndex] = max(0, trades * value.curvature(e, target))
          next += 2
        }
      }
    }
    self.slopes = slopes
    self.curvatures = curvatures
  }

  /// The long-run rate of a functional, or its discounted sum from x = 0.
  static func amount(_ value: BandValue, _ start: [Double]) -> Double {
    if value.discount == 0 { return value.rate }
    return start.indices.reduce(value.rate / value.discount) { $0 + start[$1] * value.value($1, 0) }
  }
}
