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

  @Test("any coefficient may be a function, in three ways of writing it") func functions() throws {
    let found = try #require(
      try Self.problem(
        Self.text(
          """
          drift: { reversion: 2, polynomial: [0, 0, 0, -1] }, volatility: { constant: 0.5, points: [[-1, 0.3], [0, 0], [1, 0.4]] },
          runningCost: { quadratic: 1, knots: [2], polynomials: [[], [-8, 4]] }
          """)))
    let regime = found.regimes[0]
    #expect(regime.drift(at: 2) == -12)
    #expect(abs(regime.volatility(at: -1) - 0.8) < 1e-15 && abs(regime.volatility(at: 0.5) - 0.7) < 1e-15)
    #expect(regime.runningCost(at: 1) == 1 && regime.runningCost(at: 3) == 13)
    let bare = try #require(
      try Self.problem(
        Self.text(
          "drift: { points: [[0, 1], [1, 0]] }, volatility: { polynomial: [1, 0, 1] }, runningCost: { polynomial: [0, 0, 0, 0, 2] }"
        )))
    #expect(bare.regimes[0].drift(at: 3) == -2 && bare.regimes[0].volatility(at: 2) == 5)
    #expect(bare.regimes[0].runningCost(at: 2) == 32)
  }

  @Test("a function that is none is refused where it stands") func refusedFunctions() throws {
    func path(_ regime: String) -> String? {
      do {
        _ = try Self.problem(Self.text(regime))
        return nil
      } catch let error as ModelFileError { return error.path } catch { return nil }
    }
    let rest = "runningCost: { quadratic: 1 }"
    let rows = [
      ("volatility: { polynomial: [] }, \(rest)", "tracking.regimes[0].volatility.polynomial"),
      ("volatility: { points: [[0, 1]] }, \(rest)", "tracking.regimes[0].volatility.points"),
      ("volatility: { points: [[0, 1], [0, 2]] }, \(rest)", "tracking.regimes[0].volatility.points"),
      ("volatility: { knots: [0], polynomials: [[1]] }, \(rest)", "tracking.regimes[0].volatility.polynomials"),
      ("volatility: { knots: [0], polynomials: [[1], [2]] }, \(rest)", "tracking.regimes[0].volatility"),
      ("volatility: { polynomial: [1], points: [[0, 1], [1, 1]] }, \(rest)", "tracking.regimes[0].volatility"),
      ("volatility: {}, \(rest)", "tracking.regimes[0].volatility"),
      ("volatility: 1, drift: { level: 1 }, \(rest)", "tracking.regimes[0].drift"),
      ("volatility: 1, runningCost: { polynomial: [0, 0, 0, 1] }", "tracking.regimes[0].runningCost"),
    ]
    for (regime, expected) in rows { #expect(path(regime) == expected, "\(regime)") }
    #expect {
      _ = try Self.problem(Self.text("volatility: { polynomal: [1] }, \(rest)"))
    } throws: { error in
      if case .unknownKey(_, _, "polynomal", _, "polynomial")? = error as? ModelFileError { return true }
      return false
    }
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
