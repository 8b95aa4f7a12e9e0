import Glibc

/// Nodes and weights of Gauss's rule on [−1, 1], exact for polynomials of degree 2n − 1.
///
/// Newton's iteration on the Legendre polynomial from `cos(π(i + ¾)/(n + ½))` (Abramowitz and Stegun 1964, 22.16.6).
/// *Verified by* `JumpQuadratureTests`.
struct GaussLegendre: Sendable {
  let nodes: [Double]
  let weights: [Double]

  /// From the starting values three steps reach rounding; the iteration stops by itself.
  private static let steps = 100

  init(count n: Int) {
    var nodes: [Double] = []
    var weights: [Double] = []
    for i in 0..<n {
      var x = -cos(Double.pi * (Double(i) + 0.75) / (Double(n) + 0.5))
      var slope = 0.0
      for _ in 0..<GaussLegendre.steps {
        var (previous, current) = (1.0, x)
        for k in 2...max(2, n) where n > 1 {
          (previous, current) = (current, (Double(2 * k - 1) * x * current - Double(k - 1) * previous) / Double(k))
        }
        slope = Double(n) * (x * current - previous) / (x * x - 1)
        let step = current / slope
        x -= step
        if abs(step) <= 2 * Double.ulpOfOne { break }
      }
      nodes.append(x)
      weights.append(2 / ((1 - x * x) * slope * slope))
    }
    self.nodes = nodes
    self.weights = weights
  }

  /// 32 nodes: with panels of `panelLength` the density is resolved beside a polynomial of degree 40.
  static let jumps = GaussLegendre(count: 32)
}
