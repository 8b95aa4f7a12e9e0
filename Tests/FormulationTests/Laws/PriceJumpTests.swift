import Glibc
import TestKit
import Testing

@testable import Formulation

/// Laws of a price's jumps against numerical integrals of their densities, and what a chain makes of them.
@Suite struct PriceJumpTests {
  static let laws: [PriceJumps.Law] = [
    .merton(mean: -0.05, deviation: 0.08), .kou(scaleUp: 0.05, scaleDown: 0.07, probabilityUp: 0.4),
    .kou(scaleUp: 0.2, scaleDown: 0.1, probabilityUp: 1),
  ]

  /// `E f(Z)` by Simpson's rule on either side of 0, where the exponential law's density breaks.
  private func mean(_ jumps: PriceJumps, _ f: (Double) -> Double) -> Double {
    [(-12.0, -1e-12), (1e-12, 12.0)].reduce(0) { sum, range in
      let count = 200_000
      let width = (range.1 - range.0) / Double(count)
      let parts = (0...count).reduce(0.0) { total, index in
        let z = range.0 + Double(index) * width
        return total + (index == 0 || index == count ? 1 : index % 2 == 1 ? 4 : 2) * jumps.logarithm.density(z) * f(z)
      }
      return sum + parts * width / 3
    }
  }

  @Test(arguments: laws) func momentsAreIntegrals(_ law: PriceJumps.Law) {
    let jumps = PriceJumps(intensity: 3, law: law)
    #expect(relativeDifference(jumps.meanMove, mean(jumps) { exp($0) - 1 }) < 1e-8, "\(law)")
    let square = mean(jumps) { (exp($0) - 1) * (exp($0) - 1) }
    #expect(relativeDifference(jumps.squaredMove, square) < 1e-8, "\(law)")
    let nodes = jumps.quadrature
    let byRule = nodes.reduce(0) { $0 + $1.weight * expm1($1.logJump) * expm1($1.logJump) }
    #expect(relativeDifference(jumps.squaredMove, byRule) < 1e-8, "\(law): \(byRule)")
  }

  /// A switch that moves the price takes its mean out of the drift, and only where it can happen.
  @Test func driftBetweenJumps() throws {
    let chain = try EnvironmentChain(
      regimes: [
        Regime(name: "a", volatility: 0.5, drift: 0.1, jumps: PriceJumps(intensity: 4, law: Self.laws[0])),
        Regime(name: "b", volatility: 0.5, drift: 0.1),
      ], generator: try Generator([[-6, 6], [0, 0]]), switchJumps: [[0, -0.06], [0.5, 0]])
    let kappa = exp(-0.05 + 0.5 * 0.08 * 0.08) - 1
    let expected = 0.1 - 4 * kappa - 6 * (exp(-0.06) - 1)
    #expect(abs(chain.driftBetweenJumps(0) - expected) < 1e-15)
    #expect(chain.driftBetweenJumps(1) == 0.1)
  }

  @Test(arguments: [
    (PriceJumps.Law.kou(scaleUp: 0.5, scaleDown: 0.1, probabilityUp: 0.5), "market.regimes[0].jumps.kou.scaleUp"),
    (.kou(scaleUp: 0.1, scaleDown: 0.1, probabilityUp: 1.5), "market.regimes[0].jumps.kou.probabilityUp"),
    (.merton(mean: 4, deviation: 0.1), "market.regimes[0].jumps.merton.mean"),
    (.merton(mean: 0, deviation: 0), "market.regimes[0].jumps.merton.deviation"),
  ]) func refusals(_ law: PriceJumps.Law, _ field: String) {
    do throws(FormulationError) {
      _ = try EnvironmentChain(
        regimes: [Regime(name: "a", volatility: 0.5, jumps: PriceJumps(intensity: 1, law: law))],
        generator: .frozen(count: 1))
      Issue.record("\(law) was accepted")
    } catch { #expect(error.field == field) }
  }
}

/// Products of chains.
@Suite struct EnvironmentFactorTests {
  /// Transition probabilities of the product are products: `e^{(Q⊕F)t} = e^{Qt} ⊗ e^{Ft}`, which for the generators means
  /// that each chain alone has its own stationary law in the product.
  @Test func kroneckerSum() throws {
    let base = try EnvironmentChain(
      regimes: [Regime(name: "calm", volatility: 0.5, funding: 0.1), Regime(name: "wild", volatility: 1)],
      generator: try Generator([[-6, 6], [24, -24]]), switchJumps: [[0, -0.1], [0, 0]])
    let gas = try EnvironmentFactor(
      name: "gas", states: [.init(name: "low"), .init(name: "high", fixedCostMultiple: 5, funding: 0.02)],
      perYear: [[-50, 50], [200, -200]])
    let depth = try EnvironmentFactor(
      name: "depth", states: [.init(name: "deep"), .init(name: "thin", proportionalCostMultiple: 3)],
      perYear: [[-10, 10], [30, -30]])
    let product = try base.multiplied(by: [gas, depth])
    #expect(
      product.regimes.map(\.name) == [
        "calm/low/deep", "calm/low/thin", "calm/high/deep", "calm/high/thin", "wild/low/deep", "wild/low/thin",
        "wild/high/deep", "wild/high/thin",
      ])
    let law = try #require(product.generator.stationaryLaw)
    for outer in 0..<2 {
      for middle in 0..<2 {
        for inner in 0..<2 {
          let expected = [0.8, 0.2][outer] * [0.8, 0.2][middle] * [0.75, 0.25][inner]
          #expect(abs(law[4 * outer + 2 * middle + inner] - expected) < 1e-14)
        }
      }
    }
    #expect(product.regimes[2].funding == 0.1 + 0.02)
    #expect(product.switchJump(from: 2, to: 6) == -0.1 && product.switchJump(from: 2, to: 7) == 0)
    let costs = EnvironmentFactor.costs([.fixed(2), .proportional(0.001)], under: [gas, depth])
    #expect(costs.map(\.fixed) == [2, 2, 10, 10, 0, 0, 0, 0])
    #expect(costs.map(\.proportionalBuy) == [0, 0, 0, 0, 0.001, 0.003, 0.001, 0.003])
  }

  @Test func tooManyRegimes() throws {
    let base = try EnvironmentChain(
      regimes: ["a", "b", "c"].map { Regime(name: $0, volatility: 1) }, generator: .frozen(count: 3))
    let factor = try EnvironmentFactor(
      name: "f", states: ["x", "y", "z"].map { .init(name: $0) }, perYear: Generator.frozen(count: 3).rates)
    #expect(
      throws: FormulationError.outOfRange(
        field: "market.factors", value: 9, allowed: "1 to 8 regimes, all states multiplied")
    ) { try base.multiplied(by: [factor]) }
  }
}
