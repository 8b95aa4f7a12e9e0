import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// What is proven for every tracking problem, asked of problems drawn at random: the seed is the argument that a failure shows.
@Suite struct RandomTrackingLawTests {
  static let seeds = 0..<40

  /// A problem as its parts, to be changed before it is made.
  struct Parts {
    var running: [Double]
    var volatility: [Double]
    var drift: [Double]
    var switching: [[Double]]
    var costs: [TradeCost]
    var discount: Double?

    init(seed: Int) {
      var random = RandomNumbers(seed: seed)
      let count = random.integer(1...3)
      running = (0..<count).map { _ in random.logUniform(0.2, 5) }
      volatility = (0..<count).map { _ in random.logUniform(0.3, 2) }
      drift = (0..<count).map { _ in random.chance(0.5) ? 0 : random.uniform(-0.3, 0.3) }
      switching = (0..<count).map { from in
        var row = (0..<count).map { to in from == to ? 0 : random.logUniform(0.1, 20) }
        row[from] = -row.reduce(0, +)
        return row
      }
      let structure = random.integer(0...2)
      costs = (0..<count).map { _ in
        TradeCost(
          fixed: structure == 0 ? 0 : random.logUniform(0.02, 0.5),
          proportionalBuy: structure == 1 ? 0 : random.logUniform(0.02, 0.3),
          proportionalSell: structure == 1 ? 0 : random.logUniform(0.02, 0.3))
      }
      discount = random.chance(0.4) ? random.logUniform(0.05, 1) : nil
    }

    func with(_ change: (inout Parts) -> Void) -> Parts {
      var copy = self
      change(&copy)
      return copy
    }

    func solve() throws -> StationarySolution {
      try StationarySolver().solve(
        StationaryExamples.problem(
          running: running, volatility: volatility, drift: drift, switching: switching, costs: costs,
          discount: discount))
    }
  }

  /// Dearer trades or deviations cost more in every regime, edges are ordered, and the solution is verified.
  @Test(arguments: seeds) func valueGrows(_ seed: Int) throws {
    let parts = Parts(seed: seed)
    let plain = try parts.solve()
    #expect(plain.isVerified, "\(plain.residual)")
    for regime in plain.regimes { #expect(regime.band.numbers == regime.band.numbers.sorted()) }
    var random = RandomNumbers(seed: seed + 1_000_000)
    let raised = random.integer(0...(parts.costs.count - 1))
    for dearer in [
      parts.with { $0.costs[raised].proportionalBuy += 0.05 }, parts.with { $0.costs[raised].proportionalSell += 0.05 },
      parts.with { $0.costs[raised].fixed += 0.1 }, parts.with { $0.running[raised] *= 1.2 },
    ] {
      for (dear, cheap) in zip(try dearer.solve().regimes, plain.regimes) {
        #expect(dear.cost.total.value > cheap.cost.total.value * (1 - 1e-10))
      }
    }
  }

  /// The mirror, other units of deviation and money, and the clock.
  @Test(arguments: seeds) func symmetries(_ seed: Int) throws {
    let parts = Parts(seed: seed)
    let plain = try parts.solve()
    let mirrored = try parts.with { copy in
      copy.drift = copy.drift.map { -$0 }
      copy.costs = copy.costs.map {
        TradeCost(fixed: $0.fixed, proportionalBuy: $0.proportionalSell, proportionalSell: $0.proportionalBuy)
      }
    }.solve()
    let (stretch, money) = (3.7, 0.21)
    let other = try parts.with { copy in
      copy.running = copy.running.map { $0 * money / (stretch * stretch) }
      copy.volatility = copy.volatility.map { $0 * stretch }
      copy.drift = copy.drift.map { $0 * stretch }
      copy.costs = copy.costs.map {
        TradeCost(
          fixed: $0.fixed * money, proportionalBuy: $0.proportionalBuy * money / stretch,
          proportionalSell: $0.proportionalSell * money / stretch)
      }
    }.solve()
    for (index, regime) in plain.regimes.enumerated() {
      let band = regime.band
      let image = Band(
        lower: -band.upper, upper: -band.lower, targetLower: -band.targetUpper, targetUpper: -band.targetLower)
      #expect(mirrored.regimes[index].band.distance(to: image) < 1e-7)
      #expect(relative(mirrored.regimes[index].cost.total.value, regime.cost.total.value) < 1e-9)
      let wide = Band(
        lower: stretch * band.lower, upper: stretch * band.upper, targetLower: stretch * band.targetLower,
        targetUpper: stretch * band.targetUpper)
      #expect(other.regimes[index].band.distance(to: wide) < 1e-7)
      #expect(relative(other.regimes[index].cost.total.value, money * regime.cost.total.value) < 1e-9)
    }
  }

  /// A regime that is left and never entered, and a twin that is told apart, change nothing.
  @Test(arguments: seeds) func regimesThatAreNone(_ seed: Int) throws {
    let parts = Parts(seed: seed)
    let plain = try parts.solve()
    let m = parts.running.count
    let entered = try parts.with { copy in
      copy.running.append(2)
      copy.volatility.append(0.8)
      copy.drift.append(0.1)
      copy.costs.append(copy.costs[0].scaled(by: 2))
      copy.switching = copy.switching.map { $0 + [0] } + [Array(repeating: 1.5, count: m) + [-1.5 * Double(m)]]
    }.solve()
    let split = try parts.with { copy in
      copy.running.append(copy.running[0])
      copy.volatility.append(copy.volatility[0])
      copy.drift.append(copy.drift[0])
      copy.costs.append(copy.costs[0])
      var rates = copy.switching.map { $0 + [0.0] }
      rates.append(rates[0])
      for from in 1..<max(1, m) {
        rates[from][m] = 0.3 * rates[from][0]
        rates[from][0] *= 0.7
      }
      (rates[0][m], rates[m][0]) = (2, 3)
      for twin in [0, m] {
        rates[twin][twin] = 0
        rates[twin][twin] = -rates[twin].reduce(0, +)
      }
      copy.switching = rates
    }.solve()
    for (index, regime) in plain.regimes.enumerated() {
      for other in [entered, split] {
        #expect(other.regimes[index].band.distance(to: regime.band) < 1e-6)
        #expect(relative(other.regimes[index].cost.total.value, regime.cost.total.value) < 1e-8)
      }
    }
    #expect(split.regimes[m].band.distance(to: plain.regimes[0].band) < 1e-6)
  }

  /// One regime without drift: a cost between those of each part alone and their sum, above both; volatility raises it.
  @Test(arguments: seeds) func oneRegime(_ seed: Int) throws {
    var random = RandomNumbers(seed: seed + 3_000_000)
    let (fixed, proportional) = (random.logUniform(0.01, 1), random.logUniform(0.01, 1))
    let (running, volatility) = (random.logUniform(0.2, 5), random.logUniform(0.2, 3))
    func cost(_ charge: TradeCost, volatility: Double) throws -> Double {
      try StationarySolver().solve(
        StationaryExamples.problem(running: [running], volatility: [volatility], costs: [charge])
      ).regimes[0].cost.total.value
    }
    let both = try cost(.fixed(fixed) + .proportional(proportional), volatility: volatility)
    let parts = try [TradeCost.fixed(fixed), .proportional(proportional)].map { try cost($0, volatility: volatility) }
    #expect(both > parts.max()!)
    #expect(try cost(.fixed(fixed) + .proportional(proportional), volatility: 1.1 * volatility) > both)
  }
}
