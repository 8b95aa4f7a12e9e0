import Formulation
import Glibc
import Testing

@testable import Simulation

/// Bands for decisions at intervals.
@Suite struct PeriodicReviewTests {
  /// The stationary average cost of the walk `D' = clip(D + s Z, ±h)` in units of the continuous half-width, where the running
  /// cost is D² and the proportional cost 4/3 (h³ = 3kη²/(4λ)): `E D² + (4/3) E|overshoot|/s²`. The law is iterated on a
  /// midpoint grid of [−h, h] and its two ends.
  private func averageCost(halfWidth h: Double, move s: Double) -> Double {
    let cells = 160
    let width = 2 * h / Double(cells)
    let points = [-h] + (0..<cells).map { -h + (Double($0) + 0.5) * width } + [h]
    let step = points.map { from in
      let inside = (0..<cells).map { cell in
        let low = (-h + Double(cell) * width - from) / s
        return NormalLaw.cumulative(low + width / s) - NormalLaw.cumulative(low)
      }
      return [NormalLaw.cumulative((-h - from) / s)] + inside + [NormalLaw.cumulative((from - h) / s)]
    }
    var law = points.map { _ in 1 / Double(points.count) }
    // The walk mixes in (h/s)² steps.
    for _ in 0..<Int(60 + 12 * (h / s) * (h / s)) {
      var next = law.map { _ in 0.0 }
      for from in points.indices {
        for to in points.indices { next[to] += law[from] * step[from][to] }
      }
      law = next
    }
    func overshoot(_ distance: Double) -> Double {
      s * NormalLaw.density(distance / s) - distance * NormalLaw.cumulative(-distance / s)
    }
    return zip(points, law).reduce(0) { sum, entry in
      let (point, weight) = entry
      return sum + weight * (point * point + 4.0 / 3 / (s * s) * (overshoot(h - point) + overshoot(h + point)))
    }
  }

  /// The least of a parabola through three costs lies where the table says; its own error is of second order in the 10 %.
  @Test(arguments: [0.3, 0.6, 1, 1.7, 2.5, 3.9])
  func narrowingIsOptimal(move: Double) {
    let half = PeriodicReview.narrowing(move)
    let costs = [0.9, 1, 1.1].map { averageCost(halfWidth: $0 * half, move: move) }
    let vertex = 1 + 0.05 * (costs[0] - costs[2]) / (costs[0] - 2 * costs[1] + costs[2])
    #expect(abs(vertex - 1) < 0.02, "least at \(vertex) of \(half)")
  }

  /// Both ends: the shift of a discretely monitored barrier, and one period at a time.
  @Test func limits() {
    let move = 0.05
    #expect(abs((1 - PeriodicReview.narrowing(move)) / move - 0.5826) < 0.01)
    #expect(PeriodicReview.narrowing(0) == 1)
    #expect(abs(PeriodicReview.narrowing(4.0) * 3 * 16 / 2 - 1) < 0.01)
    #expect(abs(PeriodicReview.narrowing(3.999) - PeriodicReview.narrowing(4.001)) < 1e-3)
  }

  /// Narrower bands do better when one decides four times a day, on the same paths, under either preference.
  @Test(arguments: [Preference.quadratic(riskAversion: 10), .exponential(riskAversion: 10)])
  func narrowedBandsCostLess(preference: Preference) throws {
    let problem = try Fixture.plain(
      volatility: 0.8, positions: [Fixture.option(strike: 1, implied: [0.8])], cost: .proportional(0.0005),
      settlement: .none, preference: preference, spot: 1)
    // The bands of the small-cost formula as a table.
    let times = (0..<60).map { problem.horizon * (1 - pow(1 - Double($0) / 60, 2)) }
    let logSpots = (0...400).map { -1 + 0.005 * Double($0) }
    let bands = times.flatMap { time in
      logSpots.map { x -> Band in
        let gamma = problem.book.greeks(time: time, spot: exp(x), regime: 0).gamma
        let half = cbrt(1.5 * 0.0005 * exp(x) * gamma * gamma / 10) + 1e-4
        return Band(lower: -half, upper: half, targetLower: -half, targetUpper: half)
      }
    }
    let table = PolicyTable(times: times, logSpots: logSpots, regimeCount: 1, bands: bands)
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(checkEvery: Fixture.day / 4, pathCount: 1 << 14, seed: 51, antithetic: true))
    let narrowed = table.narrowed(forChecksEvery: Fixture.day / 4, in: problem)
    let gain = try rollOut.compare(.table(table), .table(narrowed)).difference(.criterion)
    #expect(gain.mean > 4 * gain.standardError, "\(gain)")
  }
}
