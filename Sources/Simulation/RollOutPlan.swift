import Formulation
import Glibc
import VectorMath

/// How a roll-out is made.
public struct RollOutSettings: Sendable, Equatable {
  /// δ, seconds between checks.
  public var checkEvery: Double
  /// Whether expiries before the horizon are looks as well, for whoever watches without pause: what is left is hedged at once.
  public var looksAtExpiries = false
  /// Whether checks gather towards expiries, `horizon/checkEvery` in all: those of a stretch that ends with one lie at the
  /// shares (j/n)² of its length before it.
  public var graded = false
  /// Sub-steps of the path and of the quadrature between two checks.
  public var substeps: Int
  /// A multiple of the block; see `RollOut.blockSize`.
  public var pathCount: Int
  public var seed: UInt64
  /// Whether paths come in pairs with opposite Brownian increments and one regime path.
  public var antithetic: Bool
  /// Whether marks, profit and loss and times between trades are measured too, at about half the speed.
  public var detailed: Bool
  /// Threads; nil: one per processor. The results do not depend on it.
  public var threads: Int?
  /// How the normals are drawn.
  public var sequence = PathSequence.pseudorandom

  public init(
    checkEvery: Double, substeps: Int = 1, pathCount: Int, seed: UInt64, antithetic: Bool = false,
    detailed: Bool = true, threads: Int? = nil
  ) {
    self.checkEvery = checkEvery
    self.substeps = substeps
    self.pathCount = pathCount
    self.seed = seed
    self.antithetic = antithetic
    self.detailed = detailed
    self.threads = threads
  }
}

/// A problem and settings, checked and lowered to what the kernel reads.
struct RollOutPlan: Sendable {
  let problem: OptionBookProblem
  let settings: RollOutSettings
  let sample: SampleTimes
  let regimes: [Regime]
  let clocks: RegimeClocks
  let stream: RandomStream
  let startLogSpot: Double
  /// Instants nearer than this are one [years].
  let coincidence: Double
  /// Whether the regime can change at all.
  let switches: Bool
  let motion: PriceMotion
  private let longestGrowth: Double
  /// For a price that jumps.
  let jumpRisk: JumpRisk?
  /// Whether holding anything costs or earns more than its financing in some regime.
  let carries: Bool
  /// With exponential utility.
  private(set) var wealth: TerminalWealth?
  /// Where paths are drawn under exponential utility; nil: from their own law.
  private(set) var tilt: ImportanceTilt?
  /// Where prices come from; nil: from the model.
  let world: WorldMotion?
  /// Per regime, what trades at once are charged by.
  let costs: [FormulaCost]
  /// Whether they are the same in every regime, and whether any has a fixed part.
  let costsAlike: Bool
  let hasFixed: Bool
  /// Whether trades are charged in proportion alone, alike in all regimes, in any size, and nothing follows them but the sums of the
  /// lean columns.
  let isPlain: Bool
  /// With costs or execution beyond K + k|u| and lots.
  let general: GeneralTrades?

  /// Instants beyond this are an input error (a year of one-second checks has 3·10⁷) rather than a study.
  static let maximumSteps = 1e9
  /// Regime switches, and jumps, that one path may be expected to make: at 20 ns each, some minutes for the certificate's
  /// paths. Regimes that switch faster than this are one regime of the mean variance, and so are jumps.
  static let maximumSwitches = 1e6

  /// Kou's upward scale from which E e^{4Z}, and with it the variance of what a path costs, is infinite.
  static let mostScaleUp = 0.25

