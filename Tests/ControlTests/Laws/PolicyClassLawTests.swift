import Formulation
import Testing

@testable import Control

@Suite struct PolicyClassLawTests {
  let solver = StationarySolver()

  private func classes(
    _ problem: TrackingProblem
  ) throws -> (optimum: StationarySolution, classes: TrackingClasses) {
    let optimum = try solver.solve(problem)
    return (optimum, try solver.classes(of: problem, optimum: optimum))
  }

  /// Every row of the reference problems, with jumps and without, and three more.
  static let problems: [TrackingProblem] = {
    var all = (try? StationaryJumpTests.rows.map { try $0.problem }) ?? []
    for rate in [0, 0.3, 50.0] {
      for discount in [nil, 0.4] as [Double?] {
        if let problem = try? StationaryExamples.general(switching: rate, discount: discount) { all.append(problem) }
      }
    }
    return all
  }()

  @Test("No class is below the optimum, and each says how it was found", arguments: problems)
  func neverBelow(_ problem: TrackingProblem) throws {
    let (optimum, classes) = try classes(problem)
    #expect(optimum.isVerified)
    for solution in classes.solved {
      for (regime, best) in zip(solution.regimes, optimum.regimes) {
        let (found, least) = (regime.cost.total, best.cost.total)
        #expect(
          found.value >= least.value - found.error - least.error - 1e-9 * abs(least.value),
          "\(solution.policyClass) \(best.name): \(found) below \(least)")
        #expect(found.error < 1e-6 * abs(found.value), "\(solution.policyClass): \(found)")
        if let band = regime.band { #expect(band.numbers == band.numbers.sorted(), "\(solution.policyClass) \(band)") }
      }
    }
    for omission in classes.omitted { #expect(omission.reason != .notConverged, "\(omission)") }
  }

  @Test("Without a fixed cost edges are optimal", arguments: [0.0, 1])
  func edgeIsOptimal(_ rate: Double) throws {
    let problem = try StationaryExamples.problem(
      running: [1, 2], volatility: [1, 0.5], drift: [0.2, -0.1], switching: [[-rate, rate], [rate, -rate]],
      costs: [.proportional(0.1), .proportional(0.3)])
    let (optimum, classes) = try classes(problem)
    for (regime, best) in zip(try #require(classes[.edge]).regimes, optimum.regimes) {
      #expect(regime.band == best.band && regime.loss.value == 0)
    }
  }

  @Test("With a fixed cost alone and no drift, recentring is optimal in every regime")
  func recentreIsOptimal() throws {
    let problem = try StationaryExamples.problem(
      running: [1, 2, 0.7], volatility: [1, 0.5, 1.4], switching: [[-1, 0.5, 0.5], [2, -3, 1], [0.1, 0.3, -0.4]],
      costs: [.fixed(0.1), .fixed(0.2), .fixed(0.3)])
    let (_, classes) = try classes(problem)
    for regime in try #require(classes[.recentre]).regimes { #expect(abs(regime.loss.value) < 1e-8, "\(regime.loss)") }
    for regime in try #require(classes[.inner]).regimes { #expect(abs(regime.loss.value) < 1e-8, "\(regime.loss)") }
  }

  @Test("In a pure volatility model one band serves all regimes")
  func constantBandIsOptimal() throws {
    let volatility = [0.5, 1.0, 1.7]
    let problem = try StationaryExamples.problem(
      running: volatility.map { $0 * $0 }, volatility: volatility,
      switching: [[-1, 0.5, 0.5], [2, -3, 1], [0.1, 0.3, -0.4]],
      costs: Array(repeating: StationaryExamples.both(0.1, 0.3), count: 3))
    let (_, classes) = try classes(problem)
    for regime in try #require(classes[.constantBand]).regimes {
      #expect(abs(regime.loss.value) < 1e-7, "\(regime.loss)")
    }
  }

