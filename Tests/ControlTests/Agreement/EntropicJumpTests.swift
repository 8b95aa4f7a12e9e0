import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Exponential utility with a price that jumps: against the independent program of `EntropicReviewTests`, whose transitions are
/// mixtures over the number of jumps in a period, and laws.
///
/// S = K = 100, σ = 0.2, a quarter of a year, γ = 0.1, 20 reviews, K = 0.02 and k = 10 bp, Merton's jumps: four a year, mean
/// −0.03, deviation 0.06; the price held to 100 e^{±0.9}. Λ is measured against Black's value at σ, which jumps make too small.
@Suite struct EntropicJumpTests {
  static let merton = PriceJumps(intensity: 4, law: .merton(mean: -0.03, deviation: 0.06))

  struct Row: Sendable, CustomStringConvertible {
    let name: String
    let kind: OptionKind
    let quantity: Double
    let value: Double
    let edges: (lower: Double, upper: Double)
    var description: String { name }
  }

  static let rows = [
    Row(name: "short call", kind: .call, quantity: -1, value: 1.081723, edges: (-0.1949, 0.1654)),
    Row(name: "long call", kind: .call, quantity: 1, value: -0.424166, edges: (-0.1888, 0.2214)),
    Row(name: "short put", kind: .put, quantity: -1, value: 1.079487, edges: (-0.1949, 0.1654)),
  ]

  @Test(arguments: rows) func agreesUnderReview(_ row: Row) throws {
    var example = EntropicCase(kind: row.kind, quantity: row.quantity, jumps: Self.merton)
    example.charge = TradeCost.fixed(0.02) + .proportional(0.001)
    example.execution = Execution(checkEvery: example.years * DayCount.calendar365.secondsPerYear / 20)
    let problem = try example.problem()
    let solution = try FiniteHorizon(settings: GridSettings(spots: 300, holdings: 208, steps: 120)).solve(problem)
    let half = try FiniteHorizon(settings: GridSettings(spots: 150, holdings: 104, steps: 60)).solve(problem)
    let value = solution.value(regime: 0, inventory: 0)
    let limit = value + (value - half.value(regime: 0, inventory: 0)) / 3
    #expect(relativeDifference(limit, row.value) < 2e-4, "\(row): \(limit) for \(row.value)")
    let band = solution.band(regime: 0)
    #expect(abs(band.lower - row.edges.lower) < 0.002, "\(row): \(band.lower) for \(row.edges.lower)")
    #expect(abs(band.upper - row.edges.upper) < 0.002, "\(row): \(band.upper) for \(row.edges.upper)")
  }

  /// A thousand jumps a year of a third of a per cent are a diffusion.
  @Test func smallJumpsDiffuse() throws {
    let deviation = 0.1 / (1000.0).squareRoot()
    let jumping = EntropicCase(
      volatilities: [(0.03).squareRoot()],
      jumps: PriceJumps(intensity: 1000, law: .merton(mean: 0, deviation: deviation)))
    let (a, b) = (try jumping.price(spots: 120), try EntropicCase().price(spots: 120))
    #expect(relativeDifference(a.frictionless, b.frictionless) < 5e-4, "\(a) \(b)")
    #expect(relativeDifference(a.writer, b.writer) < 5e-4, "\(a) \(b)")
    #expect(relativeDifference(a.buyer, b.buyer) < 5e-4, "\(a) \(b)")
  }

  /// Merton's series (Merton 1976, eq. 19) is the expectation that pays nothing for the risk of jumps.
  @Test func frictionlessIsTheExpectation() throws {
    let example = EntropicCase(rate: 0.04, jumps: Self.merton)
    let price = try example.price(spots: 120)
    let mean = Self.merton.meanMove
    let (rate, years) = (4 * (1 + mean), example.years)
    var (expected, weight) = (0.0, exp(-rate * years))
    for count in 0..<40 {
      let variance = 0.04 + Double(count) * 0.06 * 0.06 / years
      let carry = 0.04 - 4 * mean + Double(count) * log1p(mean) / years
      let formula = BlackFormula(kind: .call, strike: 100, rate: carry, carry: carry)
      expected += weight * formula.greeks(spot: 100, remaining: years, volatility: variance.squareRoot()).value
      weight *= rate * years / Double(count + 1)
    }
    #expect(relativeDifference(price.frictionless, expected) < 1e-4, "\(price) for \(expected)")
    #expect(price.buyer < price.frictionless && price.frictionless < price.writer, "\(price)")
  }

  /// (S, K, γ) → (cS, cK, γ/c) multiplies prices by c, and n options at γ are n times one at nγ.
  @Test func scales() throws {
    let one = try EntropicCase(jumps: Self.merton).price(spots: 80)
    let large = try EntropicCase(spot: 6400, strike: 6400, aversion: 0.1 / 64, jumps: Self.merton).price(spots: 80)
    #expect(relativeDifference(large.writer, 64 * one.writer) < 1e-9, "\(one) \(large)")
    let many = try EntropicCase(quantity: -8, aversion: 0.0125, jumps: Self.merton).price(spots: 80)
    #expect(relativeDifference(many.writer, 8 * one.writer) < 1e-9, "\(one) \(many)")
    #expect(relativeDifference(many.buyer, 8 * one.buyer) < 1e-9, "\(one) \(many)")
  }

  /// To first order in γ what is above the expectation is the quadratic problem's J with a = γ.
  @Test func smallAversionIsQuadratic() throws {
    var example = EntropicCase(cost: 1e-5, fixed: 0.001, aversion: 1e-4, jumps: Self.merton)
    let price = try example.price(spots: 120)
    example.preference = .quadratic(riskAversion: 1e-4)
    let quadratic = try example.loss(spots: 120)
    #expect(relativeDifference(price.writer - price.frictionless, quadratic) < 0.01, "\(price) \(quadratic)")
    #expect(relativeDifference(price.frictionless - price.buyer, quadratic) < 0.01, "\(price) \(quadratic)")
  }

  /// A short call under upward jumps that its utility feels: no number is given. Covered by a long one it is solved.
  @Test func refusesWhatIsInfinite() throws {
    let wild = PriceJumps(intensity: 4, law: .kou(scaleUp: 0.1, scaleDown: 0.1, probabilityUp: 0.5))
    let short = try EntropicCase(aversion: 0.1, jumps: wild).problem()
    #expect(unsupportedFeature(of: short)?.contains("while the price may jump upwards") == true)
    #expect(throws: ControlError.self) { try FiniteHorizon().solve(short) }
    let long = try EntropicCase(quantity: 1, aversion: 0.1, jumps: wild).problem()
    #expect(FiniteHorizon.obstacle(to: long) == nil)
    // Downward jumps bound what can be lost.
    let falls = PriceJumps(intensity: 4, law: .kou(scaleUp: 0.1, scaleDown: 0.1, probabilityUp: 0))
    #expect(FiniteHorizon.obstacle(to: try EntropicCase(aversion: 0.1, jumps: falls).problem()) == nil)
  }
}
