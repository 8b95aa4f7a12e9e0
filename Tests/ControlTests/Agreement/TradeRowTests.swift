import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// The fast operator against the definition.
@Suite struct TradeRowTests {
  static let count = 96
  static let spacing = 0.05

  /// Knuth's MMIX generator.
  struct Random {
    var state: UInt64
    mutating func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
  }

  private static func cost(_ random: inout Random) -> TradeCost {
    var cost = TradeCost(
      fixed: 0.05 * random.next(), proportionalBuy: 0.01 * random.next(), proportionalSell: 0.01 * random.next(),
      quadraticImpact: 0.05 * random.next(), squareRootImpact: 0.02 * random.next())
    if random.next() < 0.5 {
      cost.pools = [
        LiquidityPool(
          liquidity: 20 + 300 * random.next(), fee: 0.01 * random.next(), range: random.next() < 0.5 ? nil : 0.3)
      ]
    }
    return cost
  }

  private static func table(_ cost: TradeCost, _ execution: Execution) throws -> RouteTable {
    try RouteTable(
      problem: Straddle.problem(volatilities: [0.8], costs: [cost], execution: execution), isReview: true)
  }

  /// Any value, convex or not, any convex cost, with lots and a largest trade: gains are those of trying every trade.
  @Test(arguments: (1...12).map(UInt64.init)) func agreesWithBruteForce(_ seed: UInt64) throws {
    var random = Random(state: seed)
    let cost = Self.cost(&random)
    let lotNodes = 1 + Int(4 * random.next())
    let maximum = random.next() < 0.5 ? nil : Double(lotNodes) * Self.spacing * (1 + (6 * random.next()).rounded())
    let execution = Execution(
      checkEvery: 3600, lot: Double(lotNodes) * Self.spacing, maximumTrade: maximum, failure: 0.3 * random.next())
    let table = try Self.table(cost, execution)
    let bend = random.next()
    let values = (0..<Self.count).map { index -> Double in
      let y = Double(index - 40) * Self.spacing
      return bend * y * y + 0.2 * random.next()
    }
    let row = TradeRow(
      origin: 0, spacing: Self.spacing, count: Self.count, kink: -1, lot: execution.lot,
      maximumTrade: table.maximumTrade)
    row.clear()
    values.withUnsafeBufferPointer { row.add(table.routes[0][0], price: 100, value: $0.baseAddress!) }
    for index in 0..<Self.count {
      var best = -Double.infinity
      for other in 0..<Self.count where other != index && (other - index) % lotNodes == 0 {
        let trade = Double(other - index) * Self.spacing
        guard abs(trade) <= (maximum ?? .infinity) * (1 + 1e-9) else { continue }
        let charge = cost.charge(price: 100, trade: trade)
        let here = (1 - execution.failure) * (values[index] - values[other] - charge)
        best = max(best, here - execution.failure * cost.fixed)
      }
      let isEqual = best == row.gain[index] || abs(best - row.gain[index]) < 1e-12
      #expect(isEqual, "seed \(seed), node \(index): \(row.gain[index]) for \(best)")
    }
  }

  /// Without lots a minimum between nodes is found too: of a parabola under impact, exactly.
  @Test func refinesBetweenNodes() throws {
    let cost = TradeCost(fixed: 0.02, proportionalBuy: 0.003, proportionalSell: 0.003, quadraticImpact: 0.01)
    let table = try Self.table(cost, Execution(checkEvery: 3600))
    let values = (0..<Self.count).map { pow(Double($0) * Self.spacing - 2.013, 2) }
    let row = TradeRow(
      origin: 0, spacing: Self.spacing, count: Self.count, kink: -1, lot: 0, maximumTrade: .infinity)
    row.clear()
    values.withUnsafeBufferPointer { row.add(table.routes[0][0], price: 100, value: $0.baseAddress!) }
    for index in [0, 10, 31, 52, 80, 95] {
      let distance = Double(index) * Self.spacing - 2.013
      // min (d − v)² + 0.3 v + ½ v² in the size v of the trade.
      let size = (2 * abs(distance) - 0.3) / 3
      let left = abs(distance) - size
      let gain = distance * distance - (left * left + 0.3 * size + 0.5 * size * size) - 0.02
      #expect(abs(row.gain[index] - gain) < 1e-12, "\(index): \(row.gain[index]) for \(gain)")
      #expect(abs(abs(row.landing[index] - 2.013) - left) < 1e-12)
    }
  }

  /// A problem of K + k|u|, marched with the general operator and with the row's own. Far outside the band the lagged multiplier
  /// overshoots by different amounts in the two; near it the values differ by less than a tenth of the grid's error.
  @Test func reproducesTheImpulseProblem() throws {
    let settings = GridSettings(spots: 100, holdings: 288, steps: 200)
    let plain = try Straddle.problem(fixed: 0.1, riskAversion: 0.09)
    // A limit that binds nowhere asks for the general operator.
    let limited = try Straddle.problem(fixed: 0.1, riskAversion: 0.09, execution: Execution(maximumTrade: 1e6))
    let expected = try FiniteHorizon(settings: settings).solve(plain)
    let found = try FiniteHorizon(settings: settings).solve(limited)
    for regime in 0..<2 {
      for inventory in [-0.4, -0.1, 0, 0.05, 0.3] {
        let (a, b) = (
          found.value(regime: regime, inventory: inventory), expected.value(regime: regime, inventory: inventory)
        )
        #expect(relativeDifference(a, b) < 2e-5, "\(inventory): \(a) for \(b)")
      }
      let (band, other) = (found.band(regime: regime), expected.band(regime: regime))
      #expect(abs(band.upper - other.upper) < 2e-4 && abs(band.targetLower - other.targetLower) < 2e-4)
    }
  }

