import Formulation
import Testing

/// A fixed cost and delivery: whoever holds at the expiry what the exercised options demand pays no ticket, and what they demand is
/// another amount between any two strikes.
@Suite(.serialized) struct FlatDeliveryCertificateTests {
  static let cases = [
    FlatCase(legs: [FlatCase.Leg(kind: .call, quantity: -1, strike: 1)]),
    FlatCase(legs: [FlatCase.Leg(kind: .put, quantity: 1, strike: 0.94)], proportional: 0.0002),
    FlatCase(legs: [FlatCase.Leg(kind: .call, quantity: 1, strike: 0.87)], fixed: 0.01, volatilities: [0.4, 0.9]),
    // Inventories between strikes that lie between lines of the grid.
    FlatCase(
      legs: [
        FlatCase.Leg(kind: .call, quantity: -1, strike: 1.08),
        FlatCase.Leg(kind: .put, quantity: -0.6321, strike: 0.95),
        FlatCase.Leg(kind: .call, quantity: 0.2718, strike: 1.2),
      ], proportional: 0.0005),
    FlatCase(
      legs: [FlatCase.Leg(kind: .put, quantity: -1, strike: 1.02)], volatilities: [0.4, 0.9], tickets: [0.002, 0.008]),
    FlatCase(
      legs: [FlatCase.Leg(kind: .call, quantity: -1, strike: 1)], execution: Execution(checkEvery: 6 * 3600)),
  ]

  @Test(arguments: cases) func rollOutAgrees(_ delivery: FlatCase) throws {
    try expectFlatPlacesToMatter(delivery.problem())
  }
}
