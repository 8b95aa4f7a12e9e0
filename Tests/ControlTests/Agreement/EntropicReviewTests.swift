import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Exponential utility under periodic review and with costs beyond `K + k|u|`, against an independent program: the exact
/// recursion `Λ(t, x, y) = ln E e^{γ(…)}/γ` between reviews (numpy; lognormal transitions by trapezoidal sums of step σ√δ/2, the
/// last one by Gauss–Legendre on both sides of the strike, sums in logarithms), at a review every trade tried at every
/// inventory, two inventory spacings, 0.005 and 0.0025, extrapolated.
///
/// Written call, S = K = 100, σ = 0.2, a quarter of a year, γ = 0.1, 20 reviews, no settlement, k = 10 bp unless said.
@Suite struct EntropicReviewTests {
  struct Row: Sendable, CustomStringConvertible {
    let name: String
    var cost = linear
    var failure = 0.0
    var lot = 0.0
    var maximumTrade: Double?
    var aversion = 0.1
    var quantity = -1.0
    /// Λ from no inventory.
    let value: Double
    /// Edges in net delta at the valuation; nil where the other program does not resolve them.
    var edges: (lower: Double, upper: Double)?
    var description: String { name }

    func problem() throws -> OptionBookProblem {
      var example = EntropicCase(quantity: quantity, aversion: aversion)
      example.charge = cost
      let period = example.years * DayCount.calendar365.secondsPerYear / 20
      example.execution = Execution(checkEvery: period, lot: lot, maximumTrade: maximumTrade, failure: failure)
      return try example.problem()
    }
  }

  static let linear = TradeCost.proportional(0.001)
  static let ticket = TradeCost.fixed(0.02)
  static let impact = TradeCost(quadraticImpact: 0.01)

  static let rows = [
    Row(name: "k", value: 0.162364, edges: (-0.0787, 0.0831)),
    Row(name: "K and k", cost: ticket + linear, value: 0.244385, edges: (-0.2190, 0.2196)),
    Row(name: "impact", cost: linear + impact, value: 0.252773, edges: nil),
    Row(name: "K, k, impact", cost: ticket + linear + impact, value: 0.369802, edges: (-0.2095, 0.2113)),
  ]

  /// Values extrapolated as in a certificate to four digits, edges within 0.002 of delta.
  @Test(arguments: rows) func agrees(_ row: Row) throws {
    let problem = try row.problem()
    let solution = try FiniteHorizon().solve(problem)
    let half = try FiniteHorizon(settings: GridSettings().refined(by: 0.5, of: solution.grid)).solve(problem)
    let value = solution.value(regime: 0, inventory: 0)
    let limit = value + (value - half.value(regime: 0, inventory: 0)) / 3
    let band = solution.band(regime: 0)
    #expect(relativeDifference(limit, row.value) < 1e-4, "\(row): \(limit) for \(row.value), \(value), \(band)")
    guard let edges = row.edges else { return }
    #expect(abs(band.lower - edges.lower) < 0.002, "\(row): \(band.lower) for \(edges.lower)")
    #expect(abs(band.upper - edges.upper) < 0.002, "\(row): \(band.upper) for \(edges.upper)")
  }
}
