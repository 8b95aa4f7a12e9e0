import Formulation
import Glibc
import Testing

@testable import Control

@Suite struct StationaryOrderTests {
  @Test("The error falls geometrically in the degree", arguments: [1.0, 100])
  func geometric(_ rate: Double) throws {
    let problem = try StationaryExamples.general(switching: rate)
    func cost(_ degree: Int) throws -> Double {
      try StationarySolver(settings: StationarySettings(degree: degree)).solve(problem).regimes[0].cost.total.value
    }
    let exact = try cost(28)
    let errors = try [8, 10, 12, 14].map { relative(try cost($0), exact) }
    // Six degrees from 8 to 14: 0.93 digits per degree measured at rate 1, where the last point is rounding, and
    // 0.70 at rate 100; half a digit is asserted.
    let slope = -log10(errors[3] / errors[0]) / 6
    #expect(slope > 0.5, "digits per degree \(slope), errors \(errors)")
  }

  @Test("The error estimate covers the error at a low degree")
  func estimate() throws {
    let problem = try StationaryExamples.general(switching: 100)
    let exact = try StationarySolver(settings: StationarySettings(degree: 28)).solve(problem).regimes
    let rough = try StationarySolver(settings: StationarySettings(degree: 10)).solve(problem).regimes
    for (a, b) in zip(rough, exact) {
      #expect(abs(a.cost.total.value - b.cost.total.value) <= a.cost.total.error)
      #expect(zip(a.band.numbers, b.band.numbers).allSatisfy { abs($0 - $1) <= a.bandError })
    }
  }

  @Test("Policy improvement converges quadratically", arguments: StationaryExamples.structures)
  func newtonIsQuadratic(_ cost: TradeCost) throws {
    let problem = try StationaryExamples.problem(
      running: [1, 2], volatility: [1, 0.5], drift: [0.2, -0.1], switching: [[-1, 1], [2, -2]],
      costs: [cost, cost + cost])
    let scaled = ScaledTracking(problem, members: [0, 1])
    var bands = scaled.frozenBands(problem)
    var steps: [Double] = []
    let basis = ChebyshevBasis(degree: 24)
    while steps.count < 8 && steps.last ?? 1 > 1e-10 {
      let value = try BandEvaluation.evaluate(
        scaled, bands: bands, basis: basis, discount: 0, mergeTolerance: 1e-7, functionals: [.total(scaled)])[0]
      let improvement = BandImprovement(value, previous: bands)
      steps.append(improvement.step)
      bands = improvement.bands
    }
    // The last pair of steps above rounding: the exponent between them is 2 in the limit.
    let usable = steps.filter { $0 > 1e-11 && $0 < 0.1 }
    try #require(usable.count >= 3, "\(steps)")
    let tail = usable.suffix(3).map { log($0) }
    let exponent = (tail[2] - tail[1]) / (tail[1] - tail[0])
    #expect(exponent > 1.6, "exponent \(exponent), steps \(steps)")
  }
}
