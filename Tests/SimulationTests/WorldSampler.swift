import Formulation
import Glibc
import VectorMath

@testable import Simulation

/// Paths of a world, block by block, as the kernel moves them.
struct WorldSampler {
  let plan: RollOutPlan

  /// - Parameters:
  ///   - days: horizon of 365ths of a year.
  ///   - steps: of equal length.
  init(
    _ world: World, days: Double, steps: Int, paths: Int, seed: UInt64, antithetic: Bool = false,
    volatility: Double = 0.5
  ) throws {
    let problem = try Fixture.plain(volatility: volatility, positions: [Fixture.option(days: days)])
    plan = try RollOutPlan(
      problem: problem,
      settings: RollOutSettings(
        checkEvery: days * Fixture.day / Double(steps), pathCount: paths, seed: seed, antithetic: antithetic),
      world: world)
  }

  /// Calls `body` at every instant of every block: the step's number, log-prices and variances of the block's paths.
  func walk(_ body: (Int, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Void) {
    let state = BlockState(regimeCount: plan.regimes.count)
    defer { state.deallocate() }
    let world = WorldPass(plan.world!)
    for first in stride(from: 0, to: plan.settings.pathCount, by: BlockState.pathCount) {
      BlockPass(plan: plan, firstPath: first, state: state, tilt: nil, world: world).start()
      body(0, state.scalars(state.logSpot), state.scalars(world.variance))
      for step in 0..<plan.sample.stepCount {
        if step & 3 == 0 { plan.drawNormals(firstPath: first, step: step, state: state) }
        world.advance(step: step, plan: plan, firstPath: first, state: state)
        body(step + 1, state.scalars(state.logSpot), state.scalars(world.variance))
      }
    }
  }

  /// Moments of functions of the end of a path.
  func moments(_ functions: [(_ spot: Double, _ variance: Double) -> Double]) -> [Moments] {
    var sums = functions.map { _ in Moments() }
    var values = [Double](repeating: 0, count: BlockState.pathCount)
    walk { step, logSpots, variances in
      guard step == plan.sample.stepCount else { return }
      for (index, function) in functions.enumerated() {
        for path in values.indices { values[path] = function(exp(logSpots[path]), variances[path]) }
        sums[index] = sums[index].merged(with: values.withUnsafeBufferPointer { Moments($0) })
      }
    }
    return sums
  }
}
