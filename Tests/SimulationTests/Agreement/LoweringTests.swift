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
  /// The kernel's bands against the scalar look-up, for a block that visits all of `logSpots` in each regime.
  func agree(_ table: PolicyTable, times: [Double], logSpots: [Double], tolerance: Double) throws {
    let nodes = try PolicyNodes(table, regimeCount: 2)
    let state = BlockState(regimeCount: 2)
    defer { state.deallocate() }
    let lanes = Lanes.scalarCount
    for first in stride(from: 0, to: 2 * logSpots.count, by: BlockState.pathCount) {
      // Every log-spot in both regimes, one per path.
      func visited(_ path: Int) -> (logSpot: Double, regime: Int) {
        let number = (first + path) % (2 * logSpots.count)
        return (logSpots[number / 2], number % 2)
      }
      for path in 0..<BlockState.pathCount {
        state.logSpot[path / lanes][path % lanes] = visited(path).logSpot
        state.regime[path / lanes][path % lanes] = Double(visited(path).regime)
      }
      TableLanePolicy.with(nodes) { given in
        var policy = given
        for time in times {
          policy.prepare(time: time, state: state)
          for vector in 0..<BlockState.vectorCount {
            let edges = policy.edges(vector: vector, regime: state.regime[vector], state: state)
            let targets = policy.targets(vector: vector, regime: state.regime[vector], state: state)
            for lane in 0..<lanes {
              let (logSpot, regime) = visited(vector * lanes + lane)
              let expected = lookUp(table, time: time, logSpot: logSpot, regime: regime)
              for (name, left, right) in [
                ("lower", edges.lower[lane], expected.lower), ("upper", edges.upper[lane], expected.upper),
                ("targetLower", targets.lower[lane], expected.targetLower),
                ("targetUpper", targets.upper[lane], expected.targetUpper),
              ] {
                let row = "t \(time) regime \(regime) ln S \(logSpot) \(name): \(left) for \(right)"
                if right.isInfinite {
                  #expect(left.sign == right.sign && abs(left) > 1e100, "\(row)")
                } else {
                  #expect(abs(left - right) < tolerance, "\(row)")
                }
              }
            }
          }
        }
      }
    }
  }

  @Test func tableLookUp() throws {
    let logSpots: [Double] = [4.0, 4.3, 4.35, 4.5, 4.51, 4.6, 4.64, 4.65, 4.77, 4.9, 5.5]
    try agree(
      Fixture.slantedTable, times: [-0.1, 0, 0.02, 0.03, 0.07, 0.09, 1, 0.01], logSpots: logSpots, tolerance: 1e-12)
  }

  /// Spacings that differ by a factor of ten thousand, so that many nodes share a bucket; places at the nodes, next to them
  /// and between; bands of large numbers, so that a wrong cell would show.
  @Test(arguments: [1.0, 1.05, 10]) func everySpacing(ratio: Double) throws {
    var logSpots = [4.0]
    var spacing = 1e-4
    for _ in 0..<(ratio > 2 ? 4 : 200) {
      logSpots.append(logSpots[logSpots.count - 1] + spacing)
      spacing *= ratio
    }
    // A cluster at the far end too.
    for _ in 0..<20 { logSpots.append(logSpots[logSpots.count - 1] + 1e-6) }
    func value(_ number: Int) -> Double { Double(number * 7919 % 101) }
    let bands = (0..<(2 * 2 * logSpots.count)).map { number in
      Band(
        lower: -1 - value(number), upper: 1 + value(number + 1), targetLower: -0.5 * value(number),
        targetUpper: 0.5 * value(number + 1))
    }
    let table = PolicyTable(times: [0, 1], logSpots: logSpots, regimeCount: 2, bands: bands)
    var places = [3.0, 4.0.nextDown]
    for (left, right) in zip(logSpots, logSpots.dropFirst()) {
      places += [left, left.nextUp, left + 0.37 * (right - left), right.nextDown]
    }
    places += [logSpots[logSpots.count - 1], logSpots[logSpots.count - 1].nextUp, 9]
    // A rounding of ln S moves a band by its slope, at most 200 per 10⁻⁶.
    try agree(table, times: [0, 0.25, 1], logSpots: places, tolerance: 1e-6)
  }

  /// Next to an infinite edge the edge is infinite, at the finite node itself and beyond the table it is finite.
  @Test func infiniteNeighbours() throws {
    let open = Band(lower: -.infinity, upper: .infinity, targetLower: -.infinity, targetUpper: .infinity)
    let closed = Band(lower: -0.05, upper: 0.07, targetLower: -0.04, targetUpper: 0.06)
    let table = PolicyTable(
      times: [0, 1], logSpots: [4, 4.5, 5], regimeCount: 2,
      bands: [closed, open, closed, open, closed, open, closed, open, closed, open, closed, open])
    try agree(table, times: [0, 0.5, 1, 2], logSpots: [3, 4, 4.2, 4.5, 4.9, 5, 6], tolerance: 1e-15)
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
