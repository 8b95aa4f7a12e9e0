import Formulation
import Testing

/// A fixed cost and settlement at cost: whoever is exactly flat at the expiry pays no ticket. Towards the expiry one then waits at
/// zero inventory and nowhere beside it, which a band in net delta does not say.
@Suite(.serialized) struct FlatSettlementTests {
  static let cases = [
    FlatCase(
      legs: [FlatCase.Leg(kind: .call, quantity: -1, strike: 1)], fixed: 0.004, settlement: .cash),
    FlatCase(
      legs: [FlatCase.Leg(kind: .put, quantity: 1, strike: 0.94)], fixed: 0.004, proportional: 0.0002, settlement: .cash
    ),
    // In the money most paths are settled with a ticket and some are not.
    FlatCase(
      legs: [FlatCase.Leg(kind: .call, quantity: 1, strike: 0.87)], fixed: 0.01, settlement: .cash),
    FlatCase(
      legs: [FlatCase.Leg(kind: .call, quantity: -1, strike: 1.15)], fixed: 0.01, settlement: .cash),
  ]

  @Test(arguments: cases) func rollOutAgrees(_ flat: FlatCase) throws {
    try expectFlatPlacesToMatter(flat.problem())
  }
}
