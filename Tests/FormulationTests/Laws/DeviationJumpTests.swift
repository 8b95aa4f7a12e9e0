import Formulation
import Testing

@Suite struct DeviationJumpTests {
  static let laws = [
    DeviationJumps(intensity: 1, law: .normal(mean: 0.3, deviation: 0.5)),
    DeviationJumps(intensity: 1, law: .laplace(up: 0.4, down: 0.2, probabilityUp: 0.3)),
  ]

  /// The midpoint rule on a grid that has a node boundary at 0: second order, 10⁻⁶ here.
  private func integral(from low: Double, to high: Double, _ f: (Double) -> Double) -> Double {
    let count = 20_000
    let step = (high - low) / Double(count)
    return (0..<count).reduce(0) { $0 + f(low + (Double($1) + 0.5) * step) * step }
  }

  @Test("Tails, excesses and moments are integrals of the density", arguments: laws)
  func tails(_ law: DeviationJumps) {
    for a in [-0.7, -0.1, 0, 0.2, 0.9] {
      // Split at 0, where the double exponential has its kink.
      func over(_ low: Double, _ high: Double, _ f: (Double) -> Double) -> Double {
        let middle = min(max(0, low), high)
        return integral(from: low, to: middle, f) + integral(from: middle, to: high, f)
      }
      #expect(abs(law.tailAbove(a) - over(a, 12) { law.density($0) }) < 1e-6, "\(a)")
      #expect(abs(law.tailBelow(a) - over(-12, a) { law.density($0) }) < 1e-6, "\(a)")
      #expect(abs(law.excessAbove(a) - over(a, 12) { ($0 - a) * law.density($0) }) < 1e-6, "\(a)")
      #expect(abs(law.excessBelow(a) - over(-12, a) { (a - $0) * law.density($0) }) < 1e-6, "\(a)")
    }
    let first = integral(from: -12, to: 0) { $0 * law.density($0) } + integral(from: 0, to: 12) { $0 * law.density($0) }
    #expect(abs(law.mean - first) < 1e-6)
    let second =
      integral(from: -12, to: 0) { $0 * $0 * law.density($0) } + integral(from: 0, to: 12) { $0 * $0 * law.density($0) }
    #expect(abs(law.secondMoment - second) < 1e-6)
  }

  @Test("A volatility of zero and costs that do not hold x back are refused")
  func refusals() {
    func make(_ regime: TrackingRegime) throws {
      _ = try TrackingProblem(
        name: "bad", criterion: .longRunAverage, regimes: [regime], generator: .frozen(count: 1), costs: [.fixed(1)])
    }
    #expect(
      throws: FormulationError.outOfRange(
        field: "tracking.regimes[0].volatility", value: 0, allowed: "1e-9 to 1e9")
    ) {
      try make(TrackingRegime(name: "a", volatility: 0, runningCost: .quadratic(1), jumps: Self.laws[0]))
    }
    #expect(
      throws: FormulationError.outOfRange(
        field: "tracking.regimes[0].runningCost.quadraticBelow", value: 0, allowed: "1e-9 to 1e9")
    ) {
      try make(TrackingRegime(name: "a", volatility: 1, runningCost: DeviationCost(below: 0, above: 1)))
    }
    #expect(
      throws: FormulationError.outOfRange(
        field: "tracking.regimes[0].jumps.laplace.probabilityUp", value: 1.5, allowed: "0 to 1")
    ) {
      try make(
        TrackingRegime(
          name: "a", volatility: 1, runningCost: .quadratic(1),
          jumps: DeviationJumps(intensity: 1, law: .laplace(up: 1, down: 1, probabilityUp: 1.5))))
    }
  }
}
