import Formulation
import Testing

@testable import Control

/// Delivery with a fixed cost: what the options demand at each price is an inventory of its own.
@Suite struct FlatDeliveryTests {
  private let settings = GridSettings(spots: 120, holdings: 81, steps: 160)

  private func march(_ problem: OptionBookProblem, _ grid: FiniteHorizonGrid) throws -> FiniteHorizonSolution {
    try BackwardMarch(problem: problem, grid: grid, threads: 2).run(settings: settings, progress: nil)
  }

  /// A call is a put and the underlying, delivery included: the same values at inventories that differ by the quantity, the same
  /// bands, and waiting at the same places. What zero inventory means is not special.
  @Test(arguments: [-1.0, 1], [0, 0.0008]) func parity(_ quantity: Double, _ proportional: Double) throws {
    func problem(_ kind: OptionKind) throws -> OptionBookProblem {
      try Delivery.problem(
        [Delivery.Leg(kind: kind, quantity: quantity, strike: 1.03)], proportional: proportional,
        volatilities: [0.4, 0.9])
    }
    let (call, put) = try (problem(.call), problem(.put))
    #expect(call.freeInventories.sorted() == [0, -quantity].sorted())
    #expect(put.freeInventories.sorted() == [0, quantity].sorted())
    let grids = try [call, put].map { try FiniteHorizonGrid(problem: $0, settings: settings) }
    let (left, right) = try (march(call, grids[0]), march(put, grids[1]))
    let spacing = grids[0].holdings[1] - grids[0].holdings[0]
    let scale = left.value(regime: 0, inventory: 0)
    for regime in 0..<2 {
      for step in -40...40 {
        let y = (step < 0 ? -1 : 0) * quantity + Double(step) * spacing / 2
        let (one, other) = (
          left.value(regime: regime, inventory: y), right.value(regime: regime, inventory: y + quantity)
        )
        #expect(abs(one - other) < 1e-7 * scale, "\(y): \(one) \(other)")
      }
    }
    var held = 0
    for (one, other) in zip(left.policy.bands, right.policy.bands) where one.heldFlats == other.heldFlats {
      if abs(one.targetLower - other.targetLower) < 1e-6, abs(one.targetUpper - other.targetUpper) < 1e-6 { held += 1 }
    }
    // Where two destinations are as good as each other rounding chooses.
    #expect(held > left.policy.bands.count * 99 / 100, "\(held) of \(left.policy.bands.count)")
  }

  /// Values against the general operator, with inventories between lines, and with a ticket so small that the risk of a step at the
  /// expiry is as large; and with all nodes solved for.
  @Test(arguments: [(0.004, 0.0, 1), (0.004, 0.001, 1), (0.00002, 0.003, 3)])
  func sameAsGeneralOperator(_ fixed: Double, _ proportional: Double, _ factor: Int) throws {
    let settings = GridSettings(spots: 120 * factor, holdings: 81 * factor, steps: 160 * factor)
    let problem = try Delivery.problem(
      Delivery.strangle, fixed: fixed, proportional: proportional, volatilities: [0.3, 1.1])
    let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
    #expect(grid.flatLines.count == 4 && grid.flatLines.contains { $0.offset != 0 })
    let fast = try march(problem, grid)
    let everywhere = try BackwardMarch(problem: problem, grid: grid, threads: 2, everywhere: true).run(
      settings: settings, progress: nil)
    let table = try RouteTable(problem: problem, isReview: false)
    let general = try TradeMarch(
      QuadraticRest(problem: problem, grid: grid, threads: 2, keepsValues: false), table: table
    ).run(settings: settings, progress: nil)
    for regime in 0..<2 {
      for y in [-0.9, -0.3, 0, 0.25, 0.6321, 1, 1.4] + grid.flats.places {
        let value = fast.value(regime: regime, inventory: y)
        let (same, other) = (
          everywhere.value(regime: regime, inventory: y), general.value(regime: regime, inventory: y)
        )
        #expect(abs(value - same) < 1e-4 * value, "\(y): \(value) \(same)")
        #expect(abs(value - other) < 1e-4 * value, "\(y): \(value) \(other)")
      }
    }
  }

  /// A call so deep in the money that nothing moves, another that will never be exercised, and a ticket that is paid once at most: at
  /// what the first demands nothing is paid, and beside it the ticket, however near the next line is.
  @Test func valueAtDelivery() throws {
    let problem = try Delivery.problem(
      [
        Delivery.Leg(kind: .call, quantity: -1.5, strike: 0.1), Delivery.Leg(kind: .call, quantity: -0.83, strike: 10),
      ], fixed: 1)
    let grid = try FiniteHorizonGrid(problem: problem, settings: settings)
    #expect(grid.flatLines.contains { $0.inventory == 1.5 && $0.offset != 0 })
    let solution = try march(problem, grid)
    #expect(abs(solution.value(regime: 0, inventory: 1.5)) < 1e-9)
    for y in [1.49, 1.499999, 1.500001, 1.503, 1.6, 0, 2.33] {
      #expect(abs(solution.value(regime: 0, inventory: y) - 1) < 1e-6, "\(y)")
    }
  }

  /// Lots that do not lead to what is demanded leave nothing but what they lead to.
  @Test(arguments: [(0.0, 0.05, [0, 1.0]), (0, 0.3, [0]), (0.4, 0.3, [1])])
  func lotsReach(_ inventory: Double, _ lot: Double, _ reached: [Double]) throws {
    let problem = try Delivery.problem(
      [Delivery.Leg(kind: .call, quantity: -1, strike: 1)], lot: lot, inventory: inventory)
    #expect(problem.freeInventories.sorted() == reached)
  }
}
