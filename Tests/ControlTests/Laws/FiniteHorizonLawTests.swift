import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// What is proven of the problem, whatever the numbers.
@Suite struct FiniteHorizonLawTests {
  static let grid = GridSettings(spots: 160, holdings: 101, steps: 150)

  /// (S, K, K_fixed, 1/a) → c times each: bands in delta stay, the value multiplies by c.
  @Test(arguments: [0.0, 0.01]) func scalesWithMoney(fixed: Double) throws {
    let factor = 37.0
    let small = try FiniteHorizon(settings: Self.grid).solve(Straddle.problem(fixed: fixed))
    let large = try FiniteHorizon(settings: Self.grid).solve(
      Straddle.problem(fixed: factor * fixed, riskAversion: 0.1 / factor, spot: 100 * factor, strike: 100 * factor))
    for regime in 0..<2 {
      let a = small.value(regime: regime, inventory: 0)
      let b = large.value(regime: regime, inventory: 0)
      #expect(relativeDifference(factor * a, b) < 1e-9, "regime \(regime): \(a) \(b)")
      #expect(abs(small.band(regime: regime).upper - large.band(regime: regime).upper) < 1e-9)
      #expect(abs(small.band(regime: regime).lower - large.band(regime: regime).lower) < 1e-9)
    }
  }

  /// A long book is a short one seen in a mirror: bands change sign, the value stays.
  @Test(arguments: [0.0, 0.01]) func longMirrorsShort(fixed: Double) throws {
    let short = try FiniteHorizon(settings: Self.grid).solve(Straddle.problem(fixed: fixed, quantity: -1))
    let long = try FiniteHorizon(settings: Self.grid).solve(Straddle.problem(fixed: fixed, quantity: 1))
    for regime in 0..<2 {
      let a = short.value(regime: regime, inventory: 0)
      let b = long.value(regime: regime, inventory: 0)
      // The grids of inventory are mirrored up to a shift, so that they agree within their error.
      #expect(relativeDifference(a, b) < 0.005, "regime \(regime): \(a) \(b)")
      #expect(abs(short.band(regime: regime).upper + long.band(regime: regime).lower) < 0.006)
    }
  }

  /// n units at risk aversion a/n behave as one unit at a with fixed cost K/n... the value multiplies by n.
  @Test func scalesWithSize() throws {
    let one = try FiniteHorizon(settings: Self.grid).solve(Straddle.problem(fixed: 0.01, riskAversion: 0.1))
    let many = try FiniteHorizon(settings: Self.grid).solve(
      Straddle.problem(fixed: 0.5, riskAversion: 0.002, quantity: -50))
    for regime in 0..<2 {
      #expect(
        relativeDifference(
          50 * one.value(regime: regime, inventory: 0), many.value(regime: regime, inventory: 0)) < 1e-9)
      #expect(relativeDifference(50 * one.band(regime: regime).upper, many.band(regime: regime).upper) < 1e-7)
    }
  }

  /// The same bytes with one thread and with three.
  @Test(arguments: [0.0, 0.01]) func threadsDoNotMatter(fixed: Double) throws {
    let problem = try Straddle.problem(fixed: fixed)
    let one = try FiniteHorizon(settings: Self.grid, threads: 1).solve(problem)
    let three = try FiniteHorizon(settings: Self.grid, threads: 3).solve(problem)
    #expect(one.values == three.values)
    #expect(one.policy == three.policy)
  }

  /// The value grows with each cost, and bands hold their targets.
  @Test func valueGrowsWithCosts() throws {
    var previous = [0.0, 0.0]
    for (proportional, fixed) in [(0.0001, 0.001), (0.0002, 0.001), (0.0002, 0.004), (0.001, 0.004), (0.001, 0.02)] {
      let solution = try FiniteHorizon(settings: Self.grid).solve(
        Straddle.problem(proportional: proportional, fixed: fixed))
      for regime in 0..<2 {
        let value = solution.value(regime: regime, inventory: 0)
        #expect(value > previous[regime], "k \(proportional), K \(fixed), regime \(regime)")
        previous[regime] = value
        let band = solution.band(regime: regime)
        #expect(
          band.lower <= band.targetLower && band.targetLower <= band.targetUpper && band.targetUpper <= band.upper)
      }
    }
  }

  /// Without costs one holds −Δ at no cost at all.
  @Test func zeroCostIsTheFrictionlessHedge() throws {
    let solution = try FiniteHorizon(settings: Self.grid).solve(Straddle.problem(proportional: 0))
    for regime in 0..<2 {
      let band = solution.band(regime: regime)
      #expect(abs(band.lower) < 1e-9 && abs(band.upper) < 1e-9, "\(band)")
      #expect(abs(solution.value(regime: regime, inventory: 0)) < 1e-9)
    }
  }

  /// Two regimes that are alike are one regime, whatever the switching, frozen or furious.
  @Test(arguments: [0.0, 6, 10_000]) func equalRegimesAreOne(rate: Double) throws {
    for fixed in [0.0, 0.01] {
      let single = try FiniteHorizon(settings: Self.grid).solve(Straddle.problem(fixed: fixed, volatilities: [0.8]))
      let twins = try FiniteHorizon(settings: Self.grid).solve(
        Straddle.problem(fixed: fixed, volatilities: [0.8, 0.8], switching: [[-rate, rate], [2 * rate, -2 * rate]]))
      for regime in 0..<2 {
        #expect(
          relativeDifference(twins.value(regime: regime, inventory: 0), single.value(regime: 0, inventory: 0)) < 1e-7)
        #expect(abs(twins.band(regime: regime).upper - single.band(regime: 0).upper) < 1e-6)
      }
    }
  }

  /// Furious switching averages variances, σ̄² = π₁σ₁² + π₂σ₂², and the distance to the average falls with the rate. A
  /// third regime that nothing leads to carries the average on the same grid.
  @Test func furiousSwitchingAverages() throws {
    let average = (0.8 * 0.25 + 0.2 * 1.44).squareRoot()
    var distances: [Double] = []
    // The lagged multiplier of one regime reaches the others after a step: 150 steps would leave 1.4 % at the middle rate.
    let grid = GridSettings(spots: 160, holdings: 101, steps: 2400)
    for rate in [2_500.0, 25_000, 250_000] {
      let solution = try FiniteHorizon(settings: grid).solve(
        Straddle.problem(
          fixed: 0.01, volatilities: [0.5, 1.2, average],
          switching: [[-rate, rate, 0], [4 * rate, -4 * rate, 0], [0, 0, 0]]))
      let limit = solution.value(regime: 2, inventory: 0)
      distances.append(relativeDifference(solution.value(regime: 1, inventory: 0), limit))
    }
    #expect(distances[1] < 0.5 * distances[0] && distances[2] < 0.5 * distances[1], "\(distances)")
    #expect(distances[2] < 0.0001, "\(distances)")
  }
}
