import Formulation
import TestKit
import Testing

@testable import Control

/// How the loss converges when every spacing and step is halved: second order for proportional costs, where the obstacle is
/// met smoothly. With a fixed cost the error, 10⁻⁴ at these sizes, changes sign with how edges fall between nodes; its bound
/// is in `EntropicReferenceTests`.
@Suite struct EntropicOrderTests {
  @Test func lossConverges() throws {
    let losses = try [80, 160, 320, 640].map { try EntropicCase().loss(spots: $0) }
    let order = observedOrder(zip(losses.dropFirst(), losses).map { abs($0 - $1) })
    #expect(order > 1.5, "\(losses), order \(order)")
  }
}
