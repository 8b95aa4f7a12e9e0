import Formulation
import Glibc
import Testing

@testable import Simulation

/// Every column of the vector kernel against the scalar roll-out, path by path.
@Suite struct ScalarReferenceTests {
  /// Rounding of sums of a few hundred terms of the book's size, relative to the largest.
  static let rounding = 1e-9

  func agree(
    _ rollOut: RollOut, _ policy: HedgingPolicy, every: Int = 1, flats: FlatInventories = .none,
    band: @escaping (Double, Double, Int) -> Band, own: ((Double, Double, Int) -> Band)? = nil
  ) throws {
    let result = try rollOut.run(policy, keeping: RollOutColumn.allCases)
    let reference = ScalarReference(rollOut: rollOut, band: band, every: every, flats: flats, own: own)
    var traded = 0.0
    for path in stride(from: 0, to: rollOut.settings.pathCount, by: 7) {
      let expected = reference.columns(path: path)
      traded += expected[.tradeCount]!
      for column in RollOutColumn.allCases {
        let found = result.kept[column.rawValue][path]
        let wanted = expected[column]!
        #expect(
          abs(found - wanted) <= ScalarReferenceTests.rounding * max(1, abs(wanted)),
          "path \(path) \(column): \(found) for \(wanted)")
      }
    }
    if case .never = policy { #expect(traded == 0) } else { #expect(traded > 0) }
  }

