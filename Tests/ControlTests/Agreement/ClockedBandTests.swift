import Formulation
import Testing

@testable import Control

/// Bands with clocks against an independent program: costs, trades and amounts traded of fixed policies. Its figures are those of
/// a collocation in space with matrix exponentials in time, which second-order finite differences, extrapolated, and for one regime
/// quadratures of image series confirm to at least 1e-8.
struct ClockedBandTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    let problem: TrackingProblem
    let clock: ClockedBand.Clock
    let bands: [Band]
    let gaps: [Double]
    /// Per regime.
    let cost: [Double]
    var trades: [Double] = []
    var amounts: [Double] = []
    var testDescription: String { name }
  }

  private static let one = [[0.0]]
  private static let two = [[-0.5, 0.5], [1, -1]]
  private static let bandA = [
    Band(lower: -1.5, upper: 1.5, targetLower: 0, targetUpper: 0),
    Band(lower: -2, upper: 2.2, targetLower: 0.1, targetUpper: 0.1),
  ]
  private static let bandB = [
    Band(lower: -1.4, upper: 1.4, targetLower: -0.4, targetUpper: 0.4),
    Band(lower: -1.9, upper: 2, targetLower: -0.6, targetUpper: 0.7),
  ]
  private static let alone = [
    Band(lower: -1, upper: 1, targetLower: 0, targetUpper: 0),
    Band(lower: -1, upper: 1, targetLower: 0.1, targetUpper: 0.1),
  ]
  private static let wide = Band(lower: -1.7, upper: 1.7, targetLower: 0, targetUpper: 0)
  private static let inner = Band(lower: -1.5, upper: 1.5, targetLower: -0.3, targetUpper: 0.3)

  private static func single(
    _ fixed: Double, _ proportional: Double, reversion: Double = 0
  ) throws -> TrackingProblem {
    try TrackingProblem(
      name: "one", criterion: .longRunAverage,
      regimes: [TrackingRegime(name: "a", reversion: reversion, volatility: 1, runningCost: .quadratic(1))],
      generator: Generator(one),
      costs: [TradeCost(fixed: fixed, proportionalBuy: proportional, proportionalSell: proportional)])
  }

  private static func pair(
    _ criterion: TrackingCriterion = .longRunAverage, isLopsided: Bool = false
  ) throws -> TrackingProblem {
    let costs = [(1.0, 0.2), (0.5, 0.3)].map {
      TradeCost(fixed: $0, proportionalBuy: $1, proportionalSell: $1)
    }
    let plain = [
      TrackingRegime(name: "a", volatility: 1, runningCost: .quadratic(1)),
      TrackingRegime(name: "b", volatility: 2, runningCost: .quadratic(2)),
    ]
    let lopsided = [
      TrackingRegime(
        name: "a", drift: 0.3, reversion: 0.4, volatility: 1, runningCost: DeviationCost(below: 1, above: 1.5)),
      TrackingRegime(
        name: "b", drift: -0.2, reversion: 0.1, volatility: 2, runningCost: DeviationCost(below: 2, above: 1)),
    ]
    return try TrackingProblem(
      name: "two", criterion: criterion, regimes: isLopsided ? lopsided : plain, generator: Generator(two), costs: costs
    )
  }

  static func rows() throws -> [Row] {
    let (usual, free, away) = (try single(1, 0.5), try single(0, 1), try single(1, 0.5, reversion: -0.3))
    let (average, lopsided) = (try pair(), try pair(isLopsided: true))
    let discounted = try pair(.discounted(rate: 0.2))
    let narrow = Band(lower: -1.4, upper: 1.4, targetLower: 0, targetUpper: 0)
    let edges = Band(lower: -0.9, upper: 0.9, targetLower: -0.9, targetUpper: 0.9)
    return [
      Row(
        name: "forced", problem: usual, clock: .forces, bands: [wide], gaps: [2], cost: [1.3909993715386186],
        trades: [0.6172712792873153], amounts: [0.6871357700591834]),
      Row(
        name: "waiting", problem: usual, clock: .permits, bands: [inner], gaps: [0.4], cost: [1.131232968868538],
        trades: [0.4575389049116929], amounts: [0.5524559822000118]),
      Row(
        name: "blind", problem: usual, clock: .alone, bands: [wide], gaps: [1.3], cost: [1.7691262954974152],
        trades: [1 / 1.3], amounts: [0.6997910525333882]),
      Row(
        name: "forced, k alone", problem: free, clock: .forces, bands: [narrow], gaps: [1.5],
        cost: [1.1138318061526473], trades: [0.8524232726380591], amounts: [0.81707369424186]),
      Row(
        name: "waiting, to edges", problem: free, clock: .permits, bands: [edges], gaps: [0.3],
        cost: [1.0074152229571558], trades: [1.8400290343964425], amounts: [0.40219925401671286]),
      Row(
        name: "forced, two regimes", problem: average, clock: .forces, bands: bandA, gaps: [1.5, 0.6],
        cost: [1.8545543935900575, 1.8545543935900575], trades: [0.6248998147920845, 0.5083023252967765],
        amounts: [0.6026064087758657, 0.6891145022637679]),
      Row(
        name: "waiting, two regimes", problem: average, clock: .permits, bands: bandB, gaps: [0.5, 0.2],
        cost: [1.55029408274318, 1.55029408274318], trades: [0.40183714851429125, 0.3439034104930457],
        amounts: [0.419376894757273, 0.4591280372232398]),
      Row(
        name: "blind, two regimes", problem: average, clock: .alone, bands: alone, gaps: [1.4, 0.8],
        cost: [2.609956396085972, 2.609956396085972], trades: [0.5256765613282225, 0.33006601768299804],
        amounts: [0.5565480649691984, 0.4641840506210023]),
      Row(
        name: "forced, lopsided", problem: lopsided, clock: .forces, bands: bandA, gaps: [1.5, 0.6],
        cost: [1.7288204830047016, 1.7288204830047016], trades: [0.5981466005673197, 0.5053812481338067],
        amounts: [0.5258088926761374, 0.6697400212451554]),
      Row(
        name: "waiting, lopsided", problem: lopsided, clock: .permits, bands: bandB, gaps: [0.5, 0.2],
        cost: [1.3771219343581744, 1.3771219343581744], trades: [0.33396639297849484, 0.33115405540258375],
        amounts: [0.3464062861325261, 0.4406365610131695]),
      Row(
        name: "blind, lopsided", problem: lopsided, clock: .alone, bands: alone, gaps: [1.4, 0.8],
        cost: [2.250188987699825, 2.250188987699825], trades: [0.5256765613269199, 0.3300660176809891],
        amounts: [0.4693663684609464, 0.43590969280854575]),
      Row(
        name: "forced, discounted", problem: discounted, clock: .forces, bands: bandA, gaps: [1.5, 0.6],
        cost: [8.345693739044355, 9.698434791806138]),
      Row(
        name: "waiting, discounted", problem: discounted, clock: .permits, bands: bandB, gaps: [0.5, 0.2],
        cost: [7.0987814263353055, 8.076372257413453]),
      Row(
        name: "blind, discounted", problem: discounted, clock: .alone, bands: alone, gaps: [1.4, 0.8],
        cost: [11.658494643239683, 13.301166092894341]),
      Row(
        name: "forced, running away", problem: away, clock: .forces, bands: [wide], gaps: [2],
        cost: [1.5449534618921026], trades: [0.6657483251761463], amounts: [0.8354245937033219]),
      Row(
        name: "waiting, running away", problem: away, clock: .permits, bands: [inner], gaps: [0.4],
        cost: [1.3354870462104964], trades: [0.5689673686872917], amounts: [0.6896586980966907]),
      Row(
        name: "blind, running away", problem: away, clock: .alone, bands: [wide], gaps: [1.3],
        cost: [2.0577060745401097], trades: [1 / 1.3], amounts: [0.8612571683186968]),
    ]
  }

  private static func found(_ row: Row, degree: Int, nodes: Int) throws -> [ClockedBand.Regime] {
    let scaled = ScaledTracking(row.problem, members: Array(row.problem.regimes.indices))
    let units = scaled.units
    let bands = row.bands.map {
      Band(
        lower: $0.lower / units.deviation, upper: $0.upper / units.deviation,
        targetLower: $0.targetLower / units.deviation, targetUpper: $0.targetUpper / units.deviation)
    }
    let unit = scaled.discount == 0 ? units.cost / units.time : units.cost
    return try ClockedBand(
      problem: scaled, bands: bands, clock: row.clock, basis: ChebyshevBasis(degree: degree), nodes: nodes,
      mergeTolerance: StationarySettings().mergeTolerance
    ).regimes(gaps: row.gaps.map { $0 / units.time }, hasLongRun: true).map {
      var regime = $0
      regime.total *= unit
      regime.trades? /= units.time
      regime.turnover? *= units.deviation / units.time
      return regime
    }
  }

  @Test(arguments: try rows())
  func agrees(_ row: Row) throws {
    let found = try Self.found(row, degree: 20, nodes: 40)
    for (e, regime) in found.enumerated() {
      #expect(abs(regime.total - row.cost[e]) < 1e-8 * row.cost[e], "\(regime.total) for \(row.cost[e])")
      guard !row.trades.isEmpty else { continue }
      #expect(abs(regime.trades! - row.trades[e]) < 1e-8)
      #expect(abs(regime.turnover! - row.amounts[e]) < 1e-8)
    }
  }

  /// Jumps of both laws, switching and drift, blind: against the matrix exponential and characteristic function of `BlindIntervals`.
  @Test func jumps() throws {
    let laws: [DeviationJumps.Law] = [
      .normal(mean: 0.3, deviation: 0.4), .laplace(up: 0.2, down: 0.35, probabilityUp: 0.6),
    ]
    let regimes = laws.enumerated().map { e, law in
      TrackingRegime(
        name: "\(e)", drift: e == 0 ? 0.2 : -0.1, volatility: e == 0 ? 0.7 : 1.2, runningCost: .quadratic(1),
        jumps: DeviationJumps(intensity: e == 0 ? 2 : 1, law: law))
    }
    let problem = try TrackingProblem(
      name: "jumps", criterion: .longRunAverage, regimes: regimes, generator: Generator(Self.two),
      costs: [0.4, 0.2].map { TradeCost(fixed: 0.1, proportionalBuy: $0, proportionalSell: 0.5 * $0) })
    let scaled = ScaledTracking(problem, members: [0, 1])
    let (times, targets) = ([0.7, 0.4], [0.1, -0.2])
    let known = try #require(
      BlindIntervals(problem: scaled, start: [0.5, 0.5]).report(
        .init(times: times, targets: targets), left: 0, hasLongRun: true))
    let bands = targets.map { Band(lower: -1, upper: 1, targetLower: $0, targetUpper: $0) }
    let found = try ClockedBand(
      problem: scaled, bands: bands, clock: .alone, basis: ChebyshevBasis(degree: 20), nodes: 40,
      mergeTolerance: StationarySettings().mergeTolerance
    ).regimes(gaps: times, hasLongRun: true)
    for e in 0..<2 {
      #expect(abs(found[e].total - known.costs.total[e]) < 1e-7 * known.costs.total[e])
      #expect(abs(found[e].running - known.costs.running[e]) < 1e-7 * known.costs.running[e])
      #expect(abs(found[e].trades! - known.trades![e]) < 1e-7)
      #expect(abs(found[e].turnover! - known.turnover![e]) < 1e-7)
    }
  }

  /// Rare jumps that go far: where the deviation may be is bounded by Chernoff's bound, not by its variance.
  @Test func rareJumps() throws {
    let problem = try TrackingProblem(
      name: "rare", criterion: .longRunAverage,
      regimes: [
        TrackingRegime(
          name: "a", volatility: 0.7, runningCost: .quadratic(1),
          jumps: DeviationJumps(intensity: 0.5, law: .normal(mean: 0, deviation: 2)))
      ], generator: Generator(Self.one), costs: [TradeCost(fixed: 0.3, proportionalBuy: 0.5, proportionalSell: 0.5)])
    let scaled = ScaledTracking(problem, members: [0])
    let known = try #require(
      BlindIntervals(problem: scaled, start: [1]).report(
        .init(times: [0.5], targets: [0]), left: 0, hasLongRun: true))
    let found = try ClockedBand(
      problem: scaled, bands: [Self.wide], clock: .alone, basis: ChebyshevBasis(degree: 20), nodes: 40,
      mergeTolerance: StationarySettings().mergeTolerance
    ).regimes(gaps: [0.5], hasLongRun: true)
    #expect(abs(found[0].total / known.costs.total[0] - 1) < 1e-7, "\(found[0].total) for \(known.costs.total[0])")
  }

  /// Regimes that hardly ever change: costs, trades and amounts are those of each regime alone, by the share of time that the chain
  /// spends in it, up to the switches themselves. At 10⁻⁶ a regime sees its next trade 10⁶ times before it sees the other, and the
  /// probabilities of the one are as large as the errors of the other.
  @Test("slow switching", arguments: [ClockedBand.Clock.forces, .permits, .alone])
  func slowSwitching(_ clock: ClockedBand.Clock) throws {
    func problem(_ members: [Int], rate: Double) throws -> TrackingProblem {
      let both = try Self.pair(isLopsided: true)
      return try TrackingProblem(
        name: "slow", criterion: .longRunAverage, regimes: members.map { both.regimes[$0] },
        generator: members.count == 1 ? Generator([[0.0]]) : Generator([[-rate, rate], [2 * rate, -2 * rate]]),
        costs: members.map { both.costs[$0] })
    }
    let (bands, gaps, shares) = (Self.bandB, [0.8, 0.5], [2.0 / 3, 1.0 / 3])
    func row(_ members: [Int], rate: Double = 0) throws -> Row {
      Row(
        name: "slow", problem: try problem(members, rate: rate), clock: clock, bands: members.map { bands[$0] },
        gaps: members.map { gaps[$0] }, cost: [])
    }
    let alone = try (0..<2).map { try Self.found(row([$0]), degree: 20, nodes: 40)[0] }
    let cost = zip(shares, alone).reduce(0) { $0 + $1.0 * $1.1.total }
    for rate in [1e-3, 1e-6, 1e-9] {
      let found = try Self.found(row([0, 1], rate: rate), degree: 20, nodes: 40)
      #expect(abs(found[0].total / cost - 1) < rate + 1e-8, "rate \(rate): \(found[0].total) for \(cost)")
      for e in 0..<2 {
        let (trades, amount) = (shares[e] * alone[e].trades!, shares[e] * alone[e].turnover!)
        #expect(abs(found[e].trades! - trades) < rate + 1e-8, "rate \(rate), regime \(e)")
        #expect(abs(found[e].turnover! - amount) < rate + 1e-8, "rate \(rate), regime \(e)")
      }
    }
  }

  /// Four nodes more divide the error by at least 16; the theory's 2.85⁴ is 66.
  @Test func converges() throws {
    let row = try #require(try Self.rows().first { $0.name == "waiting, two regimes" })
    let errors = try [14, 18, 22, 26].map { nodes in
      abs(try Self.found(row, degree: 24, nodes: nodes)[0].total - row.cost[0])
    }
    for (worse, better) in zip(errors, errors.dropFirst()) { #expect(better < worse / 16, "\(errors)") }
  }
}
