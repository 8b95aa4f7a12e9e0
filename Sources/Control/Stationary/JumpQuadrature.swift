import Formulation
import Glibc

/// Integrals of polynomials and of affine functions against the law of a jump.
///
/// Inside the band the value is a polynomial on every element. The density is smooth but for the kink of the double
/// exponential at 0, so that Gauss's rule on panels that begin there and are a few scales long is exact to rounding.
/// Beyond the edges the value is affine and the integrals are tails and excesses in closed form.
/// *Verified by* `JumpQuadratureTests`.
extension DeviationJumps {
  /// Beyond this many standard deviations a normal density is below 10⁻¹⁶ of its maximum: e^{−8.6²/2}.
  static let normalReach = 8.6
  /// Beyond this many scales an exponential density is below 10⁻¹⁶ of its maximum: e^{−37}.
  static let exponentialReach = 37.0
  /// Panels of so many standard deviations: e^{−z²/2} on ±1 needs degree 20 for 10⁻¹⁶, which with the polynomial's stays
  /// within the rule's 63.
  static let normalPanel = 2.0
  /// Panels of so many scales: e^{−z} on ±3 needs degree 22.
  static let exponentialPanel = 6.0

  /// Intervals of jump sizes within [low, high] on which Gauss's rule is exact to rounding.
  func panels(_ low: Double, _ high: Double) -> [(Double, Double)] {
    var ranges: [(from: Double, to: Double, length: Double)] = []
    switch law {
    case .normal(let mean, let deviation):
      let reach = DeviationJumps.normalReach * deviation
      ranges.append((mean - reach, mean + reach, DeviationJumps.normalPanel * deviation))
    case .laplace(let up, let down, let p):
      if p < 1 { ranges.append((-DeviationJumps.exponentialReach * down, 0, DeviationJumps.exponentialPanel * down)) }
      if p > 0 { ranges.append((0, DeviationJumps.exponentialReach * up, DeviationJumps.exponentialPanel * up)) }
    }
    var found: [(Double, Double)] = []
    for range in ranges {
      let (from, to) = (max(low, range.from), min(high, range.to))
      guard from < to else { continue }
      let count = max(1, Int(((to - from) / range.length).rounded(.up)))
      for i in 0..<count {
        found.append(
          (from + (to - from) * Double(i) / Double(count), from + (to - from) * Double(i + 1) / Double(count)))
      }
    }
    return found
  }

  /// `E[f(x + Z); low < x + Z < high]` for a smooth f.
  func mean(from x: Double, _ low: Double, _ high: Double, _ f: (Double) -> Double) -> Double {
    let rule = GaussLegendre.jumps
    var sum = 0.0
    for (left, right) in panels(low - x, high - x) {
      let half = 0.5 * (right - left)
      for (node, weight) in zip(rule.nodes, rule.weights) {
        let z = 0.5 * (left + right) + half * node
        sum += half * weight * density(z, in: left) * f(x + z)
      }
    }
    return sum
  }

  /// The density on the panel that begins at `left`: inside a panel it has one formula.
  private func density(_ z: Double, in left: Double) -> Double {
    density(left >= 0 ? max(z, 0) : z)
  }

  /// `∫ L_j(y) f(y − x) dy` over one element for every cardinal polynomial L_j; nil where no jump leads.
  func weights(from x: Double, left: Double, right: Double, basis: ChebyshevBasis) -> [Double]? {
    let panels = panels(left - x, right - x)
    guard !panels.isEmpty else { return nil }
    let rule = GaussLegendre.jumps
    var result = [Double](repeating: 0, count: basis.degree + 1)
    for panel in panels {
      let half = 0.5 * (panel.1 - panel.0)
      for (node, weight) in zip(rule.nodes, rule.weights) {
        let z = 0.5 * (panel.0 + panel.1) + half * node
        let mass = half * weight * density(z, in: panel.0)
        let y = x + z
        let cardinals = basis.cardinals(at: ((y - left) - (right - y)) / (right - left))
        for j in 0...basis.degree { result[j] += mass * cardinals[j] }
      }
    }
    return result
  }

  /// The probability that a jump from x lands beyond an edge of the band.
  func tail(_ side: BandSide, from x: Double, _ band: Band) -> Double {
    side == .upper ? tailAbove(band.upper - x) : tailBelow(band.lower - x)
  }

  /// The expected distance beyond an edge after a jump from x.
  func excess(_ side: BandSide, from x: Double, _ band: Band) -> Double {
    side == .upper ? excessAbove(band.upper - x) : excessBelow(band.lower - x)
  }
}

extension BandFunctional {
  /// The expectation of what is charged on top of the value at the edge when a jump from x lands beyond it.
  func landingMean(_ side: BandSide, _ e: Int, from x: Double, _ band: Band, _ jumps: DeviationJumps) -> Double {
    var sum = 0.0
    let (constant, slope) = (landing[side.rawValue][e], landingPerUnit[side.rawValue][e])
    if constant != 0 { sum += constant * jumps.tail(side, from: x, band) }
    if slope != 0 { sum += slope * jumps.excess(side, from: x, band) }
    if let landingRate {
      let (low, high) = side == .upper ? (band.upper, Double.infinity) : (-Double.infinity, band.lower)
      sum += jumps.mean(from: x, low, high) { landingRate(e, $0) }
    }
    return sum
  }
}
