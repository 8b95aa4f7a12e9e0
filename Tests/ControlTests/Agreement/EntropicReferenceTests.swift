import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Losses, prices and bands against an independent program (numpy: lines of constant inventory under an implicit gradient
/// constraint, iterated to 2·10⁻¹², three grids extrapolated), itself checked by binomial dynamic programming of the
/// certainty equivalent (Davis, Panas and Zariphopoulou's method) to 10⁻⁵–10⁻⁴. Its own errors: below 3·10⁻⁵ of the losses,
/// 1.3·10⁻⁴ at γS = 600; 5·10⁻⁴ in the edges.
@Suite struct EntropicReferenceTests {
  struct Row: Sendable, CustomStringConvertible {
    let name: String
    let example: EntropicCase
    /// e^{rT} times the loss of the writer and of the buyer.
    let writer: Double
    let buyer: Double
    /// Lower edge, lower target, upper target, upper edge in net delta; nil: not compared.
    let band: [Double]?
    var description: String { name }
  }

  private static func case15(_ settlement: Settlement, rate: Double) -> EntropicCase {
    EntropicCase(
      spot: 15, strike: 15, volatilities: [0.25], years: 1, cost: 0.01, aversion: 1, rate: rate, settlement: settlement)
  }

  static let rows = [
    Row(
      name: "γS = 10", example: EntropicCase(), writer: 0.147297, buyer: 0.145552,
      band: [-0.1309, -0.1309, 0.1321, 0.1321]),
    Row(
      name: "γS = 10, spot 80", example: EntropicCase(spot: 80), writer: 0.00470982, buyer: 0.00412531,
      band: [-0.0227, -0.0227, 0.0317, 0.0317]),
    Row(
      name: "γS = 10, spot 110", example: EntropicCase(spot: 110), writer: 0.152048, buyer: 0.150603,
      band: [-0.0976, -0.0976, 0.0887, 0.0887]),
    Row(
      name: "γS = 0.1, k = 1 %", example: EntropicCase(years: 1, cost: 0.01, aversion: 0.001), writer: 0.0873263,
      buyer: 0.0856906, band: nil),
    Row(
      name: "γS = 1, cash", example: EntropicCase(years: 1, cost: 0.005, aversion: 0.01, settlement: .cash),
      writer: 0.588131, buyer: 0.558004, band: [-0.3717, -0.3717, 0.2598, 0.2598]),
    Row(
      name: "S = K = 15, γ = 1, k = 1 %, delivery", example: case15(.physical, rate: 0), writer: 0.241155,
      buyer: 0.233223, band: [-0.1135, -0.1135, 0.1262, 0.1262]),
    Row(
      name: "the same at r = 0.1", example: case15(.physical, rate: 0.1), writer: 0.268403, buyer: 0.263107,
      band: [-0.1158, -0.1158, 0.0989, 0.0989]),
    Row(
      name: "S = K = 15, γ = 1, k = 1 %, cash", example: case15(.cash, rate: 0), writer: 0.307427, buyer: 0.284729,
      band: [-0.0962, -0.0962, 0.1459, 0.1459]),
    Row(
      name: "the same in cash at r = 0.1", example: case15(.cash, rate: 0.1), writer: 0.365486, buyer: 0.348955,
      band: [-0.0963, -0.0963, 0.1192, 0.1192]),
    Row(
      name: "γS = 600", example: EntropicCase(aversion: 6), writer: 0.447033, buyer: 0.431443,
      band: [-0.0274, -0.0274, 0.0319, 0.0319]),
    Row(
      name: "S = 60 000",
      example: EntropicCase(
        spot: 60_000, strike: 60_000, volatilities: [0.6], years: 30.0 / 365, cost: 0.0005, aversion: 1e-4),
      writer: 60.9450, buyer: 60.6690, band: [-0.0863, -0.0863, 0.0871, 0.0871]),
    Row(
      name: "fixed cost", example: EntropicCase(fixed: 0.02), writer: 0.234949, buyer: 0.227893,
      band: [-0.2770, -0.0506, 0.0542, 0.2708]),
    Row(
      name: "S = K = 1, σ = 80 %",
      example: EntropicCase(
        spot: 1, strike: 1, volatilities: [0.8], years: 30.0 / 365, cost: 0.0005, aversion: 10),
      writer: 0.00135290, buyer: 0.00134676, band: [-0.0592, -0.0592, 0.0604, 0.0604]),
  ]

  /// Prices to four digits (a tenth more where the price is a tenth of a per cent of the spot) and edges within 0.002 on a
  /// grid of 480 × 240 × 960, before any extrapolation.
  @Test(arguments: rows) func lossesAndBands(_ row: Row) throws {
    let growth = exp(row.example.rate * row.example.years)
    let solution = try row.example.solution(spots: 480)
    let price = try ReservationPrices(solution, threads: 2).price(regime: 0)
    let (loss, buyer) = (
      growth * solution.value(regime: 0, inventory: 0), growth * (price.frictionless - price.buyer)
    )
    // Half a unit of the fourth digit of the price, which is the frictionless one and the loss.
    let tolerance = growth * max(0.5e-4 * price.writer, 1e-7 * row.example.spot)
    #expect(abs(loss - row.writer) < tolerance, "\(loss), expected \(row.writer) ± \(tolerance)")
    #expect(abs(buyer - row.buyer) < tolerance, "\(buyer), expected \(row.buyer) ± \(tolerance)")
    if let expected = row.band {
      let band = solution.band(regime: 0)
      let found = [band.lower, band.targetLower, band.targetUpper, band.upper]
      for (a, b) in zip(found, expected) { #expect(abs(a - b) < 0.002, "\(found), expected \(expected)") }
    }
  }

  /// With a drift the loss without the claim counts, and the band surrounds the Merton position.
  @Test func drift() throws {
    let example = EntropicCase(drift: 0.1)
    let solution = try example.solution(spots: 480)
    let price = try ReservationPrices(solution, threads: 2).price(regime: 0)
    #expect(abs(price.writer - 4.128145) < 4e-4 && abs(price.buyer - 3.886325) < 4e-4, "\(price)")
    let band = solution.band(regime: 0)
    #expect(abs(band.lower - 0.1244) < 0.002 && abs(band.upper - 0.3766) < 0.002, "\(band)")
  }
}