  init(
    problem: OptionBookProblem, settings given: RollOutSettings, world: World? = nil
  ) throws(SimulationError) {
    var settings = given
    settings.substeps = max(given.substeps, WorldMotion.substeps(world, checkEvery: given.checkEvery))
    try require(
      settings.checkEvery, settings.checkEvery > 0 && settings.checkEvery.isFinite, "checkEvery", "> 0 s")
    try require(Double(settings.substeps), settings.substeps >= 1, "substeps", "≥ 1")
    try require(Double(settings.pathCount), settings.pathCount >= 2, "pathCount", "≥ 2")
    if settings.antithetic {
      try require(
        Double(settings.pathCount), settings.pathCount % RollOut.antitheticGroup == 0, "pathCount",
        "a multiple of 16 when antithetic")
    }
    try RollOutPlan.checkSequence(settings, world: world)
    if let threads = settings.threads { try require(Double(threads), threads >= 1, "threads", "≥ 1") }
    let check = settings.checkEvery / problem.dayCount.secondsPerYear
    let steps = problem.horizon / check * Double(settings.substeps)
    try require(steps, steps <= RollOutPlan.maximumSteps, "steps", "≤ 10⁹")
    let switchesPerPath = problem.environment.generator.rates.enumerated().map { -$1[$0] }.max()! * problem.horizon
    try require(switchesPerPath, switchesPerPath <= RollOutPlan.maximumSwitches, "switches per path", "≤ 10⁶")
    let jumpsPerPath = problem.environment.regimes.map { $0.jumps?.intensity ?? 0 }.max()! * problem.horizon
    try require(jumpsPerPath, jumpsPerPath <= RollOutPlan.maximumSwitches, "jumps per path", "≤ 10⁶")
    for regime in problem.environment.regimes where regime.hasJumps {
      guard case .kou(let up, _, let probability) = regime.jumps!.law, probability > 0 else { continue }
      try require(
        up, up < RollOutPlan.mostScaleUp, "jumps.kou.scaleUp",
        "below 0.25: from there on the simulated cost has no finite variance, and no standard error")
    }
    self.problem = problem
    self.settings = settings
    let costs = problem.costs.map { FormulaCost($0) }
    self.costs = costs
    costsAlike = costs.allSatisfy { $0 == costs[0] }
    hasFixed = costs.contains { $0.fixed != 0 }
    general = GeneralTrades(problem)
    sample =
      settings.graded
      ? SampleTimes(gradedOver: problem.horizon, check: check, expiries: problem.book.expiries)
      : SampleTimes(
        horizon: problem.horizon, check: check, substeps: settings.substeps, expiries: problem.book.expiries,
        delays: general?.delays ?? [], looksAtExpiries: settings.looksAtExpiries)
    regimes = problem.environment.regimes
    stream = RandomStream(seed: settings.seed)
    clocks = RegimeClocks(generator: problem.environment.generator, stream: stream)
    startLogSpot = log(problem.market.spot)
    coincidence = SampleTimes.coincidence * check
    switches = clocks.isRunning
    motion = PriceMotion(problem.environment, seed: settings.seed)
    let reachable = clocks.isRunning ? Array(regimes.indices) : [problem.market.currentRegime]
    longestGrowth = RollOutPlan.longestGrowth(regimes, reachable: reachable, motion)
    let other = try world.map { (given) throws(SimulationError) in
      try WorldMotion(given, problem: problem, settings: settings)
    }
    self.world = other
    jumpRisk = other == nil ? JumpRisk(problem, motion: motion, seed: settings.seed) : nil
    wealth = TerminalWealth(problem, coincidence: coincidence, isOwnWorld: other == nil)
    isPlain =
      costsAlike && costs[0].isProportional && problem.execution.lot == 0 && wealth == nil && !settings.detailed
    carries = regimes.contains { $0.funding != 0 || (other?.drift ?? $0.drift) != problem.market.rate }
  }

  /// Whether no price can move further in a step of some length than `grown` follows it: then a price grows by its move, at half
  /// the cost of an exponential of its logarithm. Jumps have no bound, and neither have normals that are shifted or come from
  /// Sobol's points.
  func grows(_ length: Double) -> Bool {
    length <= longestGrowth && tilt == nil && settings.sequence == .pseudorandom
  }

  /// The longest step of length l with `a l + z σ √l ≤ g` for the greatest normal z, where |μ − ½σ²| ≤ a and σ are those of the
  /// worst of the regimes that a path can be in, and g is `greatestGrowth`; none with jumps.
  private static func longestGrowth(_ regimes: [Regime], reachable: [Int], _ motion: PriceMotion) -> Double {
    var (slope, spread) = (0.0, 0.0)
    for index in reachable {
      if motion.intensity[index] > 0 || reachable.count > 1 && !motion.switchJumps.isEmpty { return 0 }
      let volatility = regimes[index].volatility
      slope = max(slope, abs(motion.drift[index] - 0.5 * volatility * volatility))
      spread = max(spread, PhiloxStream.greatestOfFour * volatility)
    }
    // The root of the quadratic in √l, in the form that does not cancel.
    let root = 2 * greatestGrowth / (spread + (spread * spread + 4 * slope * greatestGrowth).squareRoot())
    return root * root
  }

  /// The same with paths drawn where they matter.
  func tilted(by guide: LossGuide) -> RollOutPlan {
    // A guide knows where the model makes its mean, not where another world does.
    guard world == nil else { return self }
    var plan = self
    plan.tilt = ImportanceTilt(problem, guide: guide)
    plan.wealth = plan.wealth?.measured(againstLoss: guide.losses[problem.market.currentRegime])
    return plan
  }

