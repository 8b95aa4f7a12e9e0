import Formulation
import Glibc
import TestKit
import Testing

@testable import Control

/// Policy classes of problems drawn at random, unequal in everything: the seed is the argument that a failure shows.
@Suite struct RandomClassLawTests {
  /// From 1 to 4 regimes whose costs differ by up to 300 times, with a ticket, without, or in some; a quarter revert, a few
  /// jump.
  static func problem(seed: Int) throws -> TrackingProblem {
    var random = RandomNumbers(seed: seed)
    let structure = random.integer(0...3)
    let isJumping = seed.isMultiple(of: 8)
    let isReverting = seed % 4 == 1
    let count = isJumping ? 1 : random.integer(1...4)
    let regimes = (0..<count).map { e in
      TrackingRegime(
        name: "\(e)", drift: random.chance(0.4) ? 0 : random.uniform(-2, 2),
        reversion: isReverting ? random.logUniform(0.1, 8) : 0, level: isReverting ? random.uniform(-0.5, 0.5) : 0,
        volatility: random.logUniform(0.2, 3), runningCost: .quadratic(random.logUniform(0.1, 10)),
        jumps: isJumping
          ? StationaryJumpTests.normal(random.logUniform(0.1, 3), random.uniform(-1, 1), random.logUniform(0.3, 1))
          : nil)
    }
    let costs = (0..<count).map { _ in
      let isFree = structure == 0 || structure == 3 && random.chance(0.5)
      let isOneWay = random.chance(0.5)
      let buy = structure == 1 ? 0 : random.logUniform(0.01, 3)
      return TradeCost(
        fixed: isFree ? 0 : random.logUniform(0.005, 2), proportionalBuy: buy,
        proportionalSell: structure == 1 || isOneWay ? buy : random.logUniform(0.01, 3))
    }
    let rates = (0..<count).map { from in
      var row = (0..<count).map { $0 == from ? 0 : random.logUniform(0.05, 30) }
      row[from] = -row.reduce(0, +)
      return row
    }
    return try TrackingProblem(
      name: "random", criterion: random.chance(0.3) ? .discounted(rate: random.logUniform(0.05, 2)) : .longRunAverage,
      regimes: regimes, generator: Generator(rates), costs: costs)
  }

  @Test("Every class is found, and none is below the optimum by more than both errors", arguments: 0..<24)
  func everyClassIsFound(_ seed: Int) throws {
    let problem = try RandomClassLawTests.problem(seed: seed)
    let solver = StationarySolver()
    let optimum = try solver.solve(problem)
    #expect(optimum.isVerified, "\(optimum.residual)")
    let classes = try solver.classes(of: problem, optimum: optimum)
    for omission in classes.omitted {
      switch omission.reason {
      case .notConverged, .inaccurate: Issue.record("\(omission)")
      default: break
      }
    }
    for solution in classes.solved {
      for regime in solution.regimes {
        #expect(
          regime.loss.value >= -regime.loss.error - 1e-10, "\(solution.policyClass): \(regime.loss) \(regime.cost)")
      }
    }
    for policyClass in [TrackingClass.recentre, .constantBand, .inner] {
      try isLeast(try #require(classes[policyClass]), problem)
    }
  }

  /// Edges and targets a hundredth of the band away, as far as the class allows, cost no less.
  private func isLeast(_ solution: TrackingClassSolution, _ problem: TrackingProblem) throws {
    guard ChainStructure(problem.generator).parts.count == 1 else { return }
    var scaled = ScaledTracking(problem, members: Array(problem.regimes.indices))
    let x = scaled.units.deviation
    let bands = try solution.regimes.map { try #require($0.band) }.map {
      Band(
        lower: $0.lower / x, upper: $0.upper / x, targetLower: $0.targetLower / x, targetUpper: $0.targetUpper / x)
    }
    let shape: ClassShape
    switch solution.policyClass {
    case .recentre:
      shape = .recentre(bands, problem.regimes.indices.map { FrozenRegime(problem, regime: $0).form }, evenly: true)
    case .constantBand: shape = .constantBand(bands, reflects: scaled.reflects)
    default: shape = .inner(bands, reflects: scaled.reflects)
    }
    scaled.reflects = shape.reflects
    let start = scaled.startWeights
    func cost(_ moved: [Double]) throws -> Double? {
      let numbers = zip(ClassShape.numbers(bands), moved).map { $0 + $1 }
      let changed = bands.indices.map {
        Band(
          lower: numbers[4 * $0], upper: numbers[4 * $0 + 3], targetLower: numbers[4 * $0 + 1],
          targetUpper: numbers[4 * $0 + 2])
      }
      let isOrdered = zip(changed, scaled.reflects).allSatisfy { band, reflects in
        band.lower < band.upper
          && (reflects
            || band.lower < band.targetLower && band.targetLower <= band.targetUpper && band.targetUpper < band.upper)
      }
      guard isOrdered else { return nil }
      return try ClassGradient(
        scaled, bands: changed, basis: ChebyshevBasis(degree: 20), mergeTolerance: 1e-5, start: start
      ).cost
    }
    let least = try #require(try cost([Double](repeating: 0, count: 4 * bands.count)))
    for column in shape.columns {
      let width = zip(column, column.indices).filter { $0.0 != 0 }.map { bands[$0.1 / 4].width }.min()!
      for step in [-0.01, 0.01] {
        guard let other = try cost(column.map { $0 * step * width }) else { continue }
        #expect(
          other >= least - 1e-8 * abs(least), "\(solution.policyClass), \(column), \(step): \(other) below \(least)")
      }
    }
  }
}
