import Formulation
import Glibc
import Testing
import VectorMath

@testable import Simulation

/// The stationary bootstrap against its law given the history.
@Suite struct BootstrapLawTests {
  /// Returns with a memory: a slow wave on an uneven saw, without a period that divides their number.
  static let history: [Double] = (0..<61).map { number -> Double in
    let saw = Double((number * number) % 7 - 3)
    return 0.01 * sin(0.37 * Double(number)) + 0.004 * saw
  }

  static func world(_ returns: [Double], blockLength: Double?, drift: Double? = nil, seconds: Double = 86_400) -> World
  {
    .bootstrap(BootstrapWorld(returns: returns, interval: .seconds(seconds), blockLength: blockLength, drift: drift))
  }

  /// Mean, variance and autocovariances: the history's, the circular autocovariance at lag k times `(1 − 1/L)^k` (Politis and
  /// Romano 1994, lemma 1). Later positions have the law of the first.
  @Test(arguments: [1.0, 4, 20])
  func momentsAndAutocovariances(blockLength: Double) throws {
    let history = Self.history
    let (steps, count) = (40, history.count)
    let sampler = try WorldSampler(
      Self.world(history, blockLength: blockLength), days: Double(steps), steps: steps, paths: 1 << 16, seed: 21)
    let mean = history.reduce(0, +) / Double(count)
    func circular(_ lag: Int) -> Double {
      var sum = 0.0
      for index in history.indices { sum += (history[index] - mean) * (history[(index + lag) % count] - mean) }
      return sum / Double(count)
    }
    let lags = [0, 1, 2, 5, 13]
    var moments = [Moments](repeating: Moments(), count: lags.count + 2)
    let size = BlockState.pathCount
    var series = [[Double]](repeating: [], count: steps + 1)
    sampler.walk { step, logSpots, _ in
      series[step] = Array(UnsafeBufferPointer(start: logSpots, count: size))
      guard step == steps else { return }
      func drawn(_ number: Int, _ path: Int) -> Double { series[number + 1][path] - series[number][path] - mean }
      func add(_ index: Int, _ value: (Int) -> Double) {
        moments[index] = moments[index].merged(with: (0..<size).map(value).withUnsafeBufferPointer { Moments($0) })
      }
      add(0) { drawn(0, $0) }
      add(1) { drawn(steps - 1, $0) }
      for (index, lag) in lags.enumerated() {
        // Averaged along the path; paths are independent.
        add(2 + index) { (path: Int) -> Double in
          var sum = 0.0
          for number in 0..<(steps - lag) { sum += drawn(number, path) * drawn(number + lag, path) }
          return sum / Double(steps - lag)
        }
      }
    }
    for index in 0..<2 { #expect(distance(moments[index].estimate, 0) < HestonPriceTests.bound) }
    for (index, lag) in lags.enumerated() {
      let expected = pow(1 - 1 / blockLength, Double(lag)) * circular(lag)
      let found = moments[2 + index].estimate
      #expect(distance(found, expected) < HestonPriceTests.bound, "lag \(lag): \(found) for \(expected)")
      #expect(found.standardError < 0.02 * circular(0))
    }
  }

  /// Every return of a path is one of the history's, moved so that the price's mean growth is the one asked for.
  @Test func drift() throws {
    let drift = 0.3
    let sampler = try WorldSampler(
      Self.world(Self.history, blockLength: 4, drift: drift), days: 1, steps: 1, paths: 1 << 14, seed: 22)
    let mean: Double = Self.history.map { exp($0) }.reduce(0, +) / Double(Self.history.count)
    let shift = drift / 365 - log(mean)
    let scale = 1e9
    let allowed: Set<Int> = Set(Self.history.map { (value: Double) -> Int in Int(((value + shift) * scale).rounded()) })
    var met: Set<Int> = []
    sampler.walk { step, logSpots, _ in
      guard step == 1 else { return }
      for path in 0..<BlockState.pathCount {
        let moved: Double = logSpots[path] - log(100.0)
        met.insert(Int((moved * scale).rounded()))
      }
    }
    #expect(met == allowed)
    let found = sampler.moments([{ spot, _ in spot / 100 }])[0].estimate
    #expect(distance(found, exp(drift / 365)) < HestonPriceTests.bound, "\(found)")
  }

  /// A check of two intervals sees every second price of the same paths; one that is no whole multiple is refused, as are
  /// sub-steps within an interval.
  @Test func multiplesOfTheInterval() throws {
    let world = Self.world(Self.history, blockLength: 4)
    let fine = try WorldSampler(world, days: 12, steps: 12, paths: 256, seed: 23)
    let coarse = try WorldSampler(world, days: 12, steps: 6, paths: 256, seed: 23)
    let (fineRoll, coarseRoll) = (
      try RollOut(problem: fine.plan.problem, settings: fine.plan.settings, world: world),
      try RollOut(problem: coarse.plan.problem, settings: coarse.plan.settings, world: world)
    )
    for path in [0, 9, 255] {
      let (every, second) = (fineRoll.path(path).logSpots, coarseRoll.path(path).logSpots)
      for index in second.indices { #expect(abs(every[2 * index] - second[index]) < 1e-13) }
      #expect(Set(every.map { Int($0 * 1e9) }).count == 13)
    }
    for steps in [8, 24] {
      #expect(throws: SimulationError.checkOffHistory(check: 12 * 86_400 / Double(steps), interval: 86_400)) {
        try WorldSampler(world, days: 12, steps: steps, paths: 256, seed: 23)
      }
    }
    var settings = fine.plan.settings
    settings.substeps = 2
    #expect(throws: SimulationError.checkOffHistory(check: 43_200, interval: 86_400)) {
      try RollOut(problem: fine.plan.problem, settings: settings, world: world)
    }
  }

  /// A history that is a normal law in even quantiles, drawn one by one, is the model: risk by squared profits at daily checks,
  /// which Itô's isometry promises whatever the step, trades, costs and profit against the model's own roll-out.
  @Test func normalHistoryIsTheModel() throws {
    let count = 1 << 14
    let deviation = 0.5 / 365.0.squareRoot()
    let returns = (0..<count).map { deviation * inverseNormalCumulative((Double($0) + 0.5) / Double(count)) }
    let problem = try Fixture.plain(positions: [Fixture.option(days: 30)])
    let paths = 1 << 16
    let world = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 86_400, pathCount: paths, seed: 24),
      world: Self.world(returns, blockLength: 1, drift: 0))
    let model = try RollOut(
      problem: problem, settings: RollOutSettings(checkEvery: 86_400, substeps: 12, pathCount: paths, seed: 25))
    let band = HedgingPolicy.constantBand([Band(lower: -0.1, upper: 0.1, targetLower: -0.1, targetUpper: 0.1)])
    for policy in [band, .frictionless] {
      let (found, wanted) = (try world.run(policy), try model.run(policy))
      for column in [RollOutColumn.gammaRisk, .criterion, .tradeCount, .turnoverUnits, .variableCosts, .profit] {
        let error =
          (found[column].standardError * found[column].standardError
          + wanted[column].standardError * wanted[column].standardError).squareRoot()
        #expect(
          abs(found[column].mean - wanted[column].mean) < HestonPriceTests.bound * error + 1e-12,
          "\(column): \(found[column]) for \(wanted[column])")
      }
    }
  }
}
