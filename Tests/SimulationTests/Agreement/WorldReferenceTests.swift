import Formulation
import Testing

@testable import Simulation

/// The kernel in other worlds against the scalar roll-out on the same paths, and what must not depend on how work is divided.
@Suite struct WorldReferenceTests {
  static let worlds: [World] = [
    .heston(
      HestonWorld(
        initialVariance: 0.3, reversion: 10, longRunVariance: 0.5, volatilityOfVariance: 3, correlation: -0.5,
        drift: 0.2, longestStep: 43_200)),
    .bootstrap(
      BootstrapWorld(
        returns: BootstrapLawTests.history.map { 3 * $0 }, interval: .seconds(43_200), blockLength: 5, halfLife: 6)),
  ]

  static let bands = [
    Band(lower: -0.1, upper: 0.12, targetLower: -0.05, targetUpper: 0.06),
    Band(lower: -0.2, upper: 0.2, targetLower: -0.2, targetUpper: 0.2),
  ]

  @Test(arguments: worlds, [Preference.quadratic(riskAversion: 0.01), .exponential(riskAversion: 0.05)])
  func columns(world: World, preference: Preference) throws {
    let problem = try Fixture.switching(
      positions: Fixture.ladder, settlement: .cash, preference: preference, lot: 0.001)
    for antithetic in [false, true] {
      let rollOut = try RollOut(
        problem: problem,
        settings: RollOutSettings(checkEvery: 86_400, pathCount: 320, seed: 41, antithetic: antithetic), world: world)
      try ScalarReferenceTests().agree(rollOut, .constantBand(Self.bands)) { _, _, regime in Self.bands[regime] }
    }
  }

  /// A table is looked up in the regime seen, and costs are charged there.
  @Test(arguments: worlds) func tables(world: World) throws {
    let problem = try Fixture.switching(positions: Fixture.ladder, settlement: .none)
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 86_400, pathCount: 256, seed: 42), world: world)
    let table = Fixture.slantedTable
    try ScalarReferenceTests().agree(rollOut, .table(table)) { time, logSpot, regime in
      lookUp(table, time: time, logSpot: logSpot, regime: regime)
    }
  }

  @Test(arguments: worlds) func sameBytesForAnyThreads(world: World) throws {
    let problem = try Fixture.switching(settlement: .cash)
    func results(_ threads: Int, seed: UInt64 = 43) throws -> [RollOutResult] {
      try [true, false].map { antithetic in
        try RollOut(
          problem: problem,
          settings: RollOutSettings(
            checkEvery: 86_400, pathCount: 2048, seed: seed, antithetic: antithetic, threads: threads), world: world
        ).run(.constantBand(Self.bands), keeping: RollOutColumn.allCases)
      }
    }
    #expect(try results(1) == results(3))
    #expect(try results(1) != results(1, seed: 44))
  }

  /// A longer run begins with the paths of a shorter one, and a shard is part of the whole.
  @Test(arguments: worlds) func pathsAreAddressed(world: World) throws {
    let problem = try Fixture.switching()
    func kept(_ paths: Int) throws -> [Double] {
      try RollOut(
        problem: problem, settings: RollOutSettings(checkEvery: 86_400, pathCount: paths, seed: 45), world: world
      ).run(.never, keeping: [.profit]).kept[0]
    }
    #expect(try Array(kept(1024)[0..<256]) == kept(256))
  }

  @Test func refusals() throws {
    let problem = try Fixture.switching()
    let settings = RollOutSettings(checkEvery: 86_400, pathCount: 256, seed: 1)
    func refused(_ world: HestonWorld) -> SimulationError? {
      do { _ = try RollOut(problem: problem, settings: settings, world: .heston(world)) } catch { return error }
      return nil
    }
    let sound = HestonWorld(
      initialVariance: 0.3, reversion: 10, longRunVariance: 0.5, volatilityOfVariance: 3, correlation: -0.5)
    #expect(refused(sound) == nil)
    for (change, name) in [
      ({ $0.reversion = 0 }, "reversion"), ({ $0.longRunVariance = -1 }, "longRunVariance"),
      ({ $0.volatilityOfVariance = 0 }, "volatilityOfVariance"), ({ $0.correlation = 1.1 }, "correlation"),
      ({ $0.initialVariance = .nan }, "initialVariance"), ({ $0.longestStep = 0 }, "longestStep"),
    ] as [((inout HestonWorld) -> Void, String)] {
      var world = sound
      change(&world)
      guard case .outOfRange("world.heston.\(name)", _, _) = refused(world) else {
        Issue.record("\(name) was not refused")
        continue
      }
    }
  }
}
