import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Laws of reservation prices under exponential utility.
@Suite struct EntropicLawTests {
  /// (S, K, γ) → (cS, cK, γ/c) multiplies every price by c.
  @Test(arguments: [0.01, 1024.0, 600.0]) func pricesScale(_ factor: Double) throws {
    let base = EntropicCase()
    var scaled = base
    (scaled.spot, scaled.strike, scaled.aversion) = (100 * factor, 100 * factor, 0.1 / factor)
    let (a, b) = (try base.price(), try scaled.price())
    #expect(relativeDifference(b.writer, factor * a.writer) < 1e-9, "\(a) \(b)")
    #expect(relativeDifference(b.buyer, factor * a.buyer) < 1e-9, "\(a) \(b)")
  }

  /// n options at γ are n times one option at nγ.
  @Test func quantitiesScale() throws {
    var many = EntropicCase()
    (many.quantity, many.aversion) = (-8, 0.0125)
    let (a, b) = (try EntropicCase().price(), try many.price())
    #expect(relativeDifference(b.writer, 8 * a.writer) < 1e-9, "\(a) \(b)")
    #expect(relativeDifference(b.buyer, 8 * a.buyer) < 1e-9, "\(a) \(b)")
  }

  /// A written put from inventory y is a written call from y + 1, without settlement and with delivery.
  @Test(arguments: [Settlement.none, .physical]) func putIsCallShifted(_ settlement: Settlement) throws {
    var (put, call) = (EntropicCase(settlement: settlement), EntropicCase(settlement: settlement))
    (put.kind, put.inventory, call.inventory) = (.put, -0.3, 0.7)
    let (a, b) = (try put.loss(), try call.loss())
    // Both solved, on grids of inventory whose nodes do not coincide.
    #expect(relativeDifference(a, b) < 1e-3, "\(a) \(b)")
  }

  /// From the inventory that hedges a deep put the call side is far: the buyer's price there is that of the long put solved by
  /// itself, at γS = 5000 with a ticket.
  @Test func farInventoriesHaveLines() throws {
    var put = EntropicCase(fixed: 0.02, aversion: 50)
    (put.kind, put.inventory) = (.put, -1)
    var (long, none) = (put, put)
    (long.quantity, none.quantity) = (1, 0)
    let method = FiniteHorizon(settings: GridSettings(spots: 400, holdings: 216, steps: 1200))
    let price = try ReservationPrices(try method.solve(put.problem()), threads: 2).price(regime: 0)
    let finer = FiniteHorizon(settings: GridSettings(spots: 400, holdings: 432, steps: 1200))
    let losses = try [long, none].map { try finer.solve($0.problem()).value(regime: 0, inventory: -1) }
    let buyer = price.frictionless - losses[0] + losses[1]
    #expect(relativeDifference(price.buyer, buyer) < 0.01, "\(price) \(buyer)")
  }

  /// A bought call at σ = 300 %, five deviations above which X is a hundred times the strike: were one unit no line of the grid, the
  /// book could not be hedged there, and twice the spots would change the loss from 1.06 to −7 671.
  @Test(arguments: [500, 1000]) func farUpTheHedgeIsALine(_ spots: Int) throws {
    var call = EntropicCase(fixed: 0.02)
    (call.quantity, call.volatilities, call.years) = (1, [3], 30.0 / 365)
    let losses = try [128, 256].map { holdings in
      let settings = GridSettings(spots: spots, holdings: holdings, steps: 1000)
      let solution = try FiniteHorizon(settings: settings, threads: 2).solve(call.problem())
      let nodes = solution.grid.holdings
      #expect(nodes.contains { abs($0 + 1) < 1e-12 }, "\(nodes[0])...")
      return solution.value(regime: 0, inventory: 0)
    }
    #expect(relativeDifference(losses[0], losses[1]) < 0.005, "\(losses)")
  }

