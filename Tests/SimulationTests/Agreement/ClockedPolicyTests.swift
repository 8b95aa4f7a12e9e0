import Formulation
import Glibc
import Testing

@testable import Simulation

/// Policies with clocks and bands in the inventory, against the scalar roll-out and against policies that they must equal.
@Suite struct ClockedPolicyTests {
  private func rollOut(_ problem: OptionBookProblem, hours: Double, seed: UInt64 = 81) throws -> RollOut {
    try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: hours * 3600, pathCount: 320, seed: seed))
  }

  /// The first look at or after a multiple of the gap, told from the look's number by whole numbers.
  private func rings(_ time: Double, hours: Double, gap: Double, atOnce: Bool) -> Bool {
    let look = (time * 365 * 24 / hours).rounded()
    if look == 0 { return atOnce }
    return (look * hours / gap + 1e-9).rounded(.down) > ((look - 1) * hours / gap + 1e-9).rounded(.down)
  }

  @Test func bandLookedAtByTheClock() throws {
    let problem = try Fixture.switching(positions: Fixture.ladder, settlement: .none)
    let table = Fixture.slantedTable
    let gaps = [30.0, 9]
    let policy = HedgingPolicy.clocked(table, PolicyClock(gaps: gaps.map { $0 * 3600 }, effect: .permits))
    try ScalarReferenceTests().agree(try rollOut(problem, hours: 4), policy) { time, logSpot, regime in
      self.rings(time, hours: 4, gap: gaps[regime], atOnce: true)
        ? lookUp(table, time: time, logSpot: logSpot, regime: regime) : .unbounded
    } own: {
      lookUp(table, time: $0, logSpot: $1, regime: $2)
    }
  }

  @Test(arguments: [PolicyClock.Effect.forcesToTargets, .forcesToMiddle])
  func tradesForcedByTheClock(_ effect: PolicyClock.Effect) throws {
    let problem = try Fixture.switching(positions: Fixture.ladder, settlement: .none)
    let table = Fixture.slantedTable
    let gaps = [48.0, 20]
    let policy = HedgingPolicy.clocked(table, PolicyClock(gaps: gaps.map { $0 * 3600 }, effect: effect))
    try ScalarReferenceTests().agree(try rollOut(problem, hours: 4), policy) { time, logSpot, regime in
      let band = lookUp(table, time: time, logSpot: logSpot, regime: regime)
      let middle = 0.5 * (band.targetLower + band.targetUpper)
      guard self.rings(time, hours: 4, gap: gaps[regime], atOnce: false), middle.isFinite else { return band }
      guard effect == .forcesToMiddle else {
        return Band(
          lower: band.targetLower, upper: band.targetUpper, targetLower: band.targetLower, targetUpper: band.targetUpper
        )
      }
      return .point(middle)
    } own: {
      lookUp(table, time: $0, logSpot: $1, regime: $2)
    }
  }

  /// One gap for all regimes, a whole number of looks, and a point: the blind interval.
  @Test func blindInterval() throws {
    let problem = try Fixture.switching()
    let rollOut = try rollOut(problem, hours: 6)
    let points = PolicyTable(times: [0], logSpots: [0], regimeCount: 2, bands: [.point(0.1), .point(0.1)])
    let clocked = try rollOut.run(.clocked(points, PolicyClock(gaps: [86_400, 86_400], effect: .permits)))
    let interval = try rollOut.run(.interval(everySeconds: 86_400, target: 0.1))
    for column in RollOutColumn.allCases where column != .timeOutside {
      #expect(abs(clocked[column].mean - interval[column].mean) < 1e-9 * (1 + abs(interval[column].mean)), "\(column)")
    }
  }

  /// Bands in the inventory: linear in it between nodes, whatever the book's delta does there.
  @Test func inventoryBands() throws {
    let problem = try Fixture.switching(positions: Fixture.ladder, settlement: .cash)
    // An inventory that follows the price, as a hedge of calls does.
    let slanted = Fixture.slantedTable
    let table = PolicyTable(
      times: slanted.times, logSpots: slanted.logSpots, regimeCount: 2,
      bands: slanted.bands.enumerated().map { index, band in
        band.shifted(by: 1 + 3 * (slanted.logSpots[index % slanted.logSpots.count] - 4.6))
      })
    let rollOut = try rollOut(problem, hours: 4)
    let edge = rollOut.plan.coincidence
    try ScalarReferenceTests().agree(rollOut, .holding(table)) { time, logSpot, regime in
      let alive = Book(legs: problem.book.legs.filter { $0.expiry > time + edge }, rate: problem.market.rate)
      return lookUp(table, time: time, logSpot: logSpot, regime: regime).shifted(
        by: alive.greeks(time: time, spot: exp(logSpot), regime: regime).delta)
    }
  }

  @Test func refusesClocksThatDoNotFit() throws {
    let rollOut = try rollOut(try Fixture.switching(), hours: 6)
    #expect(throws: SimulationError.regimeCount(found: 1, expected: 2)) {
      try rollOut.run(.clocked(Fixture.slantedTable, PolicyClock(gaps: [3600], effect: .permits)))
    }
  }

  /// Differences from values that were kept are those of a roll-out of both, to the last bit, and shards keep what one run keeps.
  @Test(arguments: [false, true]) func differencesFromKeptValues(antithetic: Bool) throws {
    let rollOut = try RollOut(
      problem: try Fixture.switching(preference: .exponential(riskAversion: 0.05)),
      settings: RollOutSettings(checkEvery: 6 * 3600, pathCount: 1056, seed: 82, antithetic: antithetic))
    let (first, second) = (HedgingPolicy.table(Fixture.slantedTable), HedgingPolicy.frictionless)
    let (mine, theirs) = (
      try rollOut.run(first, keeping: [.profit, .criterion]), try rollOut.run(second, keeping: [.profit, .criterion])
    )
    let kept = mine.criterionDifference(from: theirs, keptAt: 1, grouping: antithetic ? .pairs : .paths)
    #expect(try kept == rollOut.compare(first, second).difference(.criterion))
    let shards = try [0..<512, 512..<1056].map { try rollOut.run(first, paths: $0, keeping: [.profit, .criterion]) }
    #expect(try RollOutResult(merging: shards) == mine)
  }
}
