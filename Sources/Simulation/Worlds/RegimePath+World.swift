import Formulation
import VectorMath

extension RegimePath {
  /// One path of another world, by the lanes of its block.
  ///
  /// `regimes` are those seen, `variances` the world's own or the trailing ones by which they are seen, and
  /// `integratedVariances` the trapezoidal rule over them.
  init(plan: RollOutPlan, motion: WorldMotion, index: Int) {
    let firstPath = index / BlockState.pathCount * BlockState.pathCount
    let path = index - firstPath
    let state = BlockState(regimeCount: plan.regimes.count)
    defer { state.deallocate() }
    let world = WorldPass(motion)
    BlockPass(plan: plan, firstPath: firstPath, state: state, tilt: nil, world: world).start()
    let sobol = plan.sobolPass
    var record = RegimePath(plan: plan)
    record.append(state, world, path: path, length: 0)
    for step in 0..<plan.sample.stepCount {
      if step & 3 == 0 { plan.drawNormals(firstPath: firstPath, step: step, state: state, from: sobol) }
      world.advance(step: step, plan: plan, firstPath: firstPath, state: state)
      record.append(state, world, path: path, length: plan.sample.times[step + 1] - plan.sample.times[step])
    }
    self = record
  }
}
