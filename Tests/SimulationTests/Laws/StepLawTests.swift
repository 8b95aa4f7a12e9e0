import Formulation
import Glibc
import TestKit
import Testing

@testable import Simulation

/// The moments of a step against what they must be.
@Suite struct StepLawTests {
  static let environment = try! EnvironmentChain(
    regimes: [
      Regime(name: "calm", volatility: 0.3, drift: 0.1), Regime(name: "wild", volatility: 1.4, drift: -0.4),
      Regime(name: "odd", volatility: 0.7, drift: 2),
    ], generator: try! Generator([[-9, 6, 3], [40, -45, 5], [0, 12, -12]]))

  /// Two steps one after the other are one: M of x + x' by the binomial rule, over the regime in between.
  @Test(arguments: [1e-6, 1e-3, 0.05, 2]) func stepsCompose(_ length: Double) throws {
    let scale = length.squareRoot()
    func moments(_ start: Int, _ part: Double) throws -> [[Double]] {
      try StepLaw.moments(Self.environment, from: start, length: part, scale: scale)
    }
    let choose: [[Double]] = [[1], [1, 1], [1, 2, 1], [1, 3, 3, 1], [1, 4, 6, 4, 1]]
    let second = try (0..<3).map { try moments($0, 0.7 * length) }
    for start in 0..<3 {
      let (whole, first) = (try moments(start, length), try moments(start, 0.3 * length))
      for power in 0...StepLaw.degree {
        for end in 0..<3 {
          var sum = 0.0
          for between in 0..<3 {
            for i in 0...power { sum += choose[power][i] * first[i][between] * second[between][power - i][end] }
          }
          #expect(abs(sum - whole[power][end]) <= 1e-11 * max(1, abs(whole[power][end])))
        }
      }
    }
  }

  /// One regime: x is normal, with moments 1, m, m² + s², m³ + 3ms², m⁴ + 6m²s² + 3s⁴.
  @Test func oneRegimeIsNormal() throws {
    let chain = try EnvironmentChain(
      regimes: [Regime(name: "only", volatility: 0.8, drift: 0.5)], generator: .frozen(count: 1))
    let length = 0.01
    let law = try StepLaw(environment: chain, from: 0, length: length)
    #expect(law.busy == nil)
    let (m, s) = ((0.5 - 0.32) * length / 0.08, 1.0)
    let expected = [
      1, m, m * m + s, m * m * m + 3 * m * s, m * m * m * m + 6 * m * m * s + 3 * s,
    ]
    for power in 0...StepLaw.degree { #expect(abs(law.quiet.moments[power][0] - expected[power]) < 1e-14) }
    let general = try StepLaw.moments(chain, from: 0, length: length, scale: 0.08)
    for power in 0...StepLaw.degree { #expect(abs(general[power][0] - expected[power]) < 1e-13) }
  }

  /// Quiet and busy steps together are all steps.
  @Test func partsMakeTheWhole() throws {
    let length = 0.002
    for start in 0..<3 {
      let law = try StepLaw(environment: Self.environment, from: start, length: length)
      let busy = try #require(law.busy)
      let whole = try StepLaw.moments(Self.environment, from: start, length: length, scale: busy.scale)
      for power in 0...StepLaw.degree {
        let unit = pow(law.quiet.scale / busy.scale, Double(power))
        for end in 0..<3 {
          let sum = law.quiet.moments[power][end] * unit + busy.moments[power][end]
          #expect(abs(sum - whole[power][end]) < 1e-14)
        }
      }
      #expect(busy.moments[0].allSatisfy { $0 >= 0 })
    }
  }
}
