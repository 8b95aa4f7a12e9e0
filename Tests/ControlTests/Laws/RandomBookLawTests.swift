import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// What is proven for every option book, asked of books drawn at random: the seed is the argument that a failure shows.
///
/// Problems are compared on the same nodes. Without fixed costs the laws of scale hold to rounding. With fixed costs decisions
/// between equal trades depend on rounding, and inequalities hold for the continuous problem: both are then granted a share
/// of what the grid itself is wrong by, measured on one half as fine.
@Suite struct RandomBookLawTests {
  static let seeds = 0..<60
  /// Rounding, relative to the largest value.
  private static let rounding = 1e-9
  /// The share of the distance to the half grid that an inequality may miss.
  private static let share = 0.5

  /// Values at today's spot, `[regime × inventory]`.
  private func values(_ solution: FiniteHorizonSolution) -> [Double] {
    let count = solution.problem.environment.count * solution.grid.holdings.count
    let base = solution.grid.reference * count
    return Array(solution.values[base..<base + count])
  }

  private func largest(_ values: [Double]) -> Double { values.reduce(0) { max($0, abs($1)) } }

  private func distance(_ a: [Double], _ b: [Double]) -> Double { largest(zip(a, b).map { $0 - $1 }) }

  /// The distance of the values to those on half as many nodes and steps.
  private func gridError(_ book: RandomBook, _ solution: FiniteHorizonSolution) throws -> Double {
    let settings = GridSettings(spots: 32, holdings: 21, steps: 24)
    let coarse = try FiniteHorizon(settings: settings, threads: 1).solve(book.problem())
    let y = solution.grid.holdings
    let found = values(solution)
    let inside = y.indices.filter { y[$0] >= coarse.grid.holdings.first! && y[$0] <= coarse.grid.holdings.last! }
    return largest(
      book.costs.indices.flatMap { e in
        inside.map { found[e * y.count + $0] - coarse.value(regime: e, inventory: y[$0]) }
      })
  }

  private func isGame(_ book: RandomBook) -> Bool { book.costs.allSatisfy { $0.fixed == 0 } }

  /// What an equality may miss.
  private func allowance(_ book: RandomBook, _ solution: FiniteHorizonSolution) throws -> Double {
    let exact = Self.rounding * largest(values(solution))
    return isGame(book) ? exact : max(exact, try Self.share * gridError(book, solution))
  }

  /// Dearer trades or risk cost more, and so K and k together more than either.
  @Test(arguments: seeds) func valueGrows(_ seed: Int) throws {
    let book = RandomBook(seed: seed)
    var random = RandomNumbers(seed: seed + 1_000_000)
    let raised = random.integer(0...(book.costs.count - 1))
    let dearer = [
      ("buying", book.with { $0.costs[raised].proportionalBuy += random.logUniform(1e-4, 0.01) }),
      ("selling", book.with { $0.costs[raised].proportionalSell += random.logUniform(1e-4, 0.01) }),
      ("tickets", book.with { $0.costs[raised].fixed += random.logUniform(1e-4, 1e-2) * $0.spot * $0.gross }),
      ("risk", book.with { $0.riskAversion *= random.logUniform(1.01, 3) }),
    ]
    for (what, other) in dearer {
      let grid = try other.grid()
      let (cheap, dear) = (try book.solution(on: grid), try other.solution(on: grid))
      let worst = zip(values(cheap), values(dear)).map { $0 - $1 }.max()!
      let allowed = try Self.share * (gridError(book, cheap) + gridError(other, dear))
      #expect(worst <= allowed + Self.rounding * largest(values(dear)), "\(what): \(worst), \(allowed)")
    }
  }

  /// Waiting is at most as dear as standing still for ever, where nothing is settled.
  @Test(arguments: seeds) func neverTradingIsDearer(_ seed: Int) throws {
    let book = RandomBook(seed: seed).with { $0.settlement = .none }
    let (problem, solution) = (try book.problem(), try book.solution())
    let alone = UnhedgedRisk(problem: problem).deviation(on: solution.grid)
    let risk = 0.5 * book.riskAversion * alone * alone
    let jumps = solution.markJumpRisk[solution.grid.reference * book.costs.count]
    let value = solution.value(regime: 0, inventory: book.inventory)
    let allowed = try Self.rounding * risk + Self.share * gridError(book, solution)
    #expect(value <= risk - jumps + allowed, "\(value), \(risk - jumps), \(allowed)")
    #expect(value > 0)
  }

