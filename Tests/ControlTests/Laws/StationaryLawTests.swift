import Formulation
import Glibc
import Testing

@testable import Control

@Suite struct StationaryLawTests {
  let solver = StationarySolver()

  @Test("Stretching the deviation and the clock stretches the bands", arguments: [(3.0, 0.2), (1e-4, 1e5)])
  func scaling(_ stretch: Double, _ clock: Double) throws {
    let base = try StationaryExamples.general()
    let scaled = try StationaryExamples.problem(
      running: base.regimes.map { $0.runningCost.above / (stretch * stretch * clock) },
      volatility: base.regimes.map { $0.volatility * stretch / clock.squareRoot() },
      drift: base.regimes.map { $0.drift * stretch / clock },
      switching: base.generator.rates.map { $0.map { $0 / clock } },
      costs: base.costs.map {
        TradeCost(
          fixed: $0.fixed, proportionalBuy: $0.proportionalBuy / stretch,
          proportionalSell: $0.proportionalSell / stretch)
      })
    for (plain, other) in zip(try solver.solve(base).regimes, try solver.solve(scaled).regimes) {
      let expected = Band(
        lower: plain.band.lower * stretch, upper: plain.band.upper * stretch,
        targetLower: plain.band.targetLower * stretch, targetUpper: plain.band.targetUpper * stretch)
      #expect(other.band.distance(to: expected) < 1e-9)
      #expect(relative(other.cost.total.value, plain.cost.total.value / clock) < 1e-9)
      #expect(relative(other.timeFromUpperTarget!.value, plain.timeFromUpperTarget!.value * clock) < 1e-9)
    }
  }

  @Test("Reversing drift and exchanging buying with selling mirrors the band", arguments: [nil, 0.4] as [Double?])
  func mirror(_ discount: Double?) throws {
    let base = try StationaryExamples.general(discount: discount)
    let mirrored = try StationaryExamples.problem(
      running: base.regimes.map(\.runningCost.above), volatility: base.regimes.map(\.volatility),
      drift: base.regimes.map { -$0.drift }, switching: base.generator.rates,
      costs: base.costs.map {
        TradeCost(fixed: $0.fixed, proportionalBuy: $0.proportionalSell, proportionalSell: $0.proportionalBuy)
      }, discount: discount)
    for (plain, other) in zip(try solver.solve(base).regimes, try solver.solve(mirrored).regimes) {
      let expected = Band(
        lower: -plain.band.upper, upper: -plain.band.lower, targetLower: -plain.band.targetUpper,
        targetUpper: -plain.band.targetLower)
      #expect(other.band.distance(to: expected) < 1e-9)
      #expect(relative(other.cost.total.value, plain.cost.total.value) < 1e-9)
    }
  }

