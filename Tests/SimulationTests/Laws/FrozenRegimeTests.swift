import Formulation
import Testing

@testable import Simulation

/// Regimes that never switch: only the current one exists.
@Suite struct FrozenRegimeTests {
  /// Calm and stormy with different volatilities, drifts, fundings, costs and marks.
  func several(currentRegime: Int) throws -> OptionBookProblem {
    try Fixture.switching(
      positions: Fixture.ladder, rates: [[0, 0], [0, 0]], currentRegime: currentRegime)
  }

  /// The same problem with the current regime alone.
  func alone(_ several: OptionBookProblem) throws -> OptionBookProblem {
    let current = several.market.currentRegime
    return try OptionBookProblem(
      name: "alone", valuation: several.valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: several.market.spot, rate: several.market.rate,
        environment: EnvironmentChain(
          regimes: [several.environment.regimes[current]], generator: .frozen(count: 1))),
      positions: Fixture.ladder.map { position in
        var position = position
        if position.impliedVolatilities.count > 1 {
          position.impliedVolatilities = [position.impliedVolatilities[current]]
        }
        return position
      }, costs: [several.costs[current]], preference: several.preference, settlement: several.settlement)
  }

  func agree(currentRegime: Int, detailed: Bool, several policy: HedgingPolicy, alone single: HedgingPolicy) throws {
    let problem = try several(currentRegime: currentRegime)
    let settings = RollOutSettings(checkEvery: 4 * 3600, pathCount: 300, seed: 21, detailed: detailed)
    let columns = RollOutColumn.allCases
    let found = try RollOut(problem: problem, settings: settings).run(policy, keeping: columns)
    let expected = try RollOut(problem: try alone(problem), settings: settings).run(single, keeping: columns)
    #expect(expected[.tradeCount].mean > 0)
    for column in columns { #expect(found.kept[column.rawValue] == expected.kept[column.rawValue], "\(column)") }
  }

  @Test(arguments: [0, 1], [false, true])
  func constantBands(currentRegime: Int, detailed: Bool) throws {
    let bands = [
      Band(lower: -0.1, upper: 0.12, targetLower: -0.05, targetUpper: 0.06),
      Band(lower: -0.2, upper: 0.25, targetLower: -0.2, targetUpper: 0.2),
    ]
    try agree(
      currentRegime: currentRegime, detailed: detailed, several: .constantBand(bands),
      alone: .constantBand([bands[currentRegime]]))
  }

  @Test(arguments: [0, 1], [false, true])
  func tables(currentRegime: Int, detailed: Bool) throws {
    let table = Fixture.slantedTable
    var bands: [Band] = []
    for time in table.times.indices {
      for spot in table.logSpots.indices { bands.append(table.band(time: time, regime: currentRegime, spot: spot)) }
    }
    try agree(
      currentRegime: currentRegime, detailed: detailed, several: .table(table),
      alone: .table(PolicyTable(times: table.times, logSpots: table.logSpots, regimeCount: 1, bands: bands)))
  }
}
