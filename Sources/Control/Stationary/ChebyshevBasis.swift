import Glibc

/// Polynomials of degree p through the Chebyshev–Gauss–Lobatto points `ξ_j = −cos(πj/p)` of [−1, 1], ascending.
///
/// Differentiation matrices are `[p + 1 × p + 1]`, row-major, with diagonals from the row sums, which keeps the
/// derivative of a constant exactly zero (Baltensperger and Trummer 2003). Error of interpolation: geometric in p for
/// functions analytic near the interval. Source: Trefethen, *Spectral Methods in MATLAB* (2000), chapter 6.
struct ChebyshevBasis: Sendable {
  let degree: Int
  let nodes: [Double]
  /// d/dξ.
  let first: [Double]
  /// d²/dξ².
  let second: [Double]
  private let weights: [Double]

  init(degree p: Int) {
    degree = p
    let angles = (0...p).map { Double.pi * Double($0) / Double(p) }
    nodes = angles.map { -cos($0) }
    let weights = (0...p).map { j in (j.isMultiple(of: 2) ? 1.0 : -1.0) * (j == 0 || j == p ? 0.5 : 1) }
    var first = [Double](repeating: 0, count: (p + 1) * (p + 1))
    for i in 0...p {
      var sum = 0.0
      for j in 0...p where j != i {
        // ξ_i − ξ_j as a product of sines, without cancellation.
        let difference = 2 * sin((angles[i] + angles[j]) / 2) * sin((angles[i] - angles[j]) / 2)
        let entry = weights[j] / weights[i] / difference
        first[i * (p + 1) + j] = entry
        sum += entry
      }
      first[i * (p + 1) + i] = -sum
    }
    var second = [Double](repeating: 0, count: (p + 1) * (p + 1))
    for i in 0...p {
      var sum = 0.0
      for j in 0...p where j != i {
        var entry = 0.0
        for l in 0...p { entry += first[i * (p + 1) + l] * first[l * (p + 1) + j] }
        second[i * (p + 1) + j] = entry
        sum += entry
      }
      second[i * (p + 1) + i] = -sum
    }
    self.weights = weights
    self.first = first
    self.second = second
  }

  /// The values of the p + 1 cardinal polynomials at ξ, by the barycentric formula.
  func cardinals(at xi: Double) -> [Double] {
    var result = [Double](repeating: 0, count: degree + 1)
    var sum = 0.0
    for j in 0...degree {
      let distance = xi - nodes[j]
      if distance == 0 {
        result = [Double](repeating: 0, count: degree + 1)
        result[j] = 1
        return result
      }
      result[j] = weights[j] / distance
      sum += result[j]
    }
    for j in 0...degree { result[j] /= sum }
    return result
  }
}