  /// Two calls against three puts: both amounts are lines.
  @Test func eitherEndIsALine() throws {
    let legs: [(OptionKind, Double)] = [(.call, -2), (.put, -3)]
    let plain = try EntropicCase(volatilities: [0.5]).problem()
    let far = plain.valuation.adding(seconds: 1e9)
    let book = legs.map { kind, quantity in
      Leg(
        name: kind.rawValue, instrument: .option(kind: kind, strike: 100, expiry: far), quantity: quantity,
        impliedVolatilities: [0.5], carry: 0, expiry: plain.horizon)
    }
    let problem = plain.replacing(book: Book(legs: book, rate: 0))
    let nodes = try FiniteHorizonGrid(problem: problem, settings: GridSettings(holdings: 200)).holdings
    for amount in [2.0, -3] { #expect(nodes.contains { abs($0 - amount) < 1e-9 }, "\(amount)") }
  }

  @Test func pricesEncloseTheFrictionlessAndWidenWithCosts() throws {
    var (lastWriter, lastBuyer) = (0.0, Double.infinity)
    for cost in [0.0005, 0.002, 0.01] {
      let price = try EntropicCase(cost: cost).price()
      #expect(price.buyer < price.frictionless && price.frictionless < price.writer, "\(price)")
      #expect(price.writer > lastWriter && price.buyer < lastBuyer, "\(price)")
      (lastWriter, lastBuyer) = (price.writer, price.buyer)
    }
  }

  /// Without costs there is no loss and the band is the hedge itself.
  @Test func freeTrading() throws {
    let solution = try EntropicCase(cost: 0).solution()
    #expect(abs(solution.value(regime: 0, inventory: 0)) < 1e-4, "\(solution.value(regime: 0, inventory: 0))")
    let band = solution.band(regime: 0)
    #expect(band.width < 1e-3 && abs(band.lower) < 1e-3, "\(band)")
  }

  /// Without risk aversion's second order: the loss is that of quadratic risk with a = γ.
  @Test(arguments: [0.0, 0.001]) func smallAversionIsQuadratic(_ fixed: Double) throws {
    let aversion = 1e-5
    var entropic = EntropicCase(cost: 1e-5, fixed: fixed, aversion: aversion)
    let a = try entropic.loss()
    entropic.preference = .quadratic(riskAversion: aversion)
    let b = try entropic.loss()
    #expect(relativeDifference(a, b) < 0.002, "\(a) \(b)")
  }

  /// Regimes that are alike are one regime, however fast they switch.
  @Test(arguments: [0.0, 1, 1e4]) func equalRegimesAreOne(_ rate: Double) throws {
    let one = try EntropicCase().loss()
    let two = EntropicCase(volatilities: [0.2, 0.2], switching: [[-rate, rate], [2 * rate, -2 * rate]])
    let other = try two.loss(regime: 1)
    #expect(relativeDifference(other, one) < 1e-6, "\(other) \(one)")
  }

  /// Regimes that switch within hours average their variances: the loss is nearly that of the mean variance.
  @Test func fastSwitchingAverages() throws {
    let fast = EntropicCase(volatilities: [0.1, 0.3], switching: [[-1e4, 1e4], [1e4, -1e4]])
    let mean = EntropicCase(volatilities: [(0.5 * (0.01 + 0.09)).squareRoot()])
    let (a, b) = (try fast.price(), try mean.price())
    #expect(relativeDifference(a.writer, b.writer) < 1e-3, "\(a) \(b)")
    #expect(relativeDifference(a.frictionless, b.frictionless) < 1e-3, "\(a) \(b)")
  }

  /// γ·payoff of 1000, whose exponential is no number: only differences enter exponentials. One trade buys the hedge of an
  /// option this deep in the money, and nothing else ever happens.
  @Test func payoffBeyondExponentials() throws {
    let price = try EntropicCase(strike: 50, aversion: 20).price(spots: 480)
    #expect(abs(price.frictionless - 50) < 1e-9, "\(price)")
    #expect(abs(price.writer - 50.1) < 5e-3 && abs(price.buyer - 49.9) < 5e-3, "\(price)")
  }

  /// Prices in two regimes that differ by many times 1/γ.
  @Test func regimesThatDiffer() throws {
    let example = EntropicCase(volatilities: [0.1, 0.5], switching: [[-4, 4], [4, -4]], aversion: 1)
    let price = try example.price(spots: 320)
    let (calm, wild) = (EntropicCase(volatilities: [0.1]), EntropicCase(volatilities: [0.5]))
    let bounds = (try calm.price().frictionless, try wild.price().frictionless)
    #expect(bounds.0 < price.frictionless && price.frictionless < bounds.1, "\(price) \(bounds)")
    #expect(price.buyer < price.frictionless && price.frictionless < price.writer, "\(price)")
    // A writer this averse to risk asks for more than the mean of the prices under both.
    #expect(price.writer > 0.5 * (bounds.0 + bounds.1), "\(price) \(bounds)")
  }
}
