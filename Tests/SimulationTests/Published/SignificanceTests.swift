import Glibc
import TestKit
import Testing

@testable import Simulation

/// Holm's correction: the worked example of the textbooks, and the error that it promises.
@Suite struct SignificanceTests {
  /// p = 0.01, 0.04, 0.03, 0.005 become 0.03, 0.06, 0.06, 0.02: two of four are real at 5 %.
  @Test func workedExample() {
    // z of the two-sided p by bisection, since the family takes differences.
    func z(_ p: Double) -> Double {
      var (low, high) = (0.0, 10.0)
      for _ in 0..<200 {
        let middle = 0.5 * (low + high)
        if erfc(middle / 2.0.squareRoot()) > p { low = middle } else { high = middle }
      }
      return low
    }
    let given = [0.01, 0.04, 0.03, 0.005]
    let family = Significance.family(
      given.enumerated().map { Estimate(mean: ($0.offset % 2 == 0 ? 1 : -1) * z($0.element), standardError: 1) })
    for (judged, (p, adjusted)) in zip(family, zip(given, [0.03, 0.06, 0.06, 0.02])) {
      #expect(abs(judged.p - p) < 1e-12 && abs(judged.adjustedP - adjusted) < 1e-12, "\(judged)")
    }
    #expect(family.map(\.isSignificant) == [true, false, false, true])
  }

  /// Two-sided quantiles of Student's law: Abramowitz and Stegun (1964), table 26.10, A = 0.95 and 0.99, to their three digits.
  @Test func student() {
    let rows: [(freedom: Int, half: Double, hundredth: Double)] = [
      (1, 12.706, 63.657), (2, 4.303, 9.925), (5, 2.571, 4.032), (10, 2.228, 3.169), (30, 2.042, 2.750),
      (120, 1.980, 2.617),
    ]
    for row in rows {
      for (t, p) in [(row.half, 0.05), (row.hundredth, 0.01)] {
        let (low, high) = (
          Significance.studentTails(t + 0.0006, freedom: row.freedom),
          Significance.studentTails(t - 0.0006, freedom: row.freedom)
        )
        #expect(low < p && p < high, "\(row): \(low) \(high)")
      }
    }
    // Two normal standard errors are not significant with four samples.
    let estimate = [Estimate(mean: 2.1, standardError: 1)]
    #expect(Significance.family(estimate)[0].isSignificant)
    #expect(!Significance.family(estimate, samples: 4)[0].isSignificant)
  }

  /// Of families of ten where nothing differs, sharing half of their noise as policies on the same paths do, at most one in twenty
  /// has a difference called real; by the same draws a test without correction would find many more.
  @Test func falseAlarms() {
    let stream = RandomStream(seed: 3)
    var (alarms, uncorrected) = (0, 0)
    let families = 4096
    for index in 0..<families {
      func normal(_ number: Int) -> Double {
        stream.normalPair(firstStream: UInt64(8 * index), step: UInt32(number)).0[0]
      }
      let shared = normal(0)
      let family = Significance.family(
        (1...10).map { Estimate(mean: (shared + normal($0)) / 2.0.squareRoot(), standardError: 1) })
      if family.contains(where: \.isSignificant) { alarms += 1 }
      if family.contains(where: { $0.p <= Significance.level }) { uncorrected += 1 }
    }
    let share = Double(alarms) / Double(families)
    let error = (Significance.level * (1 - Significance.level) / Double(families)).squareRoot()
    #expect(share < Significance.level + 3 * error && share > 0.2 * Significance.level, "\(share)")
    #expect(Double(uncorrected) / Double(families) > 3 * Significance.level)
  }

  /// What has no standard error proves nothing, what is exactly equal differs by nothing, and what differs without noise is real.
  @Test func degenerate() {
    let family = Significance.family([
      Estimate(mean: 1, standardError: .infinity), Estimate(mean: 0, standardError: 0),
      Estimate(mean: 1, standardError: 0),
    ])
    #expect(family.map(\.p) == [1, 1, 0] && family.map(\.isSignificant) == [false, false, true])
  }
}