  /// On the same value the general operator is the row's own, to rounding.
  @Test func reproducesTheRow() throws {
    let problem = try Straddle.problem(fixed: 0.003, riskAversion: 0.09)
    let solution = try FiniteHorizon(settings: GridSettings(spots: 60, holdings: 144, steps: 60)).solve(problem)
    let holdings = solution.grid.holdings
    let count = holdings.count
    let spacing = holdings[1] - holdings[0]
    let table = try RouteTable(problem: problem, isReview: false)
    let base = (solution.grid.reference * 2) * count
    // The value without its obstacle: what a step leaves.
    let values = (0..<count).map { solution.values[base + $0] + 0.02 * pow(holdings[$0] - 0.05, 2) }
    let row = TradeRow(
      origin: holdings[0], spacing: spacing, count: count, kink: -1, lot: 0, maximumTrade: .infinity)
    row.clear()
    values.withUnsafeBufferPointer { row.add(table.routes[0][0], price: 100, value: $0.baseAddress!) }
    let best = Intervention(fixed: 0.003, buyPerUnit: 0.05, sellPerUnit: 0.05, spacing: spacing).applied(
      to: values, kink: -1)
    for index in 1..<(count - 1) {
      let (gain, expected) = (max(0, row.gain[index]), max(0, values[index] - best[index]))
      #expect(abs(gain - expected) < 1e-13, "\(index) of \(count): \(gain) for \(expected), \(row.landing[index])")
    }
  }

  /// A route of K + k|u| is the same in one pass as by table and search: smooth values and rough ones, with and without a ticket,
  /// certain and uncertain attempts, with a node that is not refined.
  @Test(arguments: (1...24).map(UInt64.init)) func plainRoutesAreRoutes(_ seed: UInt64) throws {
    var random = Random(state: seed)
    let cost = TradeCost(
      fixed: seed % 3 == 0 ? 0 : 0.05 * random.next(), proportionalBuy: 0.01 * random.next(),
      proportionalSell: 0.01 * random.next())
    let execution = Execution(checkEvery: 3600, failure: seed % 2 == 0 ? 0.3 * random.next() : 0)
    let route = try Self.table(cost, execution).routes[0][0]
    let (bend, noise) = (random.next(), seed % 4 < 2 ? 0 : 0.2)
    let centre = 4 * random.next() - 1
    let values = (0..<Self.count).map { index -> Double in
      let y = Double(index - 40) * Self.spacing
      return bend * (y - centre) * (y - centre) + noise * random.next()
    }
    func row() -> TradeRow {
      let row = TradeRow(
        origin: 0, spacing: Self.spacing, count: Self.count, kink: seed % 5 == 0 ? 40 : -1, lot: 0,
        maximumTrade: .infinity)
      row.clear()
      return row
    }
    let (searched, passed) = (row(), row())
    let plain = try #require(PlainRoute(route))
    #expect(passed.isUnlimited)
    values.withUnsafeBufferPointer {
      searched.add(route, price: 100, value: $0.baseAddress!)
      passed.add(plain, price: 100, value: $0.baseAddress!, isFirst: true)
    }
    for index in 0..<Self.count {
      let (gain, expected) = (passed.gain[index], searched.gain[index])
      #expect(abs(gain - expected) < 1e-12, "seed \(seed), node \(index): \(gain) for \(expected)")
      guard expected > 1e-9 else { continue }
      let (landing, other) = (passed.landing[index], searched.landing[index])
      #expect(abs(landing - other) < 1e-7, "seed \(seed), node \(index): to \(landing) for \(other)")
    }
  }

  /// What a ticket's decision leaves, and which lines wait, is the same with its gains kept or not; smooth rows are always such that
  /// none need be.
  @Test(arguments: (1...24).map(UInt64.init)) func decisionsNeedNoGains(_ seed: UInt64) throws {
    var random = Random(state: seed)
    let cost = TradeCost(
      fixed: 0.001 + 0.05 * random.next(), proportionalBuy: 0.01 * random.next(), proportionalSell: 0.01 * random.next()
    )
    let execution = Execution(checkEvery: 3600, failure: seed % 2 == 0 ? 0.3 * random.next() : 0)
    let route = try #require(PlainRoute(Self.table(cost, execution).routes[0][0]))
    let (bend, centre, price) = (random.next(), 4 * random.next() - 1, 100.0)
    let isRough = seed % 4 == 3
    var values = (0..<Self.count).map { index -> Double in
      let y = Double(index - 40) * Self.spacing
      return bend * (y - centre) * (y - centre) + (isRough ? 0.2 * random.next() : 0)
    }
    let row = TradeRow(
      origin: 0, spacing: Self.spacing, count: Self.count, kink: seed % 5 == 0 ? 40 : -1, lot: 0,
      maximumTrade: .infinity)
    try values.withUnsafeMutableBufferPointer { values in
      let start = try #require(values.baseAddress)
      guard let wells = row.wells(route, price: price, value: start) else {
        #expect(isRough, "seed \(seed)")
        return
      }
      row.add(route, price: price, value: start, isFirst: true)
      let expected = values.indices.map { values[$0] - max(0, row.gain[$0]) }
      let waiting = row.waiting
      #expect(row.settle(route, bought: wells.bought, sold: wells.sold, start) == waiting, "seed \(seed)")
      #expect(Array(values) == expected, "seed \(seed)")
      // By definition, from gains alone.
      let lines = values.indices.filter { row.gain[$0] <= 0 }
      #expect(waiting == lines.first!...lines.last!, "seed \(seed)")
    }
  }
}
