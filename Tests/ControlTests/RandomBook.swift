import Formulation
import Glibc
import TestKit

@testable import Control

/// An option-book problem drawn from a seed: regimes, legs, costs, everything. Parts can be changed before it is made.
struct RandomBook {
  struct Option {
    var kind: OptionKind
    var strike: Double
    /// Index of the expiry.
    var expiry: Int
    var quantity: Double
    var implied: [Double]
  }

  enum Costs { case proportional, any }

  var spot: Double
  var volatilities: [Double]
  var switching: [[Double]]
  var options: [Option]
  var forward: Double
  /// Days.
  var expiries: [Double]
  var costs: [TradeCost]
  var riskAversion: Double
  var settlement: Settlement
  var inventory: Double

  static let settings = GridSettings(spots: 64, holdings: 41, steps: 48)

  init(seed: Int, costs structure: Costs = .any) {
    var random = RandomNumbers(seed: seed)
    spot = random.logUniform(0.5, 50_000)
    let count = random.integer(1...3)
    volatilities = (0..<count).map { _ in random.logUniform(0.1, 1.6) }
    switching = (0..<count).map { from in
      var row = (0..<count).map { to in from == to ? 0 : random.chance(0.8) ? random.logUniform(0.2, 60) : 0 }
      row[from] = -row.reduce(0, +)
      return row
    }
    expiries = [random.logUniform(0.5, 60)]
    if random.chance(0.3) { expiries.append(expiries[0] * random.uniform(1.2, 3)) }
    let (spot, days) = (spot, expiries)
    let perRegime = random.chance(0.4)
    options = (0..<random.integer(1...4)).map { _ in
      let expiry = random.integer(0...(days.count - 1))
      let reach = 0.8 * (days[expiry] / 365).squareRoot()
      let level = random.logUniform(0.2, 1.2)
      return Option(
        kind: random.chance(0.5) ? .call : .put, strike: spot * exp(random.uniform(-reach, reach)), expiry: expiry,
        quantity: (random.chance(0.6) ? -1 : 1) * random.logUniform(0.1, 20),
        implied: perRegime ? (0..<count).map { _ in level * random.uniform(0.8, 1.25) } : [level])
    }
    forward = random.chance(0.3) ? random.uniform(-5, 5) : 0
    let gross = options.reduce(0) { $0 + abs($1.quantity) }
    // Aversion and costs on the scale of the book, so that bands are some part of it.
    riskAversion = random.logUniform(0.1, 30) / (spot * gross)
    self.costs = (0..<count).map { _ in
      var cost = TradeCost()
      if structure == .proportional || random.chance(0.8) {
        cost.proportionalBuy = random.logUniform(1e-4, 0.02)
        cost.proportionalSell = random.chance(0.5) ? cost.proportionalBuy : random.logUniform(1e-4, 0.02)
      }
      if structure == .any, random.chance(0.6) { cost.fixed = random.logUniform(1e-5, 0.01) * spot * gross }
      if cost.isZero { cost = .proportional(0.001) }
      return cost
    }
    settlement = random.chance(0.5) ? .none : .cash
    inventory = random.chance(0.5) ? 0 : random.uniform(-1, 1) * gross
  }

  /// Units of options, the scale of the book.
  var gross: Double { options.reduce(0) { $0 + abs($1.quantity) } }

  func problem() throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    func instant(_ days: Double) -> Instant { valuation.adding(seconds: days * 86_400) }
    var positions = options.enumerated().map { index, option in
      Position(
        name: "\(index)",
        instrument: .option(kind: option.kind, strike: option.strike, expiry: instant(expiries[option.expiry])),
        quantity: option.quantity, impliedVolatilities: option.implied)
    }
    if forward != 0 { positions.append(Position(name: "forward", instrument: .forward, quantity: forward)) }
    let regimes = volatilities.enumerated().map { Regime(name: "\($0.offset)", volatility: $0.element) }
    return try OptionBookProblem(
      name: "random", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: spot, rate: 0,
        environment: EnvironmentChain(regimes: regimes, generator: Generator(switching))), positions: positions,
      costs: costs, preference: .quadratic(riskAversion: riskAversion), settlement: settlement, inventory: inventory,
      horizon: instant(expiries.max()!))
  }

  /// Solved on its own grid, or on another problem's.
  func solution(on grid: FiniteHorizonGrid? = nil, ofValues: Bool = false) throws -> FiniteHorizonSolution {
    let problem = try problem()
    let nodes = try grid ?? FiniteHorizonGrid(problem: problem, settings: Self.settings)
    return try BackwardMarch(problem: problem, grid: nodes, threads: 1, ofValues: ofValues).run(
      settings: Self.settings, progress: nil)
  }

  func grid() throws -> FiniteHorizonGrid { try FiniteHorizonGrid(problem: problem(), settings: Self.settings) }

  /// The same problem changed.
  func with(_ change: (inout RandomBook) -> Void) -> RandomBook {
    var copy = self
    change(&copy)
    return copy
  }
}
