import Formulation
import Testing

@testable import Control

/// What bands with clocks must do whatever the problem.
struct TrackingHybridTests {
  static func problem(
    _ criterion: TrackingCriterion = .longRunAverage, fixed: Double = 0.2, jumps: DeviationJumps? = nil
  ) throws -> TrackingProblem {
    let second = TrackingRegime(name: "b", drift: -0.3, volatility: 1.6, runningCost: .quadratic(0.7))
    let first = TrackingRegime(
      name: "a", drift: 0.2, volatility: 0.8, runningCost: .quadratic(1.2), jumps: jumps)
    return try TrackingProblem(
      name: "hybrid", criterion: criterion, regimes: jumps == nil ? [first, second] : [first],
      generator: Generator(jumps == nil ? [[-1, 1], [0.6, -0.6]] : [[0]]),
      costs: [0.2, 0.1].prefix(jumps == nil ? 2 : 1).map {
        TradeCost(fixed: fixed, proportionalBuy: $0, proportionalSell: 0.15)
      })
  }

  /// The clock costs its share of the band alone, from the start that classes are best for; and the reported gaps, evaluated anew,
  /// cost what is reported.
  @Test(arguments: [
    try TrackingHybridTests.problem(), try TrackingHybridTests.problem(.discounted(rate: 0.5)),
    try TrackingHybridTests.problem(fixed: 0),
    try TrackingHybridTests.problem(
      jumps: DeviationJumps(intensity: 1.5, law: .laplace(up: 0.5, down: 0.3, probabilityUp: 0.4))),
  ])
  func price(_ problem: TrackingProblem) throws {
    let solver = StationarySolver()
    let classes = try solver.classes(of: problem, optimum: solver.solve(problem))
    let scaled = ScaledTracking(problem, members: Array(problem.regimes.indices))
    let units = scaled.units
    func total(_ regimes: [TrackingClassRegime]) -> Double {
      zip(scaled.startWeights, regimes).reduce(0) { $0 + $1.0 * $1.1.cost.total.value }
    }
    for (hybrid, base) in [(TrackingClass.hybridAny, TrackingClass.recentre), (.hybridAll, .optimal)] {
      let regimes = try #require(classes[hybrid]?.regimes, "\(hybrid)")
      let plain = try #require(classes[base]?.regimes)
      // A gap is sought until its price is within a thousandth of 1 %.
      #expect(abs(total(regimes) / total(plain) - 1.01) < 2e-5, "\(hybrid)")
      let gaps = regimes.map { ($0.maxGap ?? $0.minGap)!.value / units.time }
      let bands = regimes.map { regime in
        let band = regime.band!
        return Band(
          lower: band.lower / units.deviation, upper: band.upper / units.deviation,
          targetLower: band.targetLower / units.deviation, targetUpper: band.targetUpper / units.deviation)
      }
      let anew = try ClockedBand(
        problem: scaled, bands: bands, clock: hybrid == .hybridAny ? .forces : .permits,
        basis: ChebyshevBasis(degree: 28), nodes: 44, mergeTolerance: StationarySettings().mergeTolerance
      ).totals(gaps: gaps)
      let unit = scaled.discount == 0 ? units.cost / units.time : units.cost
      for (e, regime) in regimes.enumerated() {
        #expect(abs(anew[e] * unit - regime.cost.total.value) < 1e-8 * regime.cost.total.value, "\(hybrid) \(e)")
        #expect(regime.loss.value > 0)
        // From one trade to the next no longer than a clock that forces, no shorter than one that keeps waiting.
        let mean = try #require(regime.meanBetweenTrades?.value)
        if hybrid == .hybridAny { #expect(mean < regime.maxGap!.value) } else { #expect(mean > regime.minGap!.value) }
      }
    }
  }

  /// An endless clock that forces is the band alone; so is a wait of nothing.
  @Test func limits() throws {
    let problem = try Self.problem()
    let scaled = ScaledTracking(problem, members: [0, 1])
    let bands = [(-1.1, 0.1, 1.2), (-1.6, -0.1, 1.4)].map {
      Band(lower: $0, upper: $2, targetLower: $1, targetUpper: $1)
    }
    let basis = ChebyshevBasis(degree: 20)
    let alone = try StationaryStatistics(
      scaled, bands: bands, basis: basis, mergeTolerance: 1e-5, hasLongRun: true
    ).regimes[0]
    for (clock, gap, tolerance) in [(ClockedBand.Clock.forces, 60.0, 1e-8), (.permits, 1e-4, 1e-4)] {
      let found = try ClockedBand(
        problem: scaled, bands: bands, clock: clock, basis: basis, nodes: 40, mergeTolerance: 1e-5
      ).regimes(gaps: [gap, gap], hasLongRun: true)[0]
      #expect(abs(found.total / alone.total - 1) < tolerance, "\(found.total) for \(alone.total)")
      #expect(abs(found.trades! / alone.tradesPerTime! - 1) < tolerance)
    }
  }

  /// A regime that is left for ever has parameters of its own all the same: the best recentring from it costs 7.029 by an independent
  /// program, which kept the other regime's band.
  @Test func transientRegime() throws {
    let regimes = [(0.6, "a"), (1.6, "b")].map {
      TrackingRegime(name: $1, volatility: $0, runningCost: DeviationCost(below: 1, above: 2))
    }
    let problem = try TrackingProblem(
      name: "transient", criterion: .discounted(rate: 0.1), regimes: regimes,
      generator: Generator([[0, 0], [0.5, -0.5]]),
      costs: [0.3, 0.3].map { TradeCost(fixed: $0, proportionalBuy: 0.5, proportionalSell: 0.5) })
    let solver = StationarySolver()
    let classes = try solver.classes(of: problem, optimum: solver.solve(problem), wanted: [.recentre])
    let cost = try #require(classes[.recentre]?.regimes[1].cost.total.value)
    #expect(abs(cost - 7.029) < 0.0015, "\(cost)")
  }

  /// Regimes that are alike are one, whichever of them the chain is in: clocks and all.
  @Test(arguments: [(nil, [TrackingClass.interval, .hybridAny, .hybridAll]), (blocks, [.hybridAny, .hybridAll])])
  func alikeRegimesAreOne(_ jumps: DeviationJumps?, _ classes: [TrackingClass]) throws {
    func solved(_ generator: [[Double]]) throws -> TrackingClasses {
      let problem = try TrackingProblem(
        name: "alike", criterion: .longRunAverage,
        regimes: generator.indices.map {
          TrackingRegime(
            name: "\($0)", drift: $0 == 0 && jumps == nil ? 0.2 : 0, volatility: $0 == 0 && jumps == nil ? 0.8 : 1.3,
            runningCost: DeviationCost(below: 1, above: 1.5), jumps: jumps)
        },
        generator: Generator(generator),
        costs: generator.indices.map { _ in TradeCost(fixed: 0.2, proportionalBuy: 0.2, proportionalSell: 0.15) })
      let solver = StationarySolver()
      return try solver.classes(of: problem, optimum: solver.solve(problem), wanted: Set(classes))
    }
    // With jumps all are alike.
    let (few, many) =
      jumps == nil
      ? ([[-1, 1], [0.6, -0.6]], [[-1, 0.7, 0.3], [0.6, -1, 0.4], [0.6, 0.9, -1.5]])
      : ([[0]], [[-0.7, 0.7], [0.4, -0.4]])
    let (one, alike) = (try solved(few), try solved(many))
    for wanted in classes {
      let expected = try #require(one[wanted]?.regimes, "\(wanted)")
      let found = try #require(alike[wanted]?.regimes, "\(wanted)")
      for (e, regime) in found.enumerated() {
        let same = expected[min(e, expected.count - 1)]
        #expect(abs(regime.cost.total.value / same.cost.total.value - 1) < 1e-7, "\(wanted) \(e)")
        for gap in [\TrackingClassRegime.minGap, \.maxGap] {
          guard let here = regime[keyPath: gap], let there = same[keyPath: gap] else { continue }
          #expect(abs(here.value / there.value - 1) < 1e-4, "\(wanted) \(e)")
        }
        #expect(abs(regime.meanBetweenTrades!.value / same.meanBetweenTrades!.value - 1) < 1e-4)
      }
    }
  }

  private static let blocks = DeviationJumps(intensity: 1.5, law: .laplace(up: 0.5, down: 0.3, probabilityUp: 0.4))
}
