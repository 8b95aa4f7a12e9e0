import Foundation

/// A small option book whose lines are counted by the tests of refusals.
enum ModelText {
  static let lines = [
    "{",
    "  schema: 'deadband.model/1', name: 'small', kind: 'optionBook',",
    "  valuation: '2021-10-21T08:00:00Z', dayCount: '365',",
    "  market: {",
    "    underlying: 'BTC', quote: 'USD', spot: 63000, rate: 0.0,",
    "    regimes: [",
    "      { name: 'calm', volatility: 0.55, impliedVolatility: 0.70 },",
    "      { name: 'stressed', volatility: 1.20, impliedVolatility: 1.05 },",
    "    ],",
    "    switching: { perYear: [[-6, 6], [24, -24]] },",
    "  },",
    "  book: [",
    "    { instrument: 'BTC-29OCT21-70000-C', quantity: -50 },",
    "    { option: { type: 'put', strike: 56000, expiry: '2021-10-29T08:00:00Z' }, quantity: -50, impliedVolatility: [0.8, 1.1] },",
    "  ],",
    "  costs: [{ proportional: { basisPoints: 5 } }, { fixed: { amount: [1, 2] } }],",
    "  execution: { checkEvery: '60s', delay: '0s', failure: 0, lot: 0.001, maximumTrade: null },",
    "  preference: { quadratic: { riskAversion: 1e-5 } },",
    "  settlement: 'cash',",
    "}",
  ]

  static var text: String { lines.joined(separator: "\n") }

  /// The text with one part replaced; the part must be there.
  static func replacing(_ part: String, with other: String) -> [UInt8] {
    precondition(text.contains(part), part)
    return Array(text.replacingOccurrences(of: part, with: other).utf8)
  }

  /// The folder of the models that are shipped.
  static var shippedFolder: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Models").path
  }
}
