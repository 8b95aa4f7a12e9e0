import Formulation
import Glibc
import Testing

@testable import Control

/// One regime without drift, looked at every δ: the value at looks solves a linear integral equation with a Gaussian kernel,
/// discretised by Gauss's rule on the band (Nyström). Converges geometrically, and knows nothing of the expansion.
@Suite struct LookCostTests {
  /// The average cost of a symmetric band looked at every δ; `k` alone trades to the shifted edge.
  private func exact(fixed: Double, proportional k: Double, band: Band, time: Double) throws -> Double {
    let spread = time.squareRoot()
    let edge = band.upper - DiscreteLooks.shift * spread
    let target = fixed == 0 ? edge : band.targetUpper
    let rule = GaussLegendre(count: 32)
    let panels = 8
    var (x, w) = ([Double](), [Double]())
    for panel in 0..<panels {
      let half = edge / Double(panels)
      for (node, weight) in zip(rule.nodes, rule.weights) {
        x.append(-edge + half * (2 * Double(panel) + 1 + node))
        w.append(half * weight)
      }
    }
    let n = x.count
    // Points of the band, the two targets, and g.
    let points = x + [target, -target]
    let size = n + 3
    let system = UnsafeMutablePointer<Double>.allocate(capacity: size * (size + 1))
    defer { system.deallocate() }
    system.initialize(repeating: 0, count: size * (size + 1))
    for (i, from) in points.enumerated() {
      let row = system + i * (size + 1)
      row[i] += 1
      for j in 0..<n { row[j] -= w[j] * NormalLaw.density((x[j] - from) / spread) / spread }
      var right = from * from * time + time * time / 2
      for (sign, column) in [(1.0, n), (-1.0, n + 1)] {
        let distance = (edge - sign * from) / spread
        let probability = NormalLaw.cumulative(-distance)
        let excess = spread * (NormalLaw.density(distance) - distance * probability)
        row[column] -= probability
        right += fixed * probability + k * (excess + (edge - target) * probability)
      }
      row[n + 2] = time
      row[size] = right
    }
    system[(n + 2) * (size + 1) + n] = 1
    try DenseElimination.solve(system, rows: size, columns: 1)
    return system[(n + 2) * (size + 1) + size]
  }

  @Test(
    "The expansion in the time between looks, and the time that loses 1 %", arguments: [(0.05, 1.0), (0, 1), (0.3, 0)])
  func expansion(_ fixed: Double, _ proportional: Double) throws {
    let problem = try StationaryExamples.problem(
      running: [1], volatility: [1], costs: [StationaryExamples.both(fixed, proportional)])
    let solver = StationarySolver()
    let optimum = try solver.solve(problem)
    let (band, cost) = (optimum.regimes[0].band, optimum.regimes[0].cost.total.value)
    let scaled = ScaledTracking(problem, members: [0])
    let x = scaled.units.deviation
    let look = try LookCost(
      scaled,
      bands: [
        Band(
          lower: band.lower / x, upper: band.upper / x, targetLower: band.targetLower / x,
          targetUpper: band.targetUpper / x)
      ], basis: ChebyshevBasis(degree: 20), mergeTolerance: 1e-5, start: [1])
    // Back to units of the problem: cost per time, per unit of time.
    let (t, c) = (scaled.units.time, scaled.units.cost)
    let (first, second) = (look.first * c / t / t, look.second * c / t / (t * t.squareRoot()))
    func rest(_ time: Double) throws -> Double {
      try exact(fixed: fixed, proportional: proportional, band: band, time: time) - cost - first * time
        - second * time * time.squareRoot()
    }
    // What is left is of order δ²: a quarter for half of it, within the terms that follow.
    let (coarse, fine) = (try rest(0.02), try rest(0.01))
    #expect(abs(coarse) < 0.02 * first * 0.02, "\(coarse)")
    #expect(abs(fine) < 0.35 * abs(coarse) + 1e-9, "\(coarse), \(fine)")
    let check = try #require(try solver.classes(of: problem, optimum: optimum)[.optimal]?.regimes[0].check).value
    let loss = try exact(fixed: fixed, proportional: proportional, band: band, time: check) / cost - 1
    #expect(abs(loss - 0.01) < 0.0005, "\(check): \(loss)")
  }
}
