import Testing

@testable import Formulation

/// Tables that other people printed.
@Suite struct BlackFormulaTests {
  struct Row: Sendable, CustomStringConvertible {
    let source: String
    let formula: BlackFormula
    let spot: Double
    let time: Double
    let volatility: Double
    let value: Double
    let tolerance: Double
    var description: String { "\(source): expected \(value)" }
  }

  /// The tolerance is half a unit of the last digit that the source prints.
  static let rows: [Row] = [
    // Hull, Options, Futures and Other Derivatives, 8th ed., example 14.6: call 4.76, put 0.81.
    Row(
      source: "Hull 14.6 call", formula: BlackFormula(kind: .call, strike: 40, rate: 0.1, carry: 0.1), spot: 42,
      time: 0.5, volatility: 0.2, value: 4.76, tolerance: 0.005),
    Row(
      source: "Hull 14.6 put", formula: BlackFormula(kind: .put, strike: 40, rate: 0.1, carry: 0.1), spot: 42,
      time: 0.5, volatility: 0.2, value: 0.81, tolerance: 0.005),
    // Haug, The Complete Guide to Option Pricing Formulas, 2nd ed., p. 5: call 2.1334 on S = 60, X = 65, T = 0.25,
    // r = 8 %, σ = 30 %.
    Row(
      source: "Haug p. 5", formula: BlackFormula(kind: .call, strike: 65, rate: 0.08, carry: 0.08), spot: 60,
      time: 0.25, volatility: 0.3, value: 2.1334, tolerance: 0.00005),
    // Haug p. 7: Black-76 on a future, F = X = 19, T = 0.75, r = 10 %, σ = 28 %: 1.7011 for call and put.
    Row(
      source: "Haug p. 7 call", formula: BlackFormula(kind: .call, strike: 19, rate: 0.1, carry: 0), spot: 19,
      time: 0.75, volatility: 0.28, value: 1.7011, tolerance: 0.00005),
    Row(
      source: "Haug p. 7 put", formula: BlackFormula(kind: .put, strike: 19, rate: 0.1, carry: 0), spot: 19,
      time: 0.75, volatility: 0.28, value: 1.7011, tolerance: 0.00005),
  ]

  @Test(arguments: rows) func agreesWithTheTable(_ row: Row) {
    let value = row.formula.greeks(spot: row.spot, remaining: row.time, volatility: row.volatility).value
    #expect(abs(value - row.value) <= row.tolerance, "\(row), got \(value)")
  }

  /// Greeks against central differences of the value: h² error, so 1e-6 relative at h = 1e-4 S.
  @Test(arguments: [OptionKind.call, .put]) func greeksAreDerivatives(_ kind: OptionKind) {
    for (spot, time, volatility) in [(80.0, 0.1, 0.5), (100, 0.5, 0.2), (140, 2, 1.1), (99, 0.01, 3)] {
      let formula = BlackFormula(kind: kind, strike: 100, rate: 0.03, carry: 0.01)
      func value(_ spot: Double, _ volatility: Double) -> Double {
        formula.greeks(spot: spot, remaining: time, volatility: volatility).value
      }
      let greeks = formula.greeks(spot: spot, remaining: time, volatility: volatility)
      let h = 1e-4 * spot
      let delta = (value(spot + h, volatility) - value(spot - h, volatility)) / (2 * h)
      let gamma = (value(spot + h, volatility) - 2 * value(spot, volatility) + value(spot - h, volatility)) / (h * h)
      let vega = (value(spot, volatility + 1e-5) - value(spot, volatility - 1e-5)) / 2e-5
      #expect(abs(greeks.delta - delta) < 1e-6, "\(spot) \(time) \(volatility)")
      #expect(abs(greeks.gamma - gamma) < 1e-5 * max(1, abs(gamma)), "\(spot) \(time) \(volatility)")
      #expect(abs(greeks.vega - vega) < 1e-5 * max(1, abs(vega)), "\(spot) \(time) \(volatility)")
    }
  }

  @Test func callLessPutIsTheForward() {
    for spot in [1.0, 50, 100, 1000] {
      let call = BlackFormula(kind: .call, strike: 100, rate: 0.05, carry: 0.02)
      let put = BlackFormula(kind: .put, strike: 100, rate: 0.05, carry: 0.02)
      let difference =
        call.greeks(spot: spot, remaining: 0.7, volatility: 0.4).value
        - put.greeks(spot: spot, remaining: 0.7, volatility: 0.4).value
      // e^{−rτ}(S e^{bτ} − K)
      let forward = 0.965_605_416_257_665_5 * (spot * 1.014_098_458_939_066_2 - 100)
      #expect(abs(difference - forward) < 1e-12 * max(100, spot))
    }
  }
}
