import Formulation
import Glibc
import Simulation

/// One timed roll-out.
struct RollOutTiming {
  let name: String
  let pathSteps: Int
  /// Processor time of the fastest of the repetitions [s].
  let seconds: Double
  /// Wall time of the fastest of the repetitions [s].
  let wallSeconds: Double
  let criterion: Estimate

  var pathStepsPerSecond: Double { Double(pathSteps) / seconds }

  /// One JSON object on one line.
  var line: String {
    "{\"benchmark\":\"rollOut\",\"case\":\"\(name)\",\"pathSteps\":\(pathSteps),\"seconds\":\(seconds),"
      + "\"wallSeconds\":\(wallSeconds),\"pathStepsPerSecond\":\(pathStepsPerSecond),\"criterion\":\(criterion.mean)}"
  }
}

/// Throughput of the roll-out: one regime with a constant band, several legs, regimes with a table, detailed and lean, and other worlds.
///
/// - Parameters:
///   - paths: paths of each case; 2¹⁷ takes about a second per case and core.
///   - threads: 1 for a figure per core.
///   - repetitions: the fastest is kept.
///   - chosen: only the cases whose names contain this; nil: all.
func rollOutBenchmark(
  paths: Int = 1 << 17, threads: Int = 1, repetitions: Int = 3, containing chosen: String? = nil
) throws -> [RollOutTiming] {
  let valuation = Instant(year: 2024, month: 1, day: 1)!
  let day = 86_400.0
  func option(_ kind: OptionKind, _ strike: Double, _ quantity: Double, _ implied: [Double]) -> Position {
    Position(
      name: "\(strike)", instrument: .option(kind: kind, strike: strike, expiry: valuation.adding(seconds: 30 * day)),
      quantity: quantity, impliedVolatilities: implied)
  }
  func problem(_ positions: [Position], regimes: [Regime], rates: [[Double]]) throws -> OptionBookProblem {
    try OptionBookProblem(
      name: "benchmark", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 100, rate: 0,
        environment: EnvironmentChain(regimes: regimes, generator: Generator(rates))),
      positions: positions, costs: regimes.map { _ in TradeCost.proportional(0.0005) },
      preference: .quadratic(riskAversion: 0.01))
  }
  let single = [Regime(name: "only", volatility: 0.6)]
  let pair = [Regime(name: "calm", volatility: 0.4), Regime(name: "storm", volatility: 0.9)]
  let switching: [[Double]] = [[-20, 20], [40, -40]]
  let call = option(.call, 100, -1, [0.6])
  let butterfly = [
    option(.call, 90, 1, [0.65]), option(.call, 100, -2, [0.6]), option(.put, 95, 1, [0.62]),
    option(.put, 110, -1, [0.66]),
  ]
  let band = Band(lower: -0.05, upper: 0.05, targetLower: -0.05, targetUpper: 0.05)
  let times = (0...60).map { Double($0) * 0.5 / 365 }
  let logSpots = (0...400).map { 4.0 + 0.003 * Double($0) }
  let table = PolicyTable(
    times: times, logSpots: logSpots, regimeCount: 2,
    bands: Array(repeating: band, count: times.count * logSpots.count * 2))

  let heston = World.heston(
    HestonWorld(
      initialVariance: 0.36, reversion: 4, longRunVariance: 0.36, volatilityOfVariance: 1.5, correlation: -0.5))
  let history = World.bootstrap(
    BootstrapWorld(
      returns: (0..<4096).map { 0.01 * sin(Double($0 * $0)) }, interval: .seconds(3600), blockLength: 50))
  let cases: [(String, OptionBookProblem, HedgingPolicy, Bool, World?)] = [
    (
      "one regime, one leg, constant band", try problem([call], regimes: single, rates: [[0]]), .constantBand([band]),
      false, nil
    ),
    ("one regime, one leg, never", try problem([call], regimes: single, rates: [[0]]), .never, false, nil),
    (
      "one regime, four legs, constant band", try problem(butterfly, regimes: single, rates: [[0]]),
      .constantBand([band]), false, nil
    ),
    (
      "one regime, one leg, detailed, constant band", try problem([call], regimes: single, rates: [[0]]),
      .constantBand([band]), true, nil
    ),
    (
      "two regimes, two marks, table",
      try problem([option(.call, 100, -1, [0.5, 0.8])], regimes: pair, rates: switching), .table(table), false, nil
    ),
    (
      "two regimes, two marks, detailed, table",
      try problem([option(.call, 100, -1, [0.5, 0.8])], regimes: pair, rates: switching), .table(table), true, nil
    ),
    (
      "Heston's world, one leg, constant band", try problem([call], regimes: single, rates: [[0]]),
      .constantBand([band]), false, heston
    ),
    (
      "bootstrapped world, one leg, constant band", try problem([call], regimes: single, rates: [[0]]),
      .constantBand([band]), false, history
    ),
  ]
  var timings: [RollOutTiming] = []
  for (name, problem, policy, detailed, world) in cases where chosen.map({ name.contains($0) }) ?? true {
    let rollOut = try RollOut(
      problem: problem,
      settings: RollOutSettings(checkEvery: 3600, pathCount: paths, seed: 1, detailed: detailed, threads: threads),
      world: world)
    var fastest = Double.infinity
    var fastestWall = Double.infinity
    var criterion = Estimate(mean: 0, standardError: 0)
    for _ in 0..<repetitions {
      let (start, startWall) = (monotonicSeconds(), monotonicSeconds(CLOCK_MONOTONIC))
      criterion = try rollOut.run(policy)[.criterion]
      fastest = min(fastest, monotonicSeconds() - start)
      fastestWall = min(fastestWall, monotonicSeconds(CLOCK_MONOTONIC) - startWall)
    }
    timings.append(
      RollOutTiming(
        name: name, pathSteps: rollOut.pathStepCount, seconds: fastest, wallSeconds: fastestWall,
        criterion: criterion))
  }
  return timings
}

