import Testing

@testable import Formulation

/// What delivery leaves free of a ticket, and that a last bit is nothing.
@Suite struct SettlementTests {
  private func problem(_ settlement: Settlement, spot: Double = 100, fixed: Double = 5) throws -> OptionBookProblem {
    let valuation = Instant("2026-01-01T00:00:00Z")!
    func leg(_ kind: OptionKind, _ quantity: Double, _ strike: Double) -> Position {
      Position(
        name: "\(kind)", instrument: .option(kind: kind, strike: strike, expiry: valuation.adding(seconds: 86_400)),
        quantity: quantity, impliedVolatilities: [0.5])
    }
    return try OptionBookProblem(
      name: "settlement", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: spot, rate: 0,
        environment: EnvironmentChain(regimes: [Regime(name: "only", volatility: 0.5)], generator: .frozen(count: 1))),
      positions: [leg(.call, -0.1, 110), leg(.call, -0.2, 120), leg(.put, -0.7, 90)],
      costs: [.fixed(fixed) + .proportional(0.01)], preference: .quadratic(riskAversion: 1), settlement: settlement)
  }

  /// At every price what is free is charged nothing, and the same moved by a millionth is charged the ticket.
  @Test func freeInventories() throws {
    let problem = try problem(.physical)
    // Nearest to today's price first: between 90 and 110, then 90 or 110 and beyond.
    #expect(problem.freeInventories.count == 4 && problem.freeInventories[0] == 0)
    for (spot, free) in [(80.0, -0.7), (100, 0), (115, 0.1), (130, 0.1 + 0.2)] {
      #expect(problem.freeInventories.contains { abs($0 - free) < 1e-12 }, "\(free)")
      #expect(problem.settlementCharge(spot: spot, regime: 0, inventory: free) == 0)
      let charge = problem.settlementCharge(spot: spot, regime: 0, inventory: free + 1e-6)
      #expect(abs(charge - 5 - 1e-8 * spot) < 1e-12)
    }
    #expect(try self.problem(.cash).freeInventories == [0])
    #expect(try self.problem(.none).freeInventories.isEmpty)
    #expect(try self.problem(.physical, fixed: 0).freeInventories.isEmpty)
  }

  /// 0.1 + 0.2 − 0.3 is no inventory.
  @Test(arguments: [(Settlement.cash, 100.0, 0.1 + 0.2 - 0.3), (.physical, 130, 0.3), (.physical, 80, -0.1 * 7)])
  func forgetsRounding(_ settlement: Settlement, _ spot: Double, _ inventory: Double) throws {
    let problem = try problem(settlement)
    #expect(inventory != 0 && inventory + (settlement == .cash ? 0 : problem.assigned(spot: spot)) != 0)
    #expect(problem.settlementCharge(spot: spot, regime: 0, inventory: inventory) == 0)
  }
}
