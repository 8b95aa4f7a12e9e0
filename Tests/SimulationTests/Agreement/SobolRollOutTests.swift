import Formulation
import Glibc
import Testing

@testable import Simulation

/// Roll-outs whose coarse course is from Sobol's points.
@Suite struct SobolRollOutTests {
  static func settings(
    paths: Int, randomisations: Int, seed: UInt64, hours: Double = 12, threads: Int? = nil
  ) -> RollOutSettings {
    var settings = RollOutSettings(checkEvery: hours * 3600, pathCount: paths, seed: seed, threads: threads)
    settings.sequence = .sobol(randomisations: randomisations)
    return settings
  }

  /// The increments are independent standard normals whatever their lengths: means, variances and correlations over scramblings,
  /// with an expiry inside a step.
  @Test func normalsAreIndependent() throws {
    let problem = try Fixture.switching(positions: Fixture.ladder)
    let plan = try RollOutPlan(
      problem: problem, settings: Self.settings(paths: 256 * 256, randomisations: 256, seed: 51, hours: 3.5))
    let pass = SobolPass(plan)
    let state = BlockState(regimeCount: 2)
    defer { state.deallocate() }
    let steps = plan.sample.stepCount
    // Neighbours within a stretch and across its end, and the whole course against its parts.
    let chosen = [0, 1, 5, 6, 7, 8, steps / 2, steps - 2, steps - 1]
    var moments = [[[Double]]](
      repeating: [[Double]](repeating: [], count: chosen.count), count: chosen.count)
    var values = [[Double]](repeating: [], count: chosen.count)
    for first in stride(from: 0, to: plan.settings.pathCount, by: 256) {
      for step in stride(from: 0, to: steps, by: 4) {
        pass.drawNormals(firstPath: first, step: step, state: state)
        for (index, wanted) in chosen.enumerated() where wanted / 4 * 4 == step {
          values[index] = Array(UnsafeBufferPointer(start: state.scalars(state.normals(wanted % 4)), count: 256))
        }
      }
      for left in chosen.indices {
        for right in left..<chosen.count {
          moments[left][right].append(zip(values[left], values[right]).reduce(0) { $0 + $1.0 * $1.1 } / 256)
        }
      }
    }
    for left in chosen.indices {
      for right in left..<chosen.count {
        let found = moments[left][right].withUnsafeBufferPointer { Moments($0) }.estimate
        #expect(distance(found, left == right ? 1 : 0) < HestonPriceTests.bound, "\(left) \(right): \(found)")
      }
    }
  }

  /// The same paths by scalar code, and the same bytes for any number of threads.
  @Test func replayed() throws {
    let problem = try Fixture.switching(positions: Fixture.ladder, settlement: .cash)
    let bands = WorldReferenceTests.bands
    func rollOut(_ threads: Int) throws -> RollOut {
      try RollOut(
        problem: problem, settings: Self.settings(paths: 1024, randomisations: 4, seed: 52, threads: threads))
    }
    try ScalarReferenceTests().agree(try rollOut(1), .constantBand(bands)) { _, _, regime in bands[regime] }
    #expect(try rollOut(1).run(.constantBand(bands)) == rollOut(3).run(.constantBand(bands)))
  }

  /// The means are those of plain paths. What the points are worth at equal numbers of paths, the ratio of the variances of the means,
  /// measured here with 2¹⁷ paths of 180 looks in 64 scramblings (each ratio to a fifth): an edge band of ±0.1 has 12 for the criterion,
  /// 20 for the risk, 7 for the costs and 4.6 for the number of trades; a hedge that is never touched 1800; gamma and theta
  /// of many small steps, which the coarse course does not decide, 1.
  @Test func varianceRatios() throws {
    let problem = try Fixture.plain()
    let band = HedgingPolicy.constantBand([Band(lower: -0.1, upper: 0.1, targetLower: -0.1, targetUpper: 0.1)])
    let sobol = try RollOut(
      problem: problem, settings: Self.settings(paths: 1 << 17, randomisations: 64, seed: 53, hours: 4))
    var plainSettings = sobol.settings
    plainSettings.sequence = .pseudorandom
    plainSettings.seed = 54
    let plain = try RollOut(problem: problem, settings: plainSettings)
    // Half of what was measured: three of its standard errors.
    let rows: [(policy: HedgingPolicy, column: RollOutColumn, least: Double, most: Double)] = [
      (band, .criterion, 6, 24), (band, .gammaRisk, 10, 40), (band, .variableCosts, 3.5, 14),
      (band, .tradeCount, 2.3, 9.2),
      (.never, .criterion, 900, 3600), (band, .gammaThetaProfit, 0.5, 2),
    ]
    for row in rows {
      let (found, wanted) = (try sobol.run(row.policy)[row.column], try plain.run(row.policy)[row.column])
      let (own, other) = (found.standardError, wanted.standardError)
      #expect(
        abs(found.mean - wanted.mean) < HestonPriceTests.bound * (own * own + other * other).squareRoot(),
        "\(row.column): \(found) for \(wanted)")
      let ratio = other * other / (own * own)
      #expect(ratio > row.least && ratio < row.most, "\(row.column): \(ratio)")
    }
  }

  /// Differences of two policies, and of two cadences, have errors by scramblings too.
  @Test func comparisons() throws {
    let problem = try Fixture.plain()
    let rollOut = try RollOut(
      problem: problem, settings: Self.settings(paths: 1 << 14, randomisations: 16, seed: 55))
    let bands = [0.1, 0.2].map {
      HedgingPolicy.constantBand([Band(lower: -$0, upper: $0, targetLower: -$0, targetUpper: $0)])
    }
    let (first, second) = (try rollOut.run(bands[0]), try rollOut.run(bands[1]))
    let comparison = try rollOut.compare(bands[0], bands[1])
    #expect(comparison.paired(.criterion).first.count == 16)
    let difference = comparison.difference(.criterion)
    #expect(abs(difference.mean - (first[.criterion].mean - second[.criterion].mean)) < 1e-12)
    let paired = comparison.paired(.criterion)
    #expect(abs(paired.first.estimate.standardError - first[.criterion].standardError) < 1e-15)
    let estimate = try rollOut.estimate(bands[0])
    #expect(abs(estimate.criterion.standardError - first[.criterion].standardError) < 1e-15)
  }

  @Test func refusals() throws {
    let problem = try Fixture.plain()
    func refused(_ change: (inout RollOutSettings) -> Void, world: World? = nil) -> String? {
      var settings = Self.settings(paths: 1024, randomisations: 4, seed: 56)
      change(&settings)
      do { _ = try RollOut(problem: problem, settings: settings, world: world) } catch {
        if case .outOfRange(let setting, _, _) = error { return setting }
      }
      return nil
    }
    #expect(refused { _ in } == nil)
    #expect(refused { $0.sequence = .sobol(randomisations: 1) } == "sequence.randomisations")
    #expect(refused { $0.sequence = .sobol(randomisations: 3) } == "sequence.randomisations")
    #expect(refused { $0.sequence = .sobol(randomisations: 8) } == "paths of a scrambling")
    #expect(refused { $0.pathCount = 4 * 768 } == "paths of a scrambling")
    #expect(refused { $0.antithetic = true } == "antithetic")
    let history = BootstrapLawTests.world(BootstrapLawTests.history, blockLength: 4, seconds: 43_200)
    #expect(refused({ _ in }, world: history) == "sequence")
  }
}