  /// V ≤ MV between any two inventories: no trade is better than the value, the one to the frictionless hedge among them.
  /// Proportional costs alone keep V convex.
  @Test(arguments: seeds) func noTradeIsBetter(_ seed: Int) throws {
    for structure in [RandomBook.Costs.any, .proportional] {
      // Regimes with cost structures of their own can give the value several wells.
      let book = RandomBook(seed: seed, costs: structure)
      let solution = try book.solution()
      let (v, y) = (values(solution), solution.grid.holdings)
      let slack = Self.rounding * largest(v)
      for e in book.costs.indices {
        let line = Array(v[e * y.count..<(e + 1) * y.count])
        for from in y.indices {
          for to in y.indices where to != from {
            let charge = book.costs[e].charge(price: book.spot, trade: y[to] - y[from])
            #expect(line[from] <= line[to] + charge + slack, "regime \(e), \(y[from]) to \(y[to])")
          }
          if structure == .proportional, from > 0, from < y.count - 1 {
            #expect(line[from - 1] - 2 * line[from] + line[from + 1] >= -slack, "regime \(e), \(y[from])")
          }
        }
      }
    }
  }

  /// Everywhere on the grid: lower ≤ lower target ≤ upper target ≤ upper, targets at edges without a ticket.
  @Test(arguments: seeds) func edgesAreOrdered(_ seed: Int) throws {
    let book = RandomBook(seed: seed)
    let solution = try book.solution()
    let slack = Self.rounding * book.gross
    for (index, band) in solution.policy.bands.enumerated() {
      let isOrdered =
        band.lower <= band.targetLower + slack && band.targetLower <= band.targetUpper + slack
        && band.targetUpper <= band.upper + slack
      #expect(isOrdered, "\(index): \(band)")
      guard isGame(book) else { continue }
      #expect(band.lower == band.targetLower && band.upper == band.targetUpper, "\(index): \(band)")
    }
  }

  /// Without costs one holds the frictionless hedge, at no cost and in no width.
  @Test(arguments: seeds) func freeTradingIsFrictionless(_ seed: Int) throws {
    let book = RandomBook(seed: seed).with { $0.costs = $0.costs.map { _ in TradeCost() } }
    let solution = try book.solution()
    let natural = book.riskAversion * book.spot * book.spot * book.gross * book.gross
    for e in book.costs.indices {
      let band = solution.band(regime: e)
      #expect(abs(band.lower) < 1e-9 * book.gross && abs(band.upper) < 1e-9 * book.gross, "\(band)")
      #expect(abs(solution.value(regime: e, inventory: book.inventory)) < 1e-8 * natural)
    }
  }

  /// Calls owed are calls held in the mirror that exchanges buying and selling.
  @Test(arguments: seeds) func mirror(_ seed: Int) throws {
    let book = RandomBook(seed: seed)
    let solution = try book.solution()
    let other = book.with { copy in
      for index in copy.options.indices { copy.options[index].quantity *= -1 }
      copy.forward *= -1
      copy.inventory *= -1
      copy.costs = copy.costs.map {
        TradeCost(fixed: $0.fixed, proportionalBuy: $0.proportionalSell, proportionalSell: $0.proportionalBuy)
      }
    }
    let mirrored = try other.solution(on: solution.grid.mirrored)
    let n = solution.grid.holdings.count
    let seen = book.costs.indices.flatMap { e in values(mirrored)[e * n..<(e + 1) * n].reversed() }
    #expect(try distance(values(solution), seen) <= allowance(book, solution))
    guard isGame(book) else { return }
    for e in book.costs.indices {
      let (band, image) = (solution.band(regime: e), mirrored.band(regime: e))
      for (edge, other) in [(band.lower, -image.upper), (band.upper, -image.lower)] {
        #expect(edge == other || abs(edge - other) < 1e-6 * book.gross, "\(band) \(image)")
      }
    }
  }

