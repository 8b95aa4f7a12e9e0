import Formulation
import Glibc
import Testing

@testable import Simulation

@Suite struct ReproducibilityTests {
  static let bands = [Band(lower: -0.1, upper: 0.1, targetLower: -0.1, targetUpper: 0.1)]

  func rollOut(threads: Int?, detailed: Bool = true) throws -> RollOut {
    try RollOut(
      problem: try Fixture.switching(),
      settings: RollOutSettings(
        checkEvery: 6 * 3600, pathCount: 1500, seed: 7, detailed: detailed, threads: threads))
  }

  /// One thread, two threads, three shards: the same bytes.
  @Test func threadsAndShards() throws {
    let policy = HedgingPolicy.constantBand(ReproducibilityTests.bands)
    let one = try rollOut(threads: 1).run(policy, keeping: [.criterion])
    let two = try rollOut(threads: 2).run(policy, keeping: [.criterion])
    #expect(one == two)
    let worker = try rollOut(threads: 1)
    let shards = [
      try worker.run(policy, paths: 0..<512, keeping: [.criterion]),
      try worker.run(policy, paths: 512..<768, keeping: [.criterion]),
      try worker.run(policy, paths: 768..<1500, keeping: [.criterion]),
    ]
    #expect(try RollOutResult(merging: shards) == one)
    #expect(throws: SimulationError.shardGap(expected: 0, found: 512)) {
      try RollOutResult(merging: [shards[1]])
    }
    #expect(throws: SimulationError.misalignedShard(first: 100, block: 256)) {
      try worker.run(policy, paths: 100..<512)
    }
  }

  /// The lean kernel counts what the detailed one counts.
  @Test func leanEqualsDetailed() throws {
    let policy = HedgingPolicy.constantBand(ReproducibilityTests.bands)
    let detailed = try rollOut(threads: nil).run(policy)
    let lean = try rollOut(threads: nil, detailed: false).run(policy)
    for column in RollOutColumn.allCases where !column.isDetail {
      #expect(lean[column] == detailed[column], "\(column)")
    }
  }

  /// And where trades cost in proportion alone, which the lean kernel charges by itself: bands with targets inside, and tables whose
  /// targets are their edges and others.
  @Test(arguments: [0, 0.03]) func plainLeanEqualsDetailed(inset: Double) throws {
    let problem = try Fixture.plain(cost: TradeCost(proportionalBuy: 0.0005, proportionalSell: 0.0007))
    let band = Band(lower: -0.1, upper: 0.08, targetLower: -0.1 + inset, targetUpper: 0.08 - inset)
    let table = PolicyTable(
      times: [0, 0.05], logSpots: [4.4, 4.6, 4.9], regimeCount: 1, bands: Array(repeating: band, count: 6))
    func rollOut(detailed: Bool) throws -> RollOut {
      try RollOut(
        problem: problem,
        settings: RollOutSettings(checkEvery: 3 * 3600, pathCount: 512, seed: 3, detailed: detailed))
    }
    #expect(try rollOut(detailed: false).plan.isPlain && !rollOut(detailed: true).plan.isPlain)
    var costs: [Double] = []
    for policy in [HedgingPolicy.constantBand([band]), .table(table)] {
      let detailed = try rollOut(detailed: true).run(policy)
      let lean = try rollOut(detailed: false).run(policy)
      for column in RollOutColumn.allCases where !column.isDetail {
        #expect(lean[column] == detailed[column], "\(column)")
      }
      costs.append(lean[.variableCosts].mean)
    }
    // The table says the same everywhere.
    #expect(abs(costs[0] - costs[1]) <= 1e-12 * costs[0] && costs[0] > 0)
  }

  /// A price that grows by its moves is the exponential of its logarithm but for a rounding per step.
  @Test func grownPrices() throws {
    let problem = try Fixture.switching(rates: Fixture.twoRates)
    let settings = RollOutSettings(checkEvery: 1800, pathCount: 64, seed: 11)
    let rollOut = try RollOut(problem: problem, settings: settings)
    let length = rollOut.plan.sample.times[1]
    #expect(rollOut.plan.grows(length) && !rollOut.plan.grows(200 * length))
    for index in 0..<settings.pathCount {
      let path = rollOut.path(index)
      for (step, logSpot) in path.logSpots.enumerated() {
        let error = abs(path.spots[step] / exp(logSpot) - 1)
        // The logarithm's own sum is rounded at every step too, at a magnitude of log 100.
        #expect(error <= 8 * Double(step + 1) * 0x1p-52, "path \(index), step \(step): \(error)")
      }
    }
  }

  /// Other seeds give other paths; antithetic pairs mirror each other.
  @Test func seedsAndMirrors() throws {
    let problem = try Fixture.plain(drift: 0.125)
    func settings(_ seed: UInt64, _ antithetic: Bool) -> RollOutSettings {
      RollOutSettings(checkEvery: 86_400, pathCount: 32, seed: seed, antithetic: antithetic)
    }
    let first = try RollOut(problem: problem, settings: settings(1, true))
    let second = try RollOut(problem: problem, settings: settings(2, true))
    #expect(first.path(3) != second.path(3))
    // With μ = ½σ² the log-price is a martingale, and the mirror image of a path is its negative.
    let (plus, minus) = (first.path(3), first.path(11))
    for step in plus.logSpots.indices {
      let mean = 0.5 * (plus.logSpots[step] + minus.logSpots[step])
      #expect(abs(mean - plus.logSpots[0]) < 1e-13, "\(step)")
    }
    // Antithetic or not, stream 3 is path 3.
    #expect(try RollOut(problem: problem, settings: settings(1, false)).path(3).spots == plus.spots)
  }

  /// The regime path is the same whatever the step: only its own clocks move it.
  @Test func switchesDoNotDependOnTheStep() throws {
    let problem = try Fixture.switching()
    let fine = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 3600, pathCount: 8, seed: 5))
    let coarse = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 86_400, pathCount: 8, seed: 5))
    for path in 0..<8 {
      let (left, right) = (fine.path(path), coarse.path(path))
      for regime in 0..<2 {
        #expect(abs(left.occupation[regime] - right.occupation[regime]) < 1e-12, "path \(path) regime \(regime)")
      }
      for day in 0...30 { #expect(left.regimes[24 * day] == right.regimes[day], "path \(path) day \(day)") }
    }
  }
}