  /// The number of the first stream of eight that a vector of paths draws from. Antithetic paths share one: paths
  /// 16q … 16q + 7 move with the streams 8q …, paths 16q + 8 … 16q + 15 against them.
  @inline(__always)
  func firstStream(firstPath: Int, vector: Int) -> UInt64 {
    settings.antithetic
      ? UInt64(firstPath / 2 + (vector >> 1) * Lanes.scalarCount)
      : UInt64(firstPath + vector * Lanes.scalarCount)
  }

  /// Draws a block's normals for the four steps from one whose number is a multiple of four: all random bits, then all
  /// normals, so that each loop has few constants and short chains.
  func drawNormals(firstPath: Int, step: Int, state: BlockState) {
    let (first, second, third, fourth) = (state.normals(0), state.normals(1), state.normals(2), state.normals(3))
    let group = UInt32(truncatingIfNeeded: step >> 2)
    let stream = stream
    let distance = settings.antithetic ? 2 : 1
    for vector in Swift.stride(from: 0, to: BlockState.vectorCount, by: distance) {
      let stream0 = firstStream(firstPath: firstPath, vector: vector)
      let bits = stream.quadrupleBits(firstStream: stream0, step: group)
      first[vector] = unsafeBitCast(bits.0, to: Lanes.self)
      third[vector] = unsafeBitCast(bits.1, to: Lanes.self)
    }
    for (bits, other) in [(first, second), (third, fourth)] {
      for vector in Swift.stride(from: 0, to: BlockState.vectorCount, by: distance) {
        (bits[vector], other[vector]) = normalPair(bits: unsafeBitCast(bits[vector], to: LaneWords.self))
      }
    }
    guard settings.antithetic else { return }
    for normals in [first, second, third, fourth] {
      for vector in Swift.stride(from: 0, to: BlockState.vectorCount, by: 2) { normals[vector + 1] = -normals[vector] }
    }
  }

  /// Sets the first switch and the first jump of every path of a block.
  func startClocks(firstPath: Int, state: BlockState) {
    let start = problem.market.currentRegime
    let next = state.scalars(state.nextSwitch)
    for path in 0..<BlockState.pathCount {
      let (vector, lane) = (path / Lanes.scalarCount, path % Lanes.scalarCount)
      let stream = firstStream(firstPath: firstPath, vector: vector) + UInt64(lane)
      next[path] = clocks.sojourn(stream: stream, switches: 0, regime: start)
      state.scalars(state.wait)[path] = motion.wait(stream: stream, number: 0)
    }
  }

  /// Lets the clocks of those among eight paths run to the end of a step on which something happens: exact times of switches
  /// and jumps, hence exact `∫μ dt`, `∫σ² dt` and jumps.
  func switchRegimes(
    from start: Double, to end: Double, firstPath: Int, vector: Int, where busy: SIMDMask<SIMD8<Int64>>,
    state: BlockState, shift: inout Lanes, scale: inout Lanes
  ) {
    for lane in 0..<Lanes.scalarCount where busy[lane] {
      let path = vector * Lanes.scalarCount + lane
      let stream = firstStream(firstPath: firstPath, vector: vector) + UInt64(lane)
      var own = PriceMotion.Clocks(
        regime: Int(state.regime[vector][lane]), nextSwitch: state.nextSwitch[vector][lane],
        switches: state.switchCount[path], wait: state.wait[vector][lane], jumps: state.jumpCount[path])
      let step = motion.advance(&own, switching: clocks, stream: stream, from: start, to: end)
      shift[lane] = step.shift
      scale[lane] = step.variance.squareRoot()
      let regime = own.regime
      state.nextSwitch[vector][lane] = own.nextSwitch
      state.switchCount[path] = own.switches
      state.wait[vector][lane] = own.wait
      state.jumpCount[path] = own.jumps
      state.regime[vector][lane] = Double(regime)
      state.volatility[vector][lane] = regimes[regime].volatility
      state.drift[vector][lane] = regimes[regime].drift
      state.priceDrift[vector][lane] = motion.drift[regime]
      state.intensity[vector][lane] = motion.intensity[regime]
      state.funding[vector][lane] = regimes[regime].funding
    }
  }
}

extension RollOutPlan {
  /// Clears the lanes whose regime changed by a switch that moves the price: what it does to the marks is counted as the risk of
  /// a jump, beside the move of the hedge.
  func forgetPriceJumps(_ jump: inout Lanes, from before: Lanes, to after: Lanes) {
    for from in regimes.indices {
      for to in regimes.indices where motion.switchJumps[from][to] != 0 {
        jump.replace(with: 0, where: (before .== Double(from)) .& (after .== Double(to)))
      }
    }
  }
}
