import Formulation

/// Tracking problems for the stationary tests, written in one line.
enum StationaryExamples {
  static func problem(
    running: [Double], volatility: [Double], drift: [Double]? = nil, switching: [[Double]] = [[0]],
    costs: [TradeCost], discount: Double? = nil
  ) throws -> TrackingProblem {
    try TrackingProblem(
      name: "example", criterion: discount.map { .discounted(rate: $0) } ?? .longRunAverage,
      regimes: running.indices.map {
        TrackingRegime(
          name: "regime \($0)", drift: drift?[$0] ?? 0, volatility: volatility[$0], runningCost: running[$0])
      },
      generator: try Generator(switching), costs: costs)
  }

  /// Different in everything: drift, volatility, costs of buying and of selling.
  static func general(switching q: Double = 1, discount: Double? = nil) throws -> TrackingProblem {
    try problem(
      running: [2, 5], volatility: [0.7, 1.5], drift: [0.3, -0.2], switching: [[-q, q], [2 * q, -2 * q]],
      costs: [both(0.05, 0.02), TradeCost(fixed: 0.1, proportionalBuy: 0.01, proportionalSell: 0.03)],
      discount: discount)
  }

  static func both(_ fixed: Double, _ proportional: Double) -> TradeCost {
    TradeCost(fixed: fixed, proportionalBuy: proportional, proportionalSell: proportional)
  }

  /// The three cost structures: proportional, fixed, both.
  static let structures = [TradeCost.proportional(0.2), .fixed(0.1), both(0.1, 0.05)]
}

extension Band {
  var numbers: [Double] { [lower, targetLower, targetUpper, upper] }

  /// The largest difference of the four numbers, relative to the other's width.
  func distance(to other: Band) -> Double {
    zip(numbers, other.numbers).map { abs($0 - $1) }.max()! / other.width
  }
}

func relative(_ value: Double, _ expected: Double) -> Double { abs(value - expected) / abs(expected) }
