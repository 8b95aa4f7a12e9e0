import Formulation
import Glibc
import VectorMath

/// One path of the exact dynamics at the instants of a roll-out.
///
/// The same numbers that the kernel's lanes hold, bit for bit, by scalar code: what a test or a report replays.
/// *Verified by* `ScalarReferenceTests`, `DynamicsTests`.
public struct RegimePath: Sendable, Equatable {
  /// Years from the valuation.
  public private(set) var times: [Double] = []
  /// The number of the check at each instant, or −1.
  public private(set) var checks: [Int] = []
  public private(set) var spots: [Double] = []
  public private(set) var logSpots: [Double] = []
  /// The regime observed at each instant.
  public private(set) var regimes: [Int] = []
  /// `∫σ² dt` over the step that ends at each instant; 0 at the first.
  public private(set) var integratedVariances: [Double] = []
  /// Whether neither the regime switched nor the price jumped in the step that ends at each instant.
  public private(set) var isQuiet: [Bool] = []
  /// Years spent in each regime.
  public private(set) var occupation: [Double]
  /// Of another world: the variance at each instant [1/year], its own or the trailing one; empty in the model's.
  public private(set) var variances: [Double] = []

  init(plan: RollOutPlan, index: Int) {
    let lanes = Lanes.scalarCount
    let firstPath = index / BlockState.pathCount * BlockState.pathCount
    let vector = (index - firstPath) / lanes
    let lane = index % lanes
    let firstStream = plan.firstStream(firstPath: firstPath, vector: vector)
    let sign: Double = plan.settings.antithetic && vector & 1 == 1 ? -1 : 1
    let stream = firstStream + UInt64(lane)
    let chain = plan.regimes
    let motion = plan.motion
    var regime = plan.problem.market.currentRegime
    var clocks = PriceMotion.Clocks(
      regime: regime, nextSwitch: plan.clocks.sojourn(stream: stream, switches: 0, regime: regime), switches: 0,
      wait: motion.wait(stream: stream, number: 0), jumps: 0)
    var logSpot = plan.startLogSpot
    var four = [Lanes()]
    occupation = Array(repeating: 0, count: chain.count)
    times = plan.sample.times
    checks = plan.sample.checks
    spots = [plan.problem.market.spot]
    logSpots = [logSpot]
    regimes = [regime]
    integratedVariances = [0]
    isQuiet = [true]
    let sobol = SobolBlock(plan)
    for step in 0..<plan.sample.stepCount {
      let (start, end) = (times[step], times[step + 1])
      if step & 3 == 0, let sobol {
        four = sobol.four(firstPath: firstPath, step: step, vector: vector)
      } else if step & 3 == 0 {
        let drawn = plan.stream.normalQuadruple(
          firstStream: firstStream, step: UInt32(truncatingIfNeeded: step >> 2))
        four = [drawn.0, drawn.1, drawn.2, drawn.3]
      }
      let normal = sign * four[step & 3][lane]
      let (volatility, length) = (chain[regime].volatility, end - start)
      var shift = (motion.drift[regime] - 0.5 * volatility * volatility) * length
      var scale = volatility * length.squareRoot()
      var variance = volatility * volatility * length
      let left = clocks.wait - motion.intensity[regime] * length
      let isBusy = clocks.nextSwitch <= end || left < 0
      isQuiet.append(!isBusy)
      if isBusy {
        let moved = motion.advance(&clocks, switching: plan.clocks, stream: stream, from: start, to: end) {
          occupation[$0] += $1
        }
        regime = clocks.regime
        variance = moved.variance
        shift = moved.shift
        scale = variance.squareRoot()
      } else {
        clocks.wait = left
        occupation[regime] += length
      }
      let move = shift + scale * normal
      logSpot += move
      logSpots.append(logSpot)
      spots.append(plan.grows(length) ? grown(spots[step], by: move) : fastExponential(logSpot))
      regimes.append(regime)
      integratedVariances.append(variance)
    }
  }
}

extension RegimePath {
  /// A path of another world before its first instant.
  init(plan: RollOutPlan) {
    occupation = Array(repeating: 0, count: plan.regimes.count)
    times = plan.sample.times
    checks = plan.sample.checks
  }

  /// Adds the instant at which a block stands, a step after the one before.
  mutating func append(_ state: BlockState, _ world: WorldPass, path: Int, length: Double) {
    let variance = state.scalars(world.variance)[path]
    integratedVariances.append(0.5 * length * ((variances.last ?? 0) + variance))
    if let regime = regimes.last { occupation[regime] += length }
    variances.append(variance)
    spots.append(state.scalars(state.spot)[path])
    logSpots.append(state.scalars(state.logSpot)[path])
    regimes.append(Int(state.scalars(state.regime)[path]))
    isQuiet.append(true)
  }
}

extension RollOut {
  /// The path of one index, as every policy sees it.
  public func path(_ index: Int) -> RegimePath {
    guard let world = plan.world else { return RegimePath(plan: plan, index: index) }
    return RegimePath(plan: plan, motion: world, index: index)
  }
}
