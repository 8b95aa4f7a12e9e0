import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Laws of exponential utility with costs and execution beyond `K + k|u|`.
@Suite struct EntropicCostLawTests {
  static let cost = TradeCost(fixed: 0.02, proportionalBuy: 0.001, proportionalSell: 0.001, quadraticImpact: 0.01)

  static func example(review: Double?, failure: Double = 0.2) -> EntropicCase {
    var example = EntropicCase(rate: 0.03)
    example.charge = cost
    let period = review.map { example.years * DayCount.calendar365.secondsPerYear / $0 }
    example.execution = Execution(checkEvery: period, failure: failure)
    return example
  }

  /// (S, K, γ) → (cS, cK, γ/c), fixed costs with it, multiplies prices by c.
  @Test(arguments: [nil, 20.0]) func pricesScale(_ review: Double?) throws {
    let base = Self.example(review: review)
    var scaled = base
    (scaled.spot, scaled.strike, scaled.aversion) = (6400, 6400, 0.1 / 64)
    scaled.charge!.fixed = 64 * 0.02
    let (a, b) = (try base.price(spots: 80), try scaled.price(spots: 80))
    #expect(relativeDifference(b.writer, 64 * a.writer) < 1e-9, "\(a) \(b)")
    #expect(relativeDifference(b.buyer, 64 * a.buyer) < 1e-9, "\(a) \(b)")
  }

  /// n options at γ are n times one option at nγ, when impact is that of n units and tickets cost n times as much.
  @Test(arguments: [nil, 20.0]) func quantitiesScale(_ review: Double?) throws {
    let one = Self.example(review: review)
    var many = one
    (many.quantity, many.aversion) = (-8, 0.0125)
    (many.charge!.fixed, many.charge!.quadraticImpact) = (8 * 0.02, 0.01 / 8)
    let (a, b) = (try one.price(spots: 80), try many.price(spots: 80))
    #expect(relativeDifference(b.writer, 8 * a.writer) < 1e-9, "\(a) \(b)")
    #expect(relativeDifference(b.buyer, 8 * a.buyer) < 1e-9, "\(a) \(b)")
  }

  /// Without risk aversion's second order the loss is that of quadratic risk with a = γ, failures and all.
  @Test(arguments: [nil, 20.0]) func smallAversionIsQuadratic(_ review: Double?) throws {
    var example = EntropicCase(aversion: 1e-4)
    example.charge = TradeCost(fixed: 1e-4, proportionalBuy: 1e-5, proportionalSell: 1e-5, quadraticImpact: 1e-5)
    example.execution = Self.example(review: review).execution
    let a = try example.loss(spots: 120)
    example.preference = .quadratic(riskAversion: 1e-4)
    let b = try example.loss(spots: 120)
    #expect(relativeDifference(a, b) < 0.003, "\(a) \(b)")
  }

  /// `K + k|u|` by the general operator, asked for by a limit that binds nowhere, is `EntropicMarch`'s own row.
  @Test func generalOperatorIsTheRows() throws {
    var example = EntropicCase(fixed: 0.02)
    let a = try example.solution(spots: 160)
    example.execution = Execution(maximumTrade: 1e6)
    let b = try example.solution(spots: 160)
    for inventory in [-0.2, 0, 0.3, 0.5, 0.6] {
      let (first, second) = (a.value(regime: 0, inventory: inventory), b.value(regime: 0, inventory: inventory))
      #expect(relativeDifference(first, second) < 1e-4, "\(inventory): \(first) \(second)")
    }
    #expect(abs(a.band(regime: 0).upper - b.band(regime: 0).upper) < 1e-3)
    #expect(abs(a.band(regime: 0).targetLower - b.band(regime: 0).targetLower) < 1e-3)
  }

  /// Attempts that are repeated until one succeeds cost `K + ln((1 − p)/(1 − p e^{γK}))/γ`: that ticket without failures, on grids whose
  /// inventories reach differently far; K/(1 − p) would be off by a tenth of the ticket.
  @Test func repeatedFailuresAreADearerTicket() throws {
    let (failure, fixed, aversion) = (0.3, 0.4, 1.0)
    var failing = EntropicCase(fixed: fixed, aversion: aversion)
    // A limit that binds nowhere asks for the same operator.
    failing.execution = Execution(maximumTrade: 1e6, failure: failure)
    let ticket = fixed + log((1 - failure) / (1 - failure * exp(aversion * fixed))) / aversion
    var dear = EntropicCase(fixed: ticket, aversion: aversion)
    dear.execution = Execution(maximumTrade: 1e6)
    let (a, b) = (try failing.loss(spots: 160), try dear.loss(spots: 160))
    #expect(ticket > fixed / (1 - failure))
    #expect(relativeDifference(a, b) < 1e-3, "\(a) \(b)")
    failing.aversion = 4
    #expect(unsupportedFeature(of: try failing.problem())?.contains("failures whose fixed cost is so dear") == true)
  }

  /// More reviews are better, and many are watching all the time.
  @Test func reviewsApproachContinuousMonitoring() throws {
    let losses = try [8.0, 32, 128].map { try Self.example(review: $0, failure: 0).loss(spots: 80) }
    let limit = try Self.example(review: nil, failure: 0).loss(spots: 80)
    #expect(losses[0] > losses[1] && losses[1] > losses[2] && losses[2] > limit, "\(losses) \(limit)")
    // First order in the period: a quarter of the difference each time.
    #expect(abs((losses[1] - limit) / (losses[2] - limit) - 4) < 1.2, "\(losses) \(limit)")
  }
}
