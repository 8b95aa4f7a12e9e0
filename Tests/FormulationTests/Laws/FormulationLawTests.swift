import Testing

@testable import Formulation

@Suite struct TradeCostTests {
  /// Charges add, and the zero trade is free.
  @Test func chargesAdd() {
    let gas = TradeCost.gas(units: 180_000, gwei: 25, etherPrice: 4000)
    #expect(abs(gas.fixed - 18) < 1e-12)
    let fee = TradeCost.proportional(0.0005)
    let both = gas + fee
    for trade in [-3.0, -0.1, 0.2, 40] {
      let expected = gas.charge(price: 2500, trade: trade) + fee.charge(price: 2500, trade: trade)
      #expect(abs(both.charge(price: 2500, trade: trade) - expected) < 1e-12 * expected)
      #expect(abs(both.scaled(by: 3).charge(price: 2500, trade: trade) - 3 * expected) < 1e-11 * expected)
    }
    #expect(both.charge(price: 2500, trade: 0) == 0)
  }

  /// Impact is what a swap costs without its fee, quadratic and square-root parts as they stand; with an infinitely deep pool none.
  @Test func partsAddUp() {
    let plain = TradeCost(
      fixed: 3, proportionalBuy: 0.001, proportionalSell: 0.002, quadraticImpact: 0.01, squareRootImpact: 0.02)
    let pool = LiquidityPool(liquidity: 8000, fee: 0.003)
    for trade in [-7.0, -0.1, 0.2, 12] {
      let proportional = 100 * (trade > 0 ? 0.001 * trade : -0.002 * trade)
      let expected = plain.charge(price: 100, trade: trade) - 3 - proportional
      #expect(abs(plain.impact(price: 100, trade: trade) - expected) < 1e-12 * expected)
      // A purchase's fee is a share of what is paid in, a sale's of what is given: the rest is a swap without fee.
      let free = LiquidityPool(liquidity: 8000, fee: 0)
      let rest = trade > 0 ? free.charge(price: 100, trade: trade) : free.charge(price: 100, trade: 0.997 * trade)
      let impact = TradeCost(pools: [pool]).impact(price: 100, trade: trade)
      #expect(abs(impact - rest) < 1e-9 * rest && impact < pool.charge(price: 100, trade: trade))
    }
  }

  @Test func sidesDiffer() {
    let cost = TradeCost(proportionalBuy: 0.001, proportionalSell: 0.002)
    #expect(cost.charge(price: 100, trade: 2) == 0.2)
    #expect(cost.charge(price: 100, trade: -2) == 0.4)
  }
}

@Suite struct GeneratorTests {
  /// π Q = 0 and Σπ = 1, for a chain without symmetry.
  @Test func stationaryLawIsKept() throws {
    let chain = try Generator([[-2, 1.5, 0.5], [1, -3, 2], [0.2, 2, -2.2]])
    let law = try #require(chain.stationaryLaw)
    for to in 0..<3 {
      let flow = (0..<3).reduce(0.0) { $0 + law[$1] * chain.rates[$1][to] }
      #expect(abs(flow) < 1e-15)
    }
    #expect(abs(law.reduce(0, +) - 1) < 1e-15)
    #expect(Generator.frozen(count: 2).stationaryLaw == nil)
  }

  @Test func rowsMustSumToZero() {
    #expect(throws: FormulationError.rowSum(field: "switching.perYear[1]", row: 1, sum: 1)) {
      try Generator([[-6, 6], [24, -23]])
    }
    #expect(throws: FormulationError.wrongCount(field: "switching.perYear[0]", found: 3, expected: 2)) {
      try Generator([[-6, 6, 0], [24, -24]])
    }
  }
}

@Suite struct InstantTests {
  @Test(arguments: [
    ("1970-01-01", 0.0), ("2000-02-29T12:00:00Z", 951_825_600), ("2021-10-20T21:24:34Z", 1_634_765_074),
    ("2026-01-01T08:00Z", 1_767_254_400), ("1969-12-31T23:59:59Z", -1),
  ]) func readsAndWrites(_ text: String, _ seconds: Double) throws {
    let instant = try #require(Instant(text))
    #expect(instant.seconds == seconds)
    #expect(Instant(instant.text) == instant)
  }

  @Test(arguments: [
    "2021-02-29", "2021-13-01", "2021-10-20T24:00Z", "2021-10-20T12:00:00", "2021-10-20T12:00:00+02:00", "20211020", "",
  ]) func refuses(_ text: String) { #expect(Instant(text) == nil) }

  /// Every day of 400 years follows its neighbour.
  @Test func daysAreConsecutive() {
    var previous = Instant(year: 1999, month: 12, day: 31)!.seconds
    for year in 2000..<2400 {
      for month in 1...12 {
        for day in 1...31 {
          guard let instant = Instant(year: year, month: month, day: day) else { continue }
          #expect(instant.seconds - previous == 86_400)
          previous = instant.seconds
        }
      }
    }
  }

  /// Five weekdays to a week, wherever one starts.
  @Test func weekdaysAreCounted() {
    let monday = Instant("2021-10-18")!
    for hours in stride(from: 0.0, to: 168, by: 7) {
      let start = monday.adding(seconds: hours * 3600)
      let end = start.adding(seconds: 14 * 86_400)
      #expect(abs(DayCount.weekdays252.years(from: start, to: end) * 252 - 10) < 1e-9)
    }
    let friday = Instant("2021-10-22")!
    let next = Instant("2021-10-25")!
    #expect(abs(DayCount.weekdays252.years(from: friday, to: next) * 252 - 1) < 1e-12)
  }
}

@Suite struct InstrumentNameTests {
  @Test func readsExchangeNames() throws {
    let call = try #require(Instrument.named("BTC-29OCT21-70000-C"))
    #expect(call.underlying == "BTC")
    #expect(call.instrument == .option(kind: .call, strike: 70_000, expiry: Instant("2021-10-29T08:00:00Z")!))
    let put = try #require(Instrument.named("BTC-9JUN20-9875-P"))
    #expect(put.instrument == .option(kind: .put, strike: 9875, expiry: Instant("2020-06-09T08:00:00Z")!))
    #expect(Instrument.named("BTC-PERPETUAL")?.instrument == .forward)
    #expect(
      Instrument.named("XRP_USDC-30JUN23-0d45-C")?.instrument
        == .option(kind: .call, strike: 0.45, expiry: Instant("2023-06-30T08:00:00Z")!))
  }

  @Test(arguments: [
    "BTC-09JUN20-9875-P", "BTC-31FEB21-70000-C", "BTC-29OCT21-70000-X", "BTC-29OCT21--C", "BTC", "",
    "BTC-29OCT2021-1-C",
    "BTC-29OCT21-nan-C", "BTC-29OCT21-inf-C", "-29OCT21-70000-C",
  ]) func refuses(_ name: String) { #expect(Instrument.named(name) == nil) }
}
