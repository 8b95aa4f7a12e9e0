import Formulation
import Glibc
import Testing

@testable import Simulation

/// Bounds where the value is known in closed form: a forward that is too dear to hedge,
///
///     V(t, S, y) = ½ a S² (y − 1)² (e^{σ²(T−t)} − 1).
@Suite struct LowerBoundClosedFormTests {
  static let aversion = 0.01
  static let volatility = 0.6

  static func problem() throws -> OptionBookProblem {
    try Fixture.plain(
      volatility: volatility,
      positions: [Position(name: "forward", instrument: .forward, quantity: -1, impliedVolatilities: [])],
      cost: .fixed(1e6), settlement: .none, riskAversion: aversion, horizonDays: 30)
  }

  static func value(_ remaining: Double, _ spot: Double, _ y: Double) -> Double {
    0.5 * aversion * spot * spot * (y - 1) * (y - 1) * expm1(volatility * volatility * remaining)
  }

  /// - Parameter factor: what the closed form is multiplied by.
  static func table(_ problem: OptionBookProblem, times factor: Double) -> ValueTable {
    let times = (0...64).map { problem.horizon * Double($0) / 64 }
    let logSpots = (-120...120).map { log(100) + 0.01 * Double($0) }
    let lines = (0..<64).map { Double($0 - 32) * 0.0625 }
    var values: [Double] = []
    for time in times {
      for logSpot in logSpots {
        for y in lines { values.append(factor * value(problem.horizon - time, exp(logSpot), y)) }
      }
    }
    return ValueTable(times: times, logSpots: logSpots, regimeCount: 1, inventories: lines, values: values)
  }

  static func bounds(times factor: Double, threads: Int = 2) throws -> LowerBoundResult {
    let problem = try problem()
    let bound = try LowerBound(
      problem: problem, values: table(problem, times: factor),
      settings: LowerBoundSettings(
        checkEvery: 30 * Fixture.day / 256, isContinuous: false, pathCount: 256, seed: 3, threads: threads))
    return bound.run(
      PolicyTable(times: [0], logSpots: [log(100)], regimeCount: 1, bands: [.unbounded]))
  }

  /// With the value itself as the penalty's function nothing is left to chance: both bounds are the value, and their standard
  /// errors a hundred-thousandth of it. The trapezoidal rule's own error is below 10⁻⁵ here.
  @Test func theIdealPenaltyHasNoVariance() throws {
    let exact = Self.value(try Self.problem().horizon, 100, 0)
    let result = try Self.bounds(times: 1)
    let bounds = result.checked
    #expect(bounds.upper.standardError < 2e-5 * exact)
    #expect(bounds.lower.standardError < 2e-5 * exact)
    #expect(abs(bounds.upper.mean - exact) < 1e-4 * exact)
    // What inventories between lines might gain is taken off.
    #expect(abs(bounds.lower.mean + result.rounding - exact) < 1e-4 * exact)
  }

  /// Without a penalty the mean is as right and a thousand times as noisy; with half of one, half as noisy.
  @Test func aWorsePenaltyIsAsTrue() throws {
    let exact = Self.value(try Self.problem().horizon, 100, 0)
    let (ideal, half, none) = (
      try Self.bounds(times: 1).checked, try Self.bounds(times: 0.5).checked, try Self.bounds(times: 0).checked
    )
    #expect(none.upper.standardError > 500 * ideal.upper.standardError)
    #expect(half.upper.standardError < 0.6 * none.upper.standardError)
    for bounds in [half, none] {
      #expect(abs(bounds.upper.mean - exact) < 3 * bounds.upper.standardError + 1e-4 * exact)
      #expect(bounds.lower.mean < exact + 3 * bounds.lower.standardError)
    }
  }

  /// The same bytes for any number of threads.
  @Test func threadsChangeNothing() throws {
    #expect(try Self.bounds(times: 1, threads: 1) == Self.bounds(times: 1, threads: 3))
  }
}