  @Test(arguments: [false, true])
  func constantBandsInRegimes(antithetic: Bool) throws {
    let problem = try Fixture.switching(positions: Fixture.ladder, settlement: .cash)
    let bands = [
      Band(lower: -0.1, upper: 0.12, targetLower: -0.05, targetUpper: 0.06),
      Band(lower: -0.2, upper: 0.2, targetLower: -0.2, targetUpper: 0.2),
    ]
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(checkEvery: 4 * 3600, pathCount: 320, seed: 11, antithetic: antithetic))
    try agree(rollOut, .constantBand(bands)) { _, _, regime in bands[regime] }
  }

  @Test(arguments: [1, 3])
  func tables(substeps: Int) throws {
    let problem = try Fixture.switching(positions: Fixture.ladder, settlement: .none)
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(checkEvery: 12 * 3600, substeps: substeps, pathCount: 300, seed: 12))
    let table = Fixture.slantedTable
    try agree(rollOut, .table(table)) { time, logSpot, regime in
      lookUp(table, time: time, logSpot: logSpot, regime: regime)
    }
  }

  @Test(arguments: Settlement.allCases)
  func oneRegime(settlement: Settlement) throws {
    let problem = try Fixture.plain(
      volatility: 0.6, drift: 0.2, funding: 0.1, rate: 0.05,
      cost: TradeCost(fixed: 0.01, proportionalBuy: 0.002, proportionalSell: 0.001, quadraticImpact: 0.02),
      settlement: settlement, inventory: 0.3, lot: 0.01)
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 6 * 3600, substeps: 2, pathCount: 256, seed: 13))
    let band = Band(lower: -0.08, upper: 0.08, targetLower: -0.04, targetUpper: 0.04)
    try agree(rollOut, .constantBand([band])) { _, _, _ in band }
    try agree(rollOut, .never) { _, _, _ in .unbounded }
    try agree(rollOut, .frictionless) { _, _, _ in .point(0) }
    try agree(rollOut, .interval(everySeconds: 24 * 3600, target: 0.1), every: 4) { _, _, _ in .point(0.1) }
  }

  /// One band everywhere, with places of their own on some nodes, at zero inventory and at what delivery demands: trades end there
  /// exactly, and some paths wait there outside the band. Costs general and plain.
  @Test(arguments: [0, 0.02], [Settlement.cash, .physical])
  func flatInventory(impact: Double, settlement: Settlement) throws {
    let problem = try Fixture.switching(settlement: settlement).replacing(
      costs: [.fixed(0.01), TradeCost(fixed: 0.02, proportionalBuy: 0.001, quadraticImpact: impact)])
    let band = Band(lower: -0.15, upper: 0.15, targetLower: -0.05, targetUpper: 0.05)
    let (times, nodes) = ([0.0, 0.04, 0.07], [4.4, 4.5, 4.6, 4.65, 4.9])
    let flats = FlatInventories(places: problem.freeInventories.sorted(), within: 0.1)
    #expect(flats.places.count == (settlement == .cash ? 1 : 2))
    func held(_ time: Int, _ regime: Int, _ spot: Int) -> UInt64 { UInt64((time + spot + regime) % 4) }
    let bands = times.indices.flatMap { time in
      (0..<2).flatMap { regime in
        nodes.indices.map { spot in
          var here = band
          here.heldFlats = held(time, regime, spot)
          return here
        }
      }
    }
    let table = PolicyTable(times: times, logSpots: nodes, regimeCount: 2, bands: bands, flats: flats)
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 4 * 3600, pathCount: 320, seed: 18))
    /// Of two neighbours the later where both are as near.
    func nearest(_ x: Double, _ nodes: [Double]) -> Int {
      nodes.indices.reduce(0) { abs(nodes[$1] - x) <= abs(nodes[$0] - x) ? $1 : $0 }
    }
    try agree(rollOut, .table(table), flats: flats) { time, logSpot, regime in
      bands[(nearest(time, times) * 2 + regime) * nodes.count + nearest(logSpot, nodes)]
    }
    let result = try rollOut.run(.table(table), keeping: RollOutColumn.allCases)
    let flat = result.kept[RollOutColumn.settlementCost.rawValue].filter { $0 == 0 }.count
    #expect(flat > 10 && flat < 310, "\(flat)")
  }

  /// Tenths of a unit, of which no binary fraction is a whole number: what lots lead to at zero and at what delivery demands is that
  /// exactly, though sums of tenths are off by a last bit, so that no ticket is paid for a rounding.
  @Test(arguments: [Settlement.cash, .physical]) func lotsKeepFlat(settlement: Settlement) throws {
    let ticket = 0.5
    let problem = try Fixture.switching(settlement: settlement, lot: 0.1).replacing(
      costs: [.fixed(ticket) + .proportional(0.001), .fixed(ticket) + .proportional(0.002)], inventory: 0.3)
    let flats = FlatInventories(places: problem.freeInventories.sorted(), within: 0.02)
    var bands = [Band](repeating: Band(lower: -0.06, upper: 0.06, targetLower: -0.02, targetUpper: 0.02), count: 4)
    for index in bands.indices { bands[index].heldFlats = 3 }
    let table = PolicyTable(times: [0], logSpots: [4.5, 4.7], regimeCount: 2, bands: bands, flats: flats)
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 3600, pathCount: 320, seed: 19))
    let result = try rollOut.run(.table(table), keeping: RollOutColumn.allCases)
    let charges = result.kept[RollOutColumn.settlementCost.rawValue]
    // A lot costs its proportional part beside the ticket; a rounding would cost the ticket alone.
    var (free, paid) = (0, 0)
    for path in 0..<320 {
      let columns = ScalarReference(rollOut: rollOut, band: { _, _, _ in bands[0] }, flats: flats).columns(path: path)
      #expect(abs(columns[.settlementCost]! - charges[path]) < 1e-9)
      if charges[path] == 0 { free += 1 } else { paid += 1 }
      #expect(charges[path] == 0 || charges[path] > ticket + 1e-6, "path \(path): \(charges[path])")
    }
    #expect(free > 30 && paid > 0, "\(free) \(paid)")
  }

  /// A check that does not divide the horizon: the last interval is shorter.
  @Test func partialLastStep() throws {
    let problem = try Fixture.plain(positions: [Fixture.option(days: 3.3)])
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 5 * 3600, pathCount: 64, seed: 14))
    try agree(rollOut, .frictionless) { _, _, _ in .point(0) }
  }
  /// Terminal wealth: several expiries, one inside a step, a forward, regimes, funding, interest, with drift and without.
  /// Lots keep rounding from trading at an edge that is its own target.
  @Test(arguments: [Settlement.none, .cash], [[0.1, -0.4], [0.03, 0.03]])
  func terminalWealthInRegimes(settlement: Settlement, drifts: [Double]) throws {
    let problem = try Fixture.switching(
      positions: Fixture.ladder, drifts: drifts, rate: 0.03, settlement: settlement,
      preference: .exponential(riskAversion: 0.05), lot: 0.001)
    let bands = [
      Band(lower: -0.1, upper: 0.12, targetLower: -0.05, targetUpper: 0.06),
      Band(lower: -0.2, upper: 0.2, targetLower: -0.2, targetUpper: 0.2),
    ]
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 4 * 3600, substeps: 2, pathCount: 320, seed: 15))
    try agree(rollOut, .constantBand(bands)) { _, _, regime in bands[regime] }
  }

  /// A horizon before the last expiry: what is left is worth its mark at the regime's own volatility.
  @Test(arguments: [0.2, 0.05])
  func terminalWealthBeforeExpiry(drift: Double) throws {
    let problem = try Fixture.plain(
      volatility: 0.6, drift: drift, rate: 0.05, positions: [Fixture.option(days: 60), Fixture.option(.put, days: 9)],
      inventory: 0.3, lot: 0.01, horizonDays: 20, preference: .exponential(riskAversion: 0.05))
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 6 * 3600, pathCount: 256, seed: 16))
    try agree(rollOut, .frictionless) { _, _, _ in .point(0) }
  }

  /// Bands that follow the book's gamma, against its Greeks. Lots keep rounding from trading where gamma vanishes.
  @Test(arguments: [Preference.quadratic(riskAversion: 0.02), .exponential(riskAversion: 0.02)])
  func gammaScaled(preference: Preference) throws {
    let problem = try Fixture.switching(positions: Fixture.ladder, preference: preference, lot: 0.001)
    let rollOut = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 4 * 3600, pathCount: 256, seed: 17))
    try agree(rollOut, .whalleyWilmott) { time, logSpot, regime in
      let alive = Book(
        legs: problem.book.legs.filter { $0.expiry > time + rollOut.plan.coincidence }, rate: problem.book.rate)
      let gamma = alive.greeks(time: time, spot: exp(logSpot), regime: regime).gamma
      let cost = 0.5 * (problem.costs[regime].proportionalBuy + problem.costs[regime].proportionalSell)
      let growth = preference.isExponential ? exp(problem.market.rate * (problem.horizon - time)) : 1
      let half = cbrt(1.5 * cost * exp(logSpot) * gamma * gamma / (0.02 * growth))
      return Band(lower: -half, upper: half, targetLower: -half, targetUpper: half)
    }
  }
}
