import Formulation
import Testing

@testable import Interchange

/// The kind `tracking`: every key is read into the problem, and what is wrong is told with its place.
@Suite("Tracking models") struct TrackingModelTests {
  private static func text(_ regime: String, costs: String = "{ fixed: { amount: 0.1 } }") -> String {
    """
    { schema: 'deadband.model/1', name: 'x', kind: 'tracking',
      tracking: { criterion: 'longRunAverage',
        regimes: [{ name: 'a', \(regime) }] },
      costs: [\(costs)] }
    """
  }

  private static func problem(_ text: String) throws -> TrackingProblem? {
    let model = try ModelFile(bytes: Array(text.utf8))
    if case .tracking(let problem) = model.problem { return problem }
    return nil
  }

  @Test("drift, running cost, jumps and two-sided costs") func reads() throws {
    let found = try #require(
      try Self.problem(
        Self.text(
          """
          drift: { constant: 0.1, reversion: 2, level: 0.5 }, volatility: 0.6,
          runningCost: { quadraticBelow: 1, quadraticAbove: 2, linear: 0.3, center: 0.1 },
          jumps: { laplace: { intensity: 2, scaleUp: 0.3, scaleDown: 0.4, probabilityUp: 0.25 } }
          """, costs: "{ proportional: { perUnit: { buy: 0.2, sell: 1.5 } } }")))
    #expect(
      found.regimes[0]
        == TrackingRegime(
          name: "a", drift: 0.1, reversion: 2, level: 0.5, volatility: 0.6,
          runningCost: DeviationCost(below: 1, above: 2, linear: 0.3, center: 0.1),
          jumps: DeviationJumps(intensity: 2, law: .laplace(up: 0.3, down: 0.4, probabilityUp: 0.25))))
    #expect(found.costs == [TradeCost(proportionalBuy: 0.2, proportionalSell: 1.5)])
    let normal = try #require(
      try Self.problem(
        Self.text("volatility: 1, runningCost: { quadratic: 3 }, jumps: { normal: { intensity: 1, deviation: 0.2 } }")))
    #expect(normal.regimes[0].jumps == DeviationJumps(intensity: 1, law: .normal(mean: 0, deviation: 0.2)))
    #expect(normal.regimes[0].runningCost == .quadratic(3))
  }

  @Test("a problem says what is wrong with it, and where") func refuses() throws {
    func position(_ regime: String) -> (Int, String?)? {
      do {
        _ = try Self.problem(Self.text(regime))
        return nil
      } catch let error as ModelFileError { return (error.position.line, error.path) } catch { return nil }
    }
    let rows = [
      ("volatility: 0, runningCost: { quadratic: 1 }", "tracking.regimes[0].volatility"),
      ("volatility: 1, runningCost: { quadraticBelow: 1 }", "tracking.regimes[0].runningCost"),
      ("volatility: 1, runningCost: { quadratic: -1 }", "tracking.regimes[0].runningCost.quadratic"),
      ("volatility: 1, runningCost: { quadratic: 1 }, drift: { reversion: 1, speed: 2 }", "tracking.regimes[0].drift"),
      ("volatility: 1, runningCost: { quadratic: 1 }, jumps: { poisson: {} }", "tracking.regimes[0].jumps"),
      (
        "volatility: 1, runningCost: { quadratic: 1 }, jumps: { normal: { intensity: -1, deviation: 1 } }",
        "tracking.regimes[0].jumps.normal.intensity"
      ),
    ]
    for (regime, path) in rows {
      let found = try #require(position(regime), "\(regime)")
      #expect(found.0 == 3 && found.1 == path, "\(regime): \(found)")
    }
  }

  @Test("a plain problem keeps its digest, and every new number changes it") func digest() throws {
    func digest(_ regime: String) throws -> String {
      try #require(try Self.problem(Self.text(regime)).map { Problem.tracking($0).digest })
    }
    let plain = "volatility: 1, runningCost: { quadratic: 1 }"
    let variants = [
      plain, "volatility: 1, runningCost: { quadratic: 1, linear: 0.1 }",
      "volatility: 1, runningCost: { quadratic: 1, center: 0.1 }",
      "volatility: 1, runningCost: { quadraticBelow: 1, quadraticAbove: 2 }", plain + ", drift: { reversion: 1 }",
      plain + ", drift: { reversion: 1, level: 1 }", plain + ", jumps: { normal: { intensity: 1, deviation: 1 } }",
      plain + ", jumps: { normal: { intensity: 1, deviation: 2 } }",
      plain + ", jumps: { laplace: { intensity: 1, scaleUp: 1, scaleDown: 1, probabilityUp: 0.5 } }",
    ]
    #expect(Set(try variants.map { try digest($0) }).count == variants.count)
    #expect(try digest(plain) == digest(plain + ", drift: { reversion: 0, level: 3 }"))
    #expect(
      try digest(plain) == digest("volatility: 1, runningCost: { quadraticBelow: 1, quadraticAbove: 1, center: 0 }"))
  }
}
