import Formulation
import Glibc
import Testing
import VectorMath

@testable import Simulation

/// What is lowered to lanes against what it was lowered from.
@Suite struct BookSliceTests {
  /// Value and delta of a ladder, per regime, at times around an expiry.
  @Test func agreesWithBook() throws {
    let problem = try Fixture.switching(positions: Fixture.ladder)
    let edge = 1e-10
    var slice = BookSlice(book: problem.book, regimeCount: 2, coincidence: edge)
    defer { slice.deallocate() }
    for (time, settled) in [(0.0, true), (0.01, false), (7.013 / 365, false), (7.013 / 365, true), (0.05, true)] {
      slice.prepare(time: time, settled: settled)
      let alive = Book(
        legs: problem.book.legs.filter { settled ? $0.expiry > time + edge : $0.expiry >= time - edge }.map { leg in
          var leg = leg
          if abs(leg.expiry - time) < edge { leg.expiry = time }
          return leg
        }, rate: problem.book.rate)
      for regime in 0..<2 {
        for spot in [60.0, 92, 99.5, 104.9, 105.1, 180] {
          let expected = alive.greeks(time: time, spot: spot, regime: regime)
          let lanes = Lanes(repeating: log(spot))
          let found = slice.book.mark(
            logSpot: lanes, spot: Lanes(repeating: spot), regime: Lanes(repeating: Double(regime)))
          let row = "t \(time) settled \(settled) regime \(regime) spot \(spot)"
          #expect(abs(found.delta[3] - expected.delta) < 1e-12, "\(row): Δ \(found.delta[3]) for \(expected.delta)")
          #expect(abs(found.value[5] - expected.value) < 1e-10, "\(row): V \(found.value[5]) for \(expected.value)")
        }
      }
    }
  }
}

@Suite struct CostTests {
  /// The lanes' charge is the scalar function's, bit for bit.
  @Test func lanesChargeTheSame() {
    let costs = [
      TradeCost.proportional(0.0007),
      TradeCost(proportionalBuy: 0.002, proportionalSell: 0.0003, quadraticImpact: 0.04),
      TradeCost(),
    ]
    for cost in costs {
      for price in [0.01, 97.3, 61_234.5] {
        let trade = Lanes(-3.7, -0.1, -1e-9, 0, 1e-9, 0.33, 1, 250)
        let found = cost.variableCharge(price: Lanes(repeating: price), trade: trade)
        for lane in 0..<8 {
          #expect(found[lane] == cost.charge(price: price, trade: trade[lane]), "\(cost) \(price) \(trade[lane])")
        }
      }
    }
  }
}

@Suite struct PolicyTests {
  @Test func tableLookUp() throws {
    let table = Fixture.slantedTable
    let uniform = try UniformPolicyTable(table, regimeCount: 2)
    let row = UnsafeMutablePointer<SIMD4<Double>>.allocate(capacity: uniform.nodeCount * 2)
    defer { row.deallocate() }
    let policy = TableLanePolicy(table: uniform, row: row)
    let logSpots: [Double] = [4.0, 4.3, 4.35, 4.51, 4.6, 4.64, 4.77, 4.9, 5.5]
    // A block that visits all of them.
    let block = (0..<BlockState.vectorCount).map { Lanes(repeating: logSpots[$0 % logSpots.count]) }
    for time in [-0.1, 0, 0.02, 0.03, 0.07, 0.09, 1] {
      block.withUnsafeBufferPointer { policy.prepare(time: time, logSpots: $0.baseAddress!) }
      for regime in 0..<2 {
        for logSpot in logSpots {
          let expected = lookUp(table, time: time, logSpot: logSpot, regime: regime)
          let found = policy.band(
            logSpot: Lanes(repeating: logSpot), regime: Lanes(repeating: Double(regime)))
          let row = "t \(time) regime \(regime) ln S \(logSpot)"
          for (name, left, right) in [
            ("lower", found.lower[2], expected.lower), ("upper", found.upper[2], expected.upper),
            ("targetLower", found.targetLower[2], expected.targetLower),
            ("targetUpper", found.targetUpper[2], expected.targetUpper),
          ] {
            if right.isInfinite {
              #expect(left < -1e100, "\(row) \(name): \(left)")
            } else {
              #expect(abs(left - right) < 1e-12, "\(row) \(name): \(left) for \(right)")
            }
          }
        }
      }
    }
  }

  @Test func refusals() throws {
    let problem = try Fixture.switching()
    func run(_ policy: HedgingPolicy) throws {
      _ = try RollOut(problem: problem, settings: RollOutSettings(checkEvery: 3600, pathCount: 256, seed: 1))
        .run(policy)
    }
    #expect(throws: SimulationError.intervalNotMultiple(interval: 5000, check: 3600)) {
      try run(.interval(everySeconds: 5000, target: 0))
    }
    #expect(throws: SimulationError.regimeCount(found: 3, expected: 2)) {
      try run(.constantBand(Array(repeating: .point(0), count: 3)))
    }
    let crossed = Band(lower: 1, upper: -1, targetLower: 0, targetUpper: 0)
    #expect(throws: SimulationError.band(regime: 1, time: 0, spot: 0)) { try run(.constantBand([.point(0), crossed])) }
    let ragged = PolicyTable(times: [0, 1], logSpots: [4, 5], regimeCount: 2, bands: [.point(0)])
    #expect(throws: SimulationError.tableShape("bands")) { try run(.table(ragged)) }
    #expect(throws: SimulationError.outOfRange(setting: "checkEvery", value: 0, allowed: "> 0 s")) {
      try RollOut(problem: problem, settings: RollOutSettings(checkEvery: 0, pathCount: 256, seed: 1))
    }
  }
}
