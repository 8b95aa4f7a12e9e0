import Formulation
import Testing

/// The ends of every range of `Magnitude` belong to it, and what is past them is refused with the field's name.
@Suite struct MagnitudeTests {
  private static func field(
    spot: Double = 100, volatility: Double = 0.5, drift: Double = 0, quantity: Double = 1, strike: Double = 100,
    forward: Double? = nil, fixed: Double = 0, inventory: Double = 0, riskAversion: Double = 1, days: Double = 30
  ) throws -> String? {
    let valuation = try #require(Instant(year: 2026, month: 1, day: 1))
    do throws(FormulationError) {
      let chain = try EnvironmentChain(
        regimes: [Regime(name: "only", volatility: volatility, drift: drift)], generator: .frozen(count: 1))
      let position = Position(
        name: "call",
        instrument: .option(kind: .call, strike: strike, expiry: valuation.adding(seconds: days * 86_400)),
        quantity: quantity, impliedVolatilities: [0.5], forward: forward)
      _ = try OptionBookProblem(
        name: "m", valuation: valuation,
        market: Market(underlying: "X", quote: "USD", spot: spot, rate: 0, environment: chain), positions: [position],
        costs: [.fixed(fixed)], preference: .quadratic(riskAversion: riskAversion), inventory: inventory)
      return nil
    } catch { return error.field }
  }

  private static let above = 1 + 4 * Double.ulpOfOne

  @Test func priceAndAmount() throws {
    for end in [Magnitude.price.lowerBound, Magnitude.price.upperBound] {
      let past = end > 1 ? end * Self.above : end / Self.above
      #expect(try Self.field(spot: end) == nil && Self.field(spot: past) == "market.spot")
      #expect(try Self.field(strike: end) == nil && Self.field(strike: past) == "book[0].option.strike")
    }
    for end in [Magnitude.amount, -Magnitude.amount] {
      #expect(try Self.field(quantity: end) == nil && Self.field(quantity: end * Self.above) == "book[0].quantity")
      #expect(try Self.field(inventory: end) == nil && Self.field(inventory: end * Self.above) == "inventory")
    }
    #expect(try Self.field(fixed: 1e18) == nil && Self.field(fixed: 1e18 * Self.above) == "costs")
    #expect(try Self.field(forward: 1e5) == nil && Self.field(forward: 1e5 * Self.above) == "book[0].forward")
    #expect(try Self.field(forward: 0.099) == "book[0].forward" && Self.field(forward: 0.101) == nil)
    for end in [Magnitude.riskAversion.lowerBound, Magnitude.riskAversion.upperBound] {
      let past = end > 1 ? end * Self.above : end / Self.above
      #expect(
        try Self.field(riskAversion: end) == nil
          && Self.field(riskAversion: past) == "preference.quadratic.riskAversion")
    }
  }

  @Test func distanceInTime() throws {
    #expect(try Self.field(days: 36_500) == nil && Self.field(days: 36_501) == "horizon")
    // 16 years make √T = 4.
    #expect(try Self.field(volatility: 2, days: 16 * 365) == nil)
    #expect(try Self.field(volatility: 2.001, days: 16 * 365) == "horizon")
    #expect(try Self.field(drift: -10, days: 5 * 365) == nil && Self.field(drift: -10, days: 5 * 366) == "horizon")
  }

  @Test func deviations() throws {
    func field(volatility: Double = 1, running: Double = 1, cost: TradeCost = .fixed(1)) throws -> String? {
      do throws(FormulationError) {
        _ = try TrackingProblem(
          name: "t", criterion: .longRunAverage,
          regimes: [TrackingRegime(name: "only", drift: 0, volatility: volatility, runningCost: running)],
          generator: .frozen(count: 1), costs: [cost])
        return nil
      } catch { return error.field }
    }
    for end in [Magnitude.deviation.lowerBound, Magnitude.deviation.upperBound] {
      let past = end > 1 ? end * Self.above : end / Self.above
      #expect(try field(volatility: end) == nil && field(volatility: past) == "tracking.regimes[0].volatility")
      #expect(try field(running: end) == nil && field(running: past) == "tracking.regimes[0].runningCost.quadratic")
    }
    #expect(try field(cost: .fixed(1e12)) == nil && field(cost: .fixed(1e12 * Self.above)) == "costs")
    let dear = TradeCost(proportionalBuy: 2e12, proportionalSell: 1)
    #expect(try field(cost: dear) == "costs")
  }

  @Test func switchingRates() throws {
    #expect(try Generator([[-Magnitude.switchingRate, Magnitude.switchingRate], [1, -1]]).count == 2)
    #expect(
      throws: FormulationError.outOfRange(
        field: "switching.perYear[0][1]", value: 1e8, allowed: "0 to 31 536 000 per year, once a second")
    ) { try Generator([[-1e8, 1e8], [1, -1]]) }
  }
}