  @Test(
    "With λ ∝ η² and equal costs all bands are the frozen one and times go as 1/η²",
    arguments: StationaryExamples.structures, [0.0, 0.1, 3, 1e4])
  func pureVolatility(_ cost: TradeCost, _ rate: Double) throws {
    let volatility = [0.55, 1.2, 3.0]
    let solution = try solver.solve(
      StationaryExamples.problem(
        running: volatility.map { $0 * $0 }, volatility: volatility,
        switching: [[-rate, rate, 0], [rate, -3 * rate, 2 * rate], [4 * rate, 0, -4 * rate]],
        costs: Array(repeating: cost, count: 3)))
    let frozen = StationaryClosedForm(
      runningCost: 1, volatility: 1, fixed: cost.fixed, proportional: cost.proportionalBuy
    ).optimum
    let band = Band(lower: -frozen.outer, upper: frozen.outer, targetLower: -frozen.inner, targetUpper: frozen.inner)
    for regime in solution.regimes {
      #expect(regime.band.distance(to: band) < 1e-7, "\(regime.name) \(regime.band)")
    }
    if rate == 0 {
      for (regime, sigma) in zip(solution.regimes, volatility) {
        let expected = frozen.outer * frozen.outer / (sigma * sigma)
        #expect(relative(regime.timeFromCentre.value, expected) < 1e-9)
      }
    } else {
      // The clock of the deviation is ∫η²dt: the cost per unit of it is the frozen one.
      let law = try #require(
        try Generator([[-rate, rate, 0], [rate, -3 * rate, 2 * rate], [4 * rate, 0, -4 * rate]]).stationaryLaw)
      let mean = zip(law, volatility).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
      #expect(relative(solution.regimes[0].cost.total.value, mean * frozen.cost) < 1e-7)
    }
  }

  @Test("Cost per trade c more for buying and c less for selling changes nothing but c times the drift")
  func roundTrips() throws {
    let costs = [TradeCost(fixed: 0.1, proportionalBuy: 0.05, proportionalSell: 0.05), .proportional(0.07)]
    let shift = 0.03
    let shifted = costs.map {
      TradeCost(
        fixed: $0.fixed, proportionalBuy: $0.proportionalBuy + shift, proportionalSell: $0.proportionalSell - shift)
    }
    let drift = [0.4, -0.7]
    let switching = [[-1.0, 1], [2, -2]]
    func solve(_ costs: [TradeCost]) throws -> StationarySolution {
      try solver.solve(
        StationaryExamples.problem(
          running: [1, 3], volatility: [1, 0.6], drift: drift, switching: switching, costs: costs))
    }
    let (plain, other) = (try solve(costs), try solve(shifted))
    let law = try #require(try Generator(switching).stationaryLaw)
    let meanDrift = law[0] * drift[0] + law[1] * drift[1]
    // With V + c·x for V, every trade costs c more per unit bought and c less per unit sold, and holding c·m per unit
    // time less, whatever the policy.
    #expect(abs(other.regimes[0].cost.total.value - plain.regimes[0].cost.total.value + shift * meanDrift) < 1e-9)
    for (a, b) in zip(plain.regimes, other.regimes) { #expect(b.band.distance(to: a.band) < 1e-9) }
  }

  @Test("The trading part is K times trades plus k times turnover", arguments: [0.1, 1, 50])
  func parts(_ rate: Double) throws {
    let (fixed, proportional) = ([0.05, 0.1], [0.02, 0.04])
    let solution = try solver.solve(
      StationaryExamples.problem(
        running: [2, 5], volatility: [0.7, 1.5], drift: [0.3, -0.2],
        switching: [[-rate, rate], [2 * rate, -2 * rate]],
        costs: [0, 1].map { StationaryExamples.both(fixed[$0], proportional[$0]) }))
    let sum = [0, 1].reduce(0.0) {
      $0 + fixed[$1] * solution.regimes[$1].tradesPerTime!.value + proportional[$1]
        * solution.regimes[$1].turnover!.value
    }
    #expect(relative(solution.regimes[0].cost.trading.value, sum) < 1e-9)
  }

  @Test("The value rises with every cost, and edges are ordered", arguments: [nil, 0.5] as [Double?])
  func monotone(_ discount: Double?) throws {
    let base = try StationaryExamples.general(discount: discount)
    let plain = try solver.solve(base)
    for regime in plain.regimes { #expect(regime.band.numbers == regime.band.numbers.sorted()) }
    for raised in 0..<2 {
      for extra in [TradeCost.fixed(0.02), .init(proportionalBuy: 0.01), .init(proportionalSell: 0.01)] {
        var costs = base.costs
        costs[raised] = costs[raised] + extra
        for (dear, cheap) in zip(try solver.solve(base.replacing(costs: costs)).regimes, plain.regimes) {
          #expect(dear.cost.total.value > cheap.cost.total.value, "regime \(raised) + \(extra)")
        }
      }
    }
  }

  @Test("Slow switching tends to independent regimes, at first order", arguments: StationaryExamples.structures)
  func slowSwitching(_ cost: TradeCost) throws {
    func distance(_ rate: Double) throws -> Double {
      let (running, volatility) = ([1.0, 2.0], [1.0, 0.5])
      let solution = try solver.solve(
        StationaryExamples.problem(
          running: running, volatility: volatility, switching: [[-rate, rate], [rate, -rate]], costs: [cost, cost]))
      return [0, 1].map { e in
        let alone = StationaryClosedForm(
          runningCost: running[e], volatility: volatility[e], fixed: cost.fixed, proportional: cost.proportionalBuy
        ).optimum
        return abs(solution.regimes[e].band.upper - alone.outer)
      }.max()!
    }
    let (coarse, fine) = (try distance(1e-3), try distance(1e-4))
    #expect(abs(log10(coarse / fine) - 1) < 0.05, "\(coarse), \(fine)")
  }

  @Test("Fast switching tends to the averaged problem", arguments: StationaryExamples.structures)
  func fastSwitching(_ cost: TradeCost) throws {
    // π = (2/3, 1/3).
    let averaged = StationaryClosedForm(
      runningCost: (2 * 1 + 2) / 3, volatility: ((2 * 1 + 0.25) / 3).squareRoot(), fixed: cost.fixed,
      proportional: cost.proportionalBuy
    ).optimum
    func excess(_ rate: Double) throws -> Double {
      let solution = try solver.solve(
        StationaryExamples.problem(
          running: [1, 2], volatility: [1, 0.5], switching: [[-rate, rate], [2 * rate, -2 * rate]], costs: [cost, cost])
      )
      #expect(solution.isVerified, "\(solution.residual)")
      return abs(solution.regimes[0].cost.total.value / averaged.cost - 1)
    }
    let (slow, fast) = (try excess(100), try excess(10000))
    // The layers at the edges are 1/√q thick, so that a hundredfold rate gains at least a factor 10.
    #expect(fast < 1e-3 && fast < slow / 8, "\(slow), \(fast)")
  }

  @Test("As discounting vanishes, ρV tends to the long-run average at first order")
  func vanishingDiscount() throws {
    let average = try solver.solve(StationaryExamples.general()).regimes[0]
    func gap(_ rate: Double) throws -> (cost: Double, band: Double) {
      let regime = try solver.solve(StationaryExamples.general(discount: rate)).regimes[0]
      return (abs(regime.cost.total.value * rate - average.cost.total.value), regime.band.distance(to: average.band))
    }
    let (first, second, last) = (try gap(1e-2), try gap(1e-3), try gap(1e-6))
    #expect(abs(log10(first.cost / second.cost) - 1) < 0.05, "\(first), \(second)")
    #expect(abs(log10(first.band / second.band) - 1) < 0.05, "\(first), \(second)")
    #expect(last.band < 1e-5 * first.band / 1e-2, "\(last)")
  }

  @Test("Problems outside the class are refused with the reason")
  func refusals() throws {
    func solve(_ costs: [TradeCost], _ switching: [[Double]]) throws {
      let ones = costs.map { _ in 1.0 }
      _ = try solver.solve(
        StationaryExamples.problem(running: ones, volatility: ones, switching: switching, costs: costs))
    }
    #expect(throws: StationaryError.quadraticImpact(regime: 1)) {
      try solve([.fixed(1), TradeCost(fixed: 1, quadraticImpact: 0.1)], [[-1, 1], [1, -1]])
    }
    #expect(throws: StationaryError.freeTrading(regime: 0)) {
      try solve([TradeCost(), .fixed(1)], [[-1, 1], [1, -1]])
    }
    #expect(throws: StationaryError.severalClosedClasses(regimes: [[1], [2]])) {
      try solve([.fixed(1), .fixed(1), .fixed(1)], [[-2, 1, 1], [0, 0, 0], [0, 0, 0]])
    }
  }
}
