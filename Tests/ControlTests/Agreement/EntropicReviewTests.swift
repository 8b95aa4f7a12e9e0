import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Exponential utility under periodic review and with costs beyond `K + k|u|`, against an independent program: the exact
/// recursion `Λ(t, x, y) = ln E e^{γ(…)}/γ` between reviews (numpy; lognormal transitions by trapezoidal sums of step σ√δ/2, the
/// last one by Gauss–Legendre on both sides of the strike, sums in logarithms), at a review every trade tried at every
/// inventory, two inventory spacings, 0.005 and 0.0025, and three in ln S, extrapolated.
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
    Row(name: "k", value: 0.162354, edges: (-0.0794, 0.0840)),
    Row(name: "K and k", cost: ticket + linear, value: 0.244466, edges: (-0.2198, 0.2202)),
    Row(name: "impact", cost: linear + impact, value: 0.252773, edges: nil),
    Row(name: "K, k, impact", cost: ticket + linear + impact, value: 0.369748, edges: (-0.2105, 0.2122)),
    Row(
      name: "square-root impact", cost: ticket + linear + TradeCost(squareRootImpact: 0.002), value: 0.346629,
      edges: (-0.2222, 0.2243)),
    Row(
      name: "one attempt in five fails", cost: ticket + linear, failure: 0.2, value: 0.281202, edges: (-0.2209, 0.2237)),
  ]

  /// Values extrapolated as in a certificate to four digits, edges within 0.002 of delta.
  @Test(arguments: rows) func agrees(_ row: Row) throws {
    let problem = try row.problem()
    let solution = try FiniteHorizon(settings: GridSettings(spots: 400, holdings: 304, steps: 400)).solve(problem)
    let half = try FiniteHorizon(settings: GridSettings(spots: 200, holdings: 152, steps: 200)).solve(problem)
    let value = solution.value(regime: 0, inventory: 0)
    let limit = value + (value - half.value(regime: 0, inventory: 0)) / 3
    let band = solution.band(regime: 0)
    #expect(relativeDifference(limit, row.value) < 1e-4, "\(row): \(limit) for \(row.value), \(value), \(band)")
    guard let edges = row.edges else { return }
    #expect(abs(band.lower - edges.lower) < 0.002, "\(row): \(band.lower) for \(edges.lower)")
    #expect(abs(band.upper - edges.upper) < 0.002, "\(row): \(band.upper) for \(edges.upper)")
  }

  /// A short call whose loss between looks γ makes felt at any price has no expectation, a long one has.
  @Test func refusesWhatIsInfinite() throws {
    var example = EntropicCase(aversion: 50)
    example.execution = Execution(checkEvery: 86_400)
    #expect(unsupportedFeature(of: try example.problem())?.contains("short while nobody looks") == true)
    example.quantity = 1
    #expect(FiniteHorizon.obstacle(to: try example.problem()) == nil)
    (example.quantity, example.aversion) = (-1, 0.1)
    #expect(FiniteHorizon.obstacle(to: try example.problem()) == nil)
    example.execution = Execution(checkEvery: 86_400, delay: 3600)
    #expect(unsupportedFeature(of: try example.problem())?.contains("a delay of execution") == true)
  }
}
