import Formulation
import Testing

@testable import Control

/// Breakpoints of the elements on which values are polynomials.
struct StationaryMeshTests {
  /// Every place where a running cost changes its polynomial is one, in whatever order the regimes have them.
  @Test func everyKink() throws {
    let centres = [-0.4, 0.3, -0.1]
    let problem = try TrackingProblem(
      name: "kinks", criterion: .longRunAverage,
      regimes: centres.enumerated().map { index, centre in
        TrackingRegime(
          name: "\(index)", volatility: 1, runningCost: DeviationCost(below: 1, above: 2, center: centre))
      }, generator: Generator([[-2, 1, 1], [1, -2, 1], [1, 1, -2]]),
      costs: centres.map { _ in TradeCost(fixed: 1, proportionalBuy: 0, proportionalSell: 0) })
    let scaled = ScaledTracking(problem, members: [0, 1, 2])
    let bands = centres.map { _ in Band(lower: -2, upper: 2, targetLower: 0, targetUpper: 0) }
    let mesh = StationaryMesh(bands: bands, problem: scaled, discount: 0, mergeTolerance: 1e-5)
    for centre in centres { #expect(mesh.nodes.contains(centre / scaled.units.deviation), "\(centre): \(mesh.nodes)") }
    #expect(mesh.nodes == mesh.nodes.sorted())
  }
}
