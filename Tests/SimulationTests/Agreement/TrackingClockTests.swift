import Formulation
import Glibc
import Testing

@testable import Simulation

/// Clocks in roll-outs of a deviation: blind intervals against their closed form, bands with clocks against costs that an independent
/// program found by collocation and matrix exponentials (to 1e-9, confirmed by image series and finite differences).
struct TrackingClockTests {
  private static let settings = TrackingSettings(
    step: 1.0 / 512, burnIn: 10, batchLength: 60, batchCount: 8, replicaCount: 64, seed: 7)

  private static let one = TrackingProblem.one(fixed: 1, proportional: 0.5)

  private static func expect(_ problem: TrackingProblem, _ policy: TrackingPolicy, _ cost: Double, _ trades: [Double])
    throws
  {
    let result = try TrackingRollOut(problem: problem, settings: settings).run(policy).result
    let found = result.extrapolatedCost
    // What is left of looking every δ is of the order of δ itself.
    let slack = 2 * settings.step
    #expect(abs(found.mean - cost) < 4 * found.standardError + slack * cost, "\(found) for \(cost)")
    let rate = trades.reduce(0, +)
    // The overshoot of a band that is watched every δ, 0.58 η√δ at each edge, makes trades rarer.
    let rarer = policy.bands[0].width > 0 ? 4 * 0.5826 * settings.step.squareRoot() : 0
    #expect(
      abs(result.tradeRate.mean - rate) < 4 * result.tradeRate.standardError + (slack + rarer) * rate,
      "\(result.tradeRate) for \(rate)")
  }

  @Test func interval() throws {
    let h = 1.3
    try Self.expect(
      Self.one, .interval(targets: [0], times: [h]), 1 / h + 0.5 * (2 / (Double.pi * h)).squareRoot() + 0.5 * h,
      [1 / h])
  }

  @Test func forced() throws {
    let band = Band(lower: -1.7, upper: 1.7, targetLower: 0, targetUpper: 0)
    try Self.expect(
      Self.one, TrackingPolicy(bands: [band], gaps: [2], effect: .forces), 1.3909993715386186, [0.6172712792873153])
  }

  @Test func waiting() throws {
    let band = Band(lower: -1.5, upper: 1.5, targetLower: -0.3, targetUpper: 0.3)
    try Self.expect(Self.one, TrackingPolicy(bands: [band], gaps: [0.4]), 1.131232968868538, [0.4575389049116929])
  }

  /// The regime at the trade sets the clock.
  @Test func regimes() throws {
    let problem = try TrackingProblem(
      name: "two", criterion: .longRunAverage,
      regimes: [
        TrackingRegime(name: "a", volatility: 1, runningCost: 1),
        TrackingRegime(name: "b", volatility: 2, runningCost: 2),
      ], generator: Generator([[-0.5, 0.5], [1, -1]]),
      costs: [(1.0, 0.2), (0.5, 0.3)].map { TradeCost(fixed: $0, proportionalBuy: $1, proportionalSell: $1) })
    try Self.expect(
      problem, .interval(targets: [0, 0.1], times: [1.4, 0.8]), 2.609956396085972,
      [0.5256765613282225, 0.33006601768299804])
    let recentring = [
      Band(lower: -1.5, upper: 1.5, targetLower: 0, targetUpper: 0),
      Band(lower: -2, upper: 2.2, targetLower: 0.1, targetUpper: 0.1),
    ]
    try Self.expect(
      problem, TrackingPolicy(bands: recentring, gaps: [1.5, 0.6], effect: .forces), 1.8545543935900575,
      [0.6248998147920845, 0.5083023252967765])
    let inner = [
      Band(lower: -1.4, upper: 1.4, targetLower: -0.4, targetUpper: 0.4),
      Band(lower: -1.9, upper: 2, targetLower: -0.6, targetUpper: 0.7),
    ]
    try Self.expect(
      problem, TrackingPolicy(bands: inner, gaps: [0.5, 0.2]), 1.55029408274318,
      [0.40183714851429125, 0.3439034104930457])
  }

  /// A clock that never rings, and one that has always rung, are none.
  @Test func idle() throws {
    let band = Band(lower: -1.5, upper: 1.5, targetLower: -0.3, targetUpper: 0.3)
    var few = Self.settings
    (few.batchCount, few.replicaCount) = (2, 8)
    let rollOut = try TrackingRollOut(problem: Self.one, settings: few)
    let plain = try rollOut.run(bands: [band])
    #expect(try rollOut.run(TrackingPolicy(bands: [band], gaps: [1e9], effect: .forces)).result == plain)
    #expect(try rollOut.run(TrackingPolicy(bands: [band], gaps: [1e-9])).result == plain)
  }

  /// On the same paths the difference is known better than either cost.
  @Test func excess() throws {
    let rollOut = try TrackingRollOut(problem: Self.one, settings: Self.settings)
    let band = Band(lower: -1.5, upper: 1.5, targetLower: -0.3, targetUpper: 0.3)
    let plain = try rollOut.run(TrackingPolicy(bands: [band]))
    let waiting = try rollOut.run(TrackingPolicy(bands: [band], gaps: [0.4]))
    let excess = waiting.excess(over: plain)
    let costs = (waiting.result.extrapolatedCost, plain.result.extrapolatedCost)
    #expect(abs(excess.mean - (costs.0.mean - costs.1.mean)) < 1e-12)
    #expect(excess.standardError < 0.8 * hypot(costs.0.standardError, costs.1.standardError))
  }

  @Test func refusals() throws {
    let rollOut = try TrackingRollOut(problem: Self.one, settings: Self.settings)
    let band = Band(lower: -1, upper: 1, targetLower: 0, targetUpper: 0)
    #expect(throws: SimulationError.regimeCount(found: 2, expected: 1)) {
      try rollOut.run(TrackingPolicy(bands: [band], gaps: [1, 1]))
    }
    #expect(throws: SimulationError.self) { try rollOut.run(TrackingPolicy(bands: [band], gaps: [0])) }
  }
}

extension TrackingProblem {
  /// One regime with λ = η = 1.
  fileprivate static func one(fixed: Double, proportional: Double) -> TrackingProblem {
    try! TrackingProblem(
      name: "one", criterion: .longRunAverage, regimes: [TrackingRegime(name: "a", volatility: 1, runningCost: 1)],
      generator: .frozen(count: 1),
      costs: [TradeCost(fixed: fixed, proportionalBuy: proportional, proportionalSell: proportional)])
  }
}