  /// (S, K, a) → (cS, cK, a/c), and n books at a/n: values c and n times as large. By a power of two the latter is exact to the
  /// last bit: no number in the solver has a unit.
  @Test(arguments: seeds) func scale(_ seed: Int) throws {
    let book = RandomBook(seed: seed)
    let solution = try book.solution()
    let found = values(solution)
    let factor = 7.3
    let priced = book.with { copy in
      copy.spot *= factor
      for index in copy.options.indices { copy.options[index].strike *= factor }
      copy.riskAversion /= factor
      for index in copy.costs.indices { copy.costs[index].fixed *= factor }
    }
    #expect(
      try distance(found, values(priced.solution()).map { $0 / factor }) <= allowance(book, solution))
    let many = try book.with { copy in
      for index in copy.options.indices { copy.options[index].quantity *= 8 }
      copy.forward *= 8
      copy.inventory *= 8
      copy.riskAversion /= 8
      for index in copy.costs.indices { copy.costs[index].fixed *= 8 }
    }.solution()
    #expect(values(many) == found.map { $0 * 8 })
  }

  /// A regime that is never entered changes no bit; one that is told apart from its twin changes nothing.
  @Test(arguments: seeds) func regimesThatAreNone(_ seed: Int) throws {
    let book = RandomBook(seed: seed)
    let solution = try book.solution()
    let found = values(solution)
    let m = book.volatilities.count
    let more = book.with { copy in
      copy.volatilities.append(0.9)
      copy.costs.append(copy.costs[0].scaled(by: 3))
      for index in copy.options.indices where copy.options[index].implied.count > 1 {
        copy.options[index].implied.append(0.5)
      }
      copy.switching = copy.switching.map { $0 + [0] } + [Array(repeating: 3.0, count: m) + [-3 * Double(m)]]
    }
    let visited = try more.solution(on: solution.grid)
    #expect(try distance(found, Array(values(visited).prefix(found.count))) <= allowance(book, solution))
    let split = book.with { copy in
      copy.volatilities.append(copy.volatilities[0])
      copy.costs.append(copy.costs[0])
      for index in copy.options.indices where copy.options[index].implied.count > 1 {
        copy.options[index].implied.append(copy.options[index].implied[0])
      }
      var rates = copy.switching.map { $0 + [0.0] }
      rates.append(rates[0])
      for from in 1..<max(1, m) {
        rates[from][m] = 0.3 * rates[from][0]
        rates[from][0] *= 0.7
      }
      // The twins swap places at rates of their own.
      (rates[0][m], rates[m][0]) = (5, 11)
      for twin in [0, m] {
        rates[twin][twin] = 0
        rates[twin][twin] = -rates[twin].reduce(0, +)
      }
      copy.switching = rates
    }
    let twins = values(try split.solution(on: solution.grid))
    let n = solution.grid.holdings.count
    let allowed = try allowance(book, solution)
    #expect(distance(found, Array(twins.prefix(found.count))) <= allowed)
    #expect(distance(Array(found.prefix(n)), Array(twins.suffix(n))) <= allowed)
  }

  /// Regimes that never switch are problems of their own.
  @Test(arguments: seeds) func frozenRegimesAreAlone(_ seed: Int) throws {
    let book = RandomBook(seed: seed).with { copy in
      copy.switching = copy.switching.map { $0.map { _ in 0 } }
    }
    let solution = try book.solution()
    let n = solution.grid.holdings.count
    for e in book.costs.indices {
      let alone = book.with { copy in
        copy.volatilities = [copy.volatilities[e]]
        copy.costs = [copy.costs[e]]
        copy.switching = [[0]]
        for index in copy.options.indices {
          let implied = copy.options[index].implied
          copy.options[index].implied = [implied.count > 1 ? implied[e] : implied[0]]
        }
      }
      // One ticket in any regime makes the march one of values for all.
      let own = try alone.solution(on: solution.grid, ofValues: !isGame(book))
      #expect(
        try distance(Array(values(solution)[e * n..<(e + 1) * n]), values(own)) <= allowance(book, solution),
        "regime \(e)")
    }
  }

  /// From 10⁴ to 10⁵ switches a year a hedger waits for the regime where trading is cheapest and meets the mean variance: the value
  /// tends to that of one regime with σ̄² = Σ πσ² and those costs, π the stationary law. One mark for all regimes, no settlement.
  @Test(arguments: 0..<20) func furiousSwitchingAverages(_ seed: Int) throws {
    var random = RandomNumbers(seed: seed + 2_000_000)
    let base = RandomBook(seed: seed, costs: .proportional)
    let shares = (0..<2).map { _ in random.uniform(0.2, 0.8) }
    let law = shares.map { $0 / (shares[0] + shares[1]) }
    let volatilities = [random.logUniform(0.2, 0.6), random.logUniform(0.6, 1.2)]
    let mean = zip(law, volatilities).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }.squareRoot()
    func book(rate: Double) -> RandomBook {
      base.with { copy in
        let cheap = copy.costs[0]
        // A third regime, which nothing leads to, keeps the limit on the same nodes.
        copy.volatilities = volatilities + [mean]
        copy.costs = [cheap, cheap.scaled(by: 2), cheap]
        copy.switching = [[-rate * law[1], rate * law[1], 0], [rate * law[0], -rate * law[0], 0], [0, 0, 0]]
        copy.settlement = .none
        for index in copy.options.indices { copy.options[index].implied = [copy.options[index].implied[0]] }
      }
    }
    let settings = GridSettings(spots: 64, holdings: 41, steps: 400)
    let distances = try [10_000.0, 100_000].map { rate in
      let solution = try FiniteHorizon(settings: settings, threads: 1).solve(book(rate: rate).problem())
      // From inside the band nothing is traded at once, where the dear regime would have to wait.
      let centre = -solution.bookDeltas[solution.grid.reference * 3]
      return relativeDifference(
        solution.value(regime: 1, inventory: centre), solution.value(regime: 2, inventory: centre))
    }
    #expect(distances[0] < 0.25 && distances[1] < 0.03 && distances[1] < 0.35 * distances[0] + 0.001, "\(distances)")
  }
}
