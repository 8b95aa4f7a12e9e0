import Formulation
import VectorMath

/// A world checked and lowered to what the kernel reads.
struct WorldMotion: Sendable {
  enum Kind: Sendable {
    case heston(HestonWorld, PhiloxStream)
    case bootstrap(BootstrapMotion)
  }

  let kind: Kind
  let seen: SeenRegimes
  /// The price's mean growth [1/year].
  let drift: Double
  /// The variance by which the first regime is seen [1/year].
  let initialVariance: Double

  /// Fewest returns of a history.
  static let fewestReturns = 2

  init(_ world: World, problem: OptionBookProblem, settings: RollOutSettings) throws(SimulationError) {
    seen = SeenRegimes(problem.environment)
    switch world {
    case .heston(let given):
      let heston = try WorldMotion.checked(given)
      drift = heston.drift ?? problem.market.rate
      initialVariance = heston.initialVariance
      kind = .heston(heston, PhiloxStream(seed: settings.seed, purpose: .variance))
    case .bootstrap(let given):
      let bootstrap = try WorldMotion.checked(given)
      let interval = bootstrap.seconds(in: problem.dayCount)
      let returns = (settings.checkEvery / interval).rounded()
      let isWhole = abs(returns * interval - settings.checkEvery) <= SampleTimes.coincidence * interval
      guard returns >= 1, isWhole else { throw .checkOffHistory(check: settings.checkEvery, interval: interval) }
      guard settings.substeps == 1, !settings.graded else {
        throw .checkOffHistory(check: settings.checkEvery / Double(settings.substeps), interval: interval)
      }
      let motion = BootstrapMotion(bootstrap, dayCount: problem.dayCount, seed: settings.seed)
      drift = motion.drift
      let first = problem.environment.regimes[problem.market.currentRegime].volatility
      initialVariance = first * first
      kind = .bootstrap(motion)
    }
  }

  /// Sub-steps between two checks that a world asks for beyond those of the settings.
  static func substeps(_ world: World?, checkEvery: Double) -> Int {
    guard case .heston(let heston) = world, let longest = heston.longestStep, longest > 0 else { return 1 }
    let steps = (checkEvery / longest * (1 - SampleTimes.coincidence)).rounded(.up)
    return steps < RollOutPlan.maximumSteps ? max(1, Int(steps)) : Int(RollOutPlan.maximumSteps)
  }

  /// Whether the risk is measured by the profits of the steps.
  var measuresProfits: Bool { if case .bootstrap = kind { true } else { false } }

  private static func checked(_ world: HestonWorld) throws(SimulationError) -> HestonWorld {
    func check(_ value: Double, _ holds: Bool, _ name: String, _ allowed: String) throws(SimulationError) {
      try require(value, holds && value.isFinite, "world.heston.\(name)", allowed)
    }
    try check(world.initialVariance, world.initialVariance >= 0, "initialVariance", "≥ 0")
    try check(world.reversion, world.reversion > 0, "reversion", "> 0")
    try check(world.longRunVariance, world.longRunVariance > 0, "longRunVariance", "> 0")
    try check(world.volatilityOfVariance, world.volatilityOfVariance > 0, "volatilityOfVariance", "> 0")
    try check(world.correlation, abs(world.correlation) <= 1, "correlation", "from −1 to 1")
    if let drift = world.drift { try check(drift, true, "drift", "finite") }
    if let step = world.longestStep { try check(step, step > 0, "longestStep", "> 0 s") }
    return world
  }

  private static func checked(_ world: BootstrapWorld) throws(SimulationError) -> BootstrapWorld {
    func check(_ value: Double, _ holds: Bool, _ name: String, _ allowed: String) throws(SimulationError) {
      try require(value, holds && value.isFinite, "world.bootstrap.\(name)", allowed)
    }
    let count = Double(world.returns.count)
    try check(count, world.returns.count >= fewestReturns && count < 0x1p31, "returns", "at least 2")
    for value in world.returns { try check(value, true, "returns", "finite") }
    switch world.interval {
    case .seconds(let seconds): try check(seconds, seconds > 0, "interval", "> 0 s")
    case .perYear(let number): try check(number, number > 0, "interval", "> 0 in a year")
    }
    if let length = world.blockLength { try check(length, length >= 1, "blockLength", "≥ 1") }
    try check(world.halfLife, world.halfLife > 0, "halfLife", "> 0")
    if let drift = world.drift { try check(drift, true, "drift", "finite") }
    return world
  }
}
