import Formulation
import Glibc
import Testing

@testable import Simulation

/// Quantiles over time against laws in closed form, and against the roll-out itself.
@Suite struct FanTests {
  /// Standard normal quantiles, to ten digits.
  static let scores = [
    0.01: -2.3263478740, 0.05: -1.6448536270, 0.25: -0.6744897502, 0.5: 0, 0.75: 0.6744897502, 0.95: 1.6448536270,
    0.99: 2.3263478740,
  ]
  static let levels = scores.keys.sorted()

  private func rollOut(_ problem: OptionBookProblem, threads: Int? = nil) throws -> RollOut {
    try RollOut(
      problem: problem,
      settings: RollOutSettings(
        checkEvery: Fixture.day, substeps: 3, pathCount: 16_384, seed: 81, antithetic: true, detailed: true,
        threads: threads))
  }

  /// What a forward left alone with a hedge earns is the net position times what the price has moved by, whose quantiles are
  /// lognormal.
  @Test func heldPosition() throws {
    let forward = Position(name: "forward", instrument: .forward, quantity: 0.7)
    let problem = try Fixture.plain(
      volatility: 0.8, drift: 0.3, positions: [forward], settlement: .none, inventory: 1.3, horizonDays: 60)
    let fan = try rollOut(problem).fan(.constantBand([.unbounded]), instants: 7)
    #expect(fan.seconds.count == 7 && fan.seconds[0] == 0 && fan.pathCount == 16_384)
    #expect(abs(fan.seconds[6] - 60 * Fixture.day) < 1)
    for (instant, seconds) in fan.seconds.enumerated() {
      for quantity in [Fan.Quantity.netDelta, .inventory] {
        let held = fan.quantile(quantity, instant: instant, level: 0.3)
        #expect(abs(held.mean - (quantity == .netDelta ? 2 : 1.3)) < 1e-12 && held.standardError == 0)
      }
      let years = seconds / problem.dayCount.secondsPerYear
      for (level, score) in Self.scores {
        let found = fan.quantile(.profit, instant: instant, level: level)
        let deviation = 0.8 * years.squareRoot()
        let grown = exp((0.3 - 0.32) * years + deviation * score)
        let exact = 2 * 100 * (grown - 1)
        guard seconds > 0 else {
          #expect(found.mean == 0 && found.standardError == 0)
          continue
        }
        if level == 0.5 {
          // Mirror images lie on either side of it, a gap between neighbours apart.
          #expect(abs(found.mean - exact) < 1e-6 && found.standardError < 1e-6, "\(found) for \(exact)")
          continue
        }
        #expect(distance(found, exact) < 4.5, "\(seconds) s, \(level): \(found) for \(exact)")
        // √(p(1 − p)/n)/f of independent paths, as it is read off 2 √(n p (1 − p)) of them; mirror images have less, the less the
        // nearer to the median.
        let density = NormalLaw.density(score) / (2 * 100 * grown * deviation)
        let independent = (level * (1 - level) / 16_384).squareRoot() / density
        let noise = 1 / (2 * (16_384 * level * (1 - level)).squareRoot()).squareRoot()
        let ratio = found.standardError / independent
        #expect(ratio < 1 + 4 * noise && ratio > 0.5, "\(level): \(found.standardError) of \(independent)")
      }
    }
  }

  /// After a decision net delta lies in the band, and the last profit is the roll-out's own; on any number of threads.
  @Test func followsTheRollOut() throws {
    let band = Band(lower: -0.1, upper: 0.08, targetLower: -0.02, targetUpper: 0.01)
    let problem = try Fixture.plain(cost: TradeCost(fixed: 0.01, proportionalBuy: 0.001, proportionalSell: 0.001))
    let (one, two) = (try rollOut(problem, threads: 1), try rollOut(problem, threads: 2))
    let (fan, other) = (
      try one.fan(.constantBand([band]), instants: 11), try two.fan(.constantBand([band]), instants: 11)
    )
    for instant in fan.seconds.indices.dropLast() {
      // Days on which one looks; at the others delta has moved.
      guard (fan.seconds[instant] / Fixture.day).rounded() * Fixture.day == fan.seconds[instant] else { continue }
      #expect(fan.quantile(.netDelta, instant: instant, level: 0).mean > band.lower - 1e-12)
      #expect(fan.quantile(.netDelta, instant: instant, level: 1).mean < band.upper + 1e-12)
    }
    let result = try one.run(.constantBand([band]), keeping: [.profit])
    let law = try SampleLaw(result.kept[0], grouping: one.settings.grouping)
    for level in Self.levels {
      #expect(fan.quantile(.profit, instant: 10, level: level) == law.quantile(at: level))
      for quantity in Fan.Quantity.allCases {
        for instant in fan.seconds.indices {
          #expect(
            fan.quantile(quantity, instant: instant, level: level)
              == other.quantile(quantity, instant: instant, level: level))
        }
      }
    }
  }

  @Test func refusals() throws {
    let problem = try Fixture.plain()
    let lean = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: Fixture.day, pathCount: 512, seed: 1, detailed: false))
    #expect(throws: SimulationError.self) { try lean.fan(.constantBand([.unbounded])) }
    #expect(throws: SimulationError.outOfRange(setting: "instants", value: 1, allowed: ">= 2")) {
      try rollOut(problem).fan(.constantBand([.unbounded]), instants: 1)
    }
  }
}