/// One and two threads on the same paths, in turn: the ratio of their wall times, 2 if nothing is shared but the work, and what two
/// threads spend in processor time over one, 1 if they do not hinder each other. Where the cores do other work too only the
/// second is to be trusted. Times are the fastest of all runs, ratios the medians of those of each pair.
///
/// - Parameter chosen: only the cases whose names contain this; nil: all.
func threadBenchmark(
  paths: Int = 1 << 17, repetitions: Int = 9, containing chosen: String? = nil
) throws -> [String] {
  let names = ["one regime, one leg, constant band", "two regimes, two marks, table"]
  return try names.filter { name in chosen.map { name.contains($0) } ?? true }.map { name in
    var wall = [Double.infinity, .infinity]
    var processor = [Double.infinity, .infinity]
    var (wallRatios, processorRatios) = ([Double](), [Double]())
    var (pathSteps, criterion) = (0, 0.0)
    for _ in 0..<repetitions {
      let pair = try wall.indices.map { index in
        try rollOutBenchmark(paths: paths, threads: index + 1, repetitions: 1, containing: name)[0]
      }
      for (index, timing) in pair.enumerated() {
        wall[index] = min(wall[index], timing.wallSeconds)
        processor[index] = min(processor[index], timing.seconds)
      }
      wallRatios.append(pair[0].wallSeconds / pair[1].wallSeconds)
      processorRatios.append(pair[1].seconds / pair[0].seconds)
      (pathSteps, criterion) = (pair[0].pathSteps, pair[0].criterion.mean)
    }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    return "{\"benchmark\":\"threads\",\"case\":\"\(name)\",\"pathSteps\":\(pathSteps),"
      + "\"wallSeconds\":[\(wall[0]),\(wall[1])],\"processorSeconds\":[\(processor[0]),\(processor[1])],"
      + "\"pairs\":\(repetitions),\"wallRatio\":\(median(wallRatios)),\"processorRatio\":\(median(processorRatios)),"
      + "\"criterion\":\(criterion)}"
  }
}

/// Processor seconds of this process, or those of another clock.
func monotonicSeconds(_ clock: clockid_t = CLOCK_PROCESS_CPUTIME_ID) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
}