  /// Central differences of the cost itself: error of second order in the step, 10⁻⁸ here.
  @Test("The slopes of the cost in every edge and target", arguments: [nil, 0.4] as [Double?])
  func gradient(_ discount: Double?) throws {
    for jumps in [nil, StationaryJumpTests.normal(1.5, 0.2, 0.4)] {
      for fixed in [0.0, 0.05] {
        let base = try StationaryExamples.general(discount: discount)
        let regimes = base.regimes.map {
          var regime = $0
          regime.jumps = jumps
          return regime
        }
        let costs = [StationaryExamples.both(fixed, 0.1), StationaryExamples.both(0.1, 0.05)]
        let scaled = ScaledTracking(try base.replacing(regimes: regimes, costs: costs), members: [0, 1])
        let start = scaled.startWeights
        let numbers = [-0.9, fixed == 0 ? -0.9 : -0.2, fixed == 0 ? 1.1 : 0.3, 1.1, -1.3, -0.4, 0.1, 0.8]
        func evaluate(_ numbers: [Double]) throws -> ClassGradient {
          let bands = [0, 1].map { e in
            Band(
              lower: numbers[4 * e], upper: numbers[4 * e + 3], targetLower: numbers[4 * e + 1],
              targetUpper: numbers[4 * e + 2])
          }
          return try ClassGradient(
            scaled, bands: bands, basis: ChebyshevBasis(degree: 20), mergeTolerance: 0, start: start)
        }
        let slopes = try evaluate(numbers).slopes
        let step = 1e-4
        for i in numbers.indices {
          // A reflecting edge takes its target along.
          let moved = fixed == 0 && i < 4 ? (i < 2 ? [0, 1] : [2, 3]) : [i]
          if moved.count == 2, i == 1 || i == 2 { continue }
          func shifted(_ by: Double) -> [Double] {
            numbers.enumerated().map { moved.contains($0.offset) ? $0.element + by : $0.element }
          }
          let expected = (try evaluate(shifted(step)).cost - evaluate(shifted(-step)).cost) / (2 * step)
          #expect(abs(slopes[i] - expected) < 1e-6, "\(i), fixed \(fixed): \(slopes[i]), \(expected)")
        }
      }
    }
  }

  /// A regime that is left for ever: the other costs what it does alone, and the parameters of the first are those of returns next to none.
  @Test(arguments: [TrackingClass.recentre, .inner]) func leftForEver(_ policyClass: TrackingClass) throws {
    let (stays, leaves) = (
      TrackingRegime(
        name: "stays", drift: 0.1, volatility: 0.5,
        runningCost: DeviationCost(below: 2, above: 1, linear: 0.3, center: 0.2)),
      TrackingRegime(
        name: "leaves", drift: -0.3, reversion: 0.5, level: 0.4, volatility: 1.5,
        runningCost: DeviationCost(below: 0.7, above: 3))
    )
    let costs = [
      TradeCost(fixed: 0.2, proportionalBuy: 1, proportionalSell: 0.4),
      TradeCost(fixed: 0.5, proportionalBuy: 0.3, proportionalSell: 0.9),
    ]
    func found(_ regimes: [TrackingRegime], _ rows: [[Double]]) throws -> [TrackingClassRegime] {
      let problem = try TrackingProblem(
        name: "left", criterion: .longRunAverage, regimes: regimes, generator: Generator(rows),
        costs: Array(costs.prefix(regimes.count)))
      let solved = try solver.classes(of: problem, optimum: solver.solve(problem), wanted: [policyClass]).solved
      return try #require(solved.first { $0.policyClass == policyClass }).regimes
    }
    let alone = try found([stays], [[0]])
    let forEver = try found([stays, leaves], [[0, 0], [1, -1]])
    let rarely = try found([stays, leaves], [[-1e-4, 1e-4], [1, -1]])
    #expect(abs(forEver[0].cost.total.value / alone[0].cost.total.value - 1) < 1e-8)
    for (one, other) in zip(forEver, rarely) {
      let distance = zip(one.band!.numbers, other.band!.numbers).map { abs($0 - $1) }.max()!
      #expect(distance < 0.002, "\(one.band!) \(other.band!)")
    }
  }
}
