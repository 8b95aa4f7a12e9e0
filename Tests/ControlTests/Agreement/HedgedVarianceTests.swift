import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// The variance rate on the grid, by kernels, against Gauss's rule with Black's formula at every node.
@Suite struct HedgedVarianceTests {
  private func table(_ problem: OptionBookProblem, _ grid: FiniteHorizonGrid, time: Double) -> VarianceTable {
    var table = VarianceTable(problem: problem, logSpots: grid.logSpots)
    var delta = [Double](repeating: 0, count: grid.logSpots.count * problem.environment.count)
    BookTable(book: problem.book, spots: grid.spots, regimes: problem.environment.count).deltas(at: time, into: &delta)
    table.fill(at: time, delta: delta, threads: 2)
    return table
  }

  /// In the scale of the largest A of the row's kind, over the middle of the grid.
  @Test(arguments: [0.0, 0.08]) func gridAgrees(time: Double) throws {
    for problem in [try JumpStraddle.onlyMerton(), try JumpStraddle.twoKou()] {
      let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings())
      let table = table(problem, grid, time: time)
      let m = problem.environment.count
      for row in stride(from: 0, to: grid.logSpots.count, by: 7) where abs(grid.logSpots[row] - log(100)) < 0.5 {
        for e in 0..<m {
          let exact = problem.hedgedVariance(time: time, spot: grid.spots[row], regime: e)
          let node = row * m + e
          #expect(relativeDifference(table.quadratic[node], exact.quadratic) < 1e-5, "\(row) \(e)")
          let scale = exact.quadratic
          #expect(abs(table.linear[node] - exact.linear) < 1e-5 * scale, "\(row) \(e): \(table.linear[node]) \(exact)")
          #expect(abs(table.constant[node] - exact.constant) < 1e-5 * scale, "\(row) \(e)")
        }
      }
    }
  }

  /// A book that is only a forward: `v = A₂ (y + q)²`, whatever jumps.
  @Test func forwardAlone() throws {
    let problem = try JumpStraddle.problem(
      regimes: [Regime(name: "only", volatility: 0.5, jumps: JumpStraddle.merton)], proportional: 0.05, forward: 1.5,
      quantity: 0)
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings())
    let table = table(problem, grid, time: 0)
    for node in grid.logSpots.indices {
      #expect(relativeDifference(table.linear[node], 1.5 * table.quadratic[node]) < 1e-12)
      #expect(relativeDifference(table.constant[node], 2.25 * table.quadratic[node]) < 1e-12)
    }
    let solution = try FiniteHorizon(settings: GridSettings(spots: 120, holdings: 241, steps: 100)).solve(problem)
    #expect(abs(solution.value(regime: 0, inventory: -1.5)) < 1e-9)
    let band = solution.band(regime: 0)
    #expect(band.lower < 0 && band.upper > 0 && abs(band.lower + band.upper) < 0.02 * band.width, "\(band)")
  }

  /// The minimum-variance delta is where the variance of the profit over a short time, sampled from nothing but the laws, is
  /// least: golden-section search on the rate itself.
  @Test func minimumVarianceDelta() throws {
    let problem = try JumpStraddle.twoKou()
    for e in 0..<2 {
      let variance = problem.hedgedVariance(time: 0.01, spot: 97, regime: e)
      func rate(_ y: Double) -> Double {
        let here = problem.book.greeks(time: 0.01, spot: 97, regime: e)
        let regime = problem.environment.regimes[e]
        var total = pow(regime.volatility * 97 * (here.delta + y), 2)
        let law = regime.jumps!.logarithm
        func change(_ z: Double, _ into: Int) -> Double {
          problem.book.greeks(time: 0.01, spot: 97 * exp(z), regime: into).value - here.value + y * 97 * expm1(z)
        }
        let width = 5e-4
        for index in -6000..<6000 {
          let z = (Double(index) + 0.5) * width
          total += regime.jumps!.intensity * width * law.density(z) * pow(change(z, e), 2)
        }
        return total + problem.environment.generator.rates[e][1 - e]
          * pow(change(problem.environment.switchJump(from: e, to: 1 - e), 1 - e), 2)
      }
      #expect(relativeDifference(rate(0.3), variance.rate(inventory: 0.3)) < 1e-4, "\(rate(0.3)) \(variance)")
      var (low, high) = (-2.0, 2.0)
      let golden = 0.5 * (5.0.squareRoot() - 1)
      for _ in 0..<40 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low))
        if rate(a) < rate(b) { high = b } else { low = a }
      }
      #expect(abs(0.5 * (low + high) - variance.leastInventory) < 1e-4, "\(low) \(variance.leastInventory)")
      #expect(abs(variance.leastInventory + problem.book.greeks(time: 0.01, spot: 97, regime: e).delta) > 0.02)
    }
  }
}

/// The operator of jumps against numerical integrals.
@Suite struct JumpOperatorTests {
  /// A bell on a slope, as wide as a book's values.
  private func smooth(_ x: Double) -> Double { exp(-pow((x - log(95.0)) / 0.15, 2)) + 0.3 * sin(4 * (x - log(100.0))) }

  @Test func agreesWithIntegrals() throws {
    let merton = try JumpStraddle.onlyMerton()
    let kou = try JumpStraddle.twoKou()
    for problem in [merton, kou] {
      let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings())
      let environment = problem.environment
      let m = environment.count
      let jumps = try #require(JumpOperator(logSpots: grid.logSpots, environment: environment, ends: .slope))
      let line = grid.logSpots.flatMap { x in (0..<m).map { smooth(x) * Double($0 + 1) } }
      let found = jumps.applied(to: line)
      for row in stride(from: 0, to: grid.logSpots.count, by: 11) where abs(grid.logSpots[row] - log(100)) < 0.4 {
        let x = grid.logSpots[row]
        for e in 0..<m {
          let regime = environment.regimes[e]
          var expected = regime.jumps!.nodes(spacing: 1e-4).reduce(0) {
            $0 + regime.jumps!.intensity * $1.weight * smooth(x + $1.logJump) * Double(e + 1)
          }
          for other in 0..<m where other != e {
            expected +=
              environment.generator.rates[e][other] * Double(other + 1)
              * smooth(x + environment.switchJump(from: e, to: other))
          }
          #expect(
            abs(found[row * m + e] - expected) < 2e-5 * (1 + abs(expected)),
            "\(row) \(e) \(found[row * m + e]) \(expected)")
        }
      }
    }
  }

  /// What the obstacles are, multiples of the price, stays what it is: `E[S e^Z] = (1 + κ) S` up to the grid's ends, and one
  /// stays one.
  @Test(arguments: [JumpStraddle.merton.law, JumpStraddle.kou]) func linearIsLinear(_ law: PriceJumps.Law) throws {
    let jumps = PriceJumps(intensity: 10, law: law)
    let problem = try JumpStraddle.onlyMerton(jumps)
    let grid = try FiniteHorizonGrid(problem: problem, settings: GridSettings())
    let prices = try #require(JumpOperator(logSpots: grid.logSpots, environment: problem.environment, ends: .slope))
    let ones = try #require(JumpOperator(logSpots: grid.logSpots, environment: problem.environment, ends: .constant))
    let moved = prices.applied(to: grid.spots)
    let kept = ones.applied(to: Array(repeating: 1, count: grid.spots.count))
    for row in grid.spots.indices {
      #expect(relativeDifference(moved[row], 10 * (1 + jumps.meanMove) * grid.spots[row]) < 1e-6, "\(row)")
      #expect(abs(kept[row] - 10) < 1e-10, "\(row)")
    }
  }
}
