import Control
import Formulation
import Glibc
import Simulation

/// How long, how finely and how often a band policy is rolled out, and whether that can say anything within the budget.
struct TrackingRollOutPlan {
  let settings: TrackingSettings

  /// Why a policy was not confronted with a simulation, as facts.
  enum Refusal: Error {
    /// Following the fastest process for as long as the slowest takes would need so many steps.
    case timeScales(steps: Double)
  }

  /// The step in units of the fastest time of any regime: (half-width)²/variance rate, or half-width/speed.
  private static let stepShare = 1e-3
  /// Where coefficients are looked at in a band.
  private static let places = 16
  /// The step may be so much longer before the roll-out is given up.
  private static let stretchLimit = 8.0
  /// Simulated time of one batch and of the burn-in, in units of the slowest time scale.
  private static let batchLengths = 20.0
  private static let burnInLengths = 5.0
  private static let batchCount = 8
  /// Replicas, and as few as they may become.
  private static let replicas = 64
  private static let fewestReplicas = 16
  /// Steps that one roll-out may take in all; a switch or a jump costs as much as several.
  private static let stepBudget = 4e7
  private static let stepsPerEvent = 5.0
  /// Discounted sums end where so little of a cost is left: e^{−ρT}.
  private static let forgotten = 1e-9
  /// Paths of a discounted sum, at most; more tell less than the step does.
  private static let mostReplicas = 4096
  /// … and as few as they may become where a sum is over after one turn of the slowest process: each is then one draw of something
  /// skewed, of which 128 were seen to miss by five of their standard errors. Over many turns one path is an average itself.
  private static let fewestSums = 512

  /// - Parameter regime: in which a discounted sum starts.
  init(
    _ problem: TrackingProblem, bands: [Band], certification: CertificationSettings, from regime: Int = 0
  ) throws(Refusal) {
    let times = zip(bands, problem.regimes).map { band, regime in
      let half = 0.5 * band.width
      let jumps = regime.jumps.map { $0.intensity * $0.secondMoment } ?? 0
      // Where they vary, the fastest counts.
      let places =
        [band.lower, band.upper]
        + (regime.isPlain ? [] : (1..<Self.places).map { band.lower + band.width * Double($0) / Double(Self.places) })
      let volatility = places.map { abs(regime.volatility(at: $0)) }.max()!
      let variance = volatility * volatility + jumps
      let speed = places.map { abs(regime.drift(at: $0)) }.max()!
      return min(half * half / variance, speed > 0 ? half / speed : .infinity)
    }
    let leaving = problem.generator.rates.enumerated().map { -$1[$0] }
    // A regime that is hardly ever left never mixes with the others; its average is then its own.
    let slowest = max(times.max()!, leaving.filter { $0 > 0 }.map { 1 / $0 }.max() ?? 0)
    let eventRate = zip(leaving, problem.regimes).map { $0 + ($1.jumps?.intensity ?? 0) }.max()!
    let lengths = Self.burnInLengths + Self.batchLengths * Double(Self.batchCount)
    var length = lengths * slowest
    var (replicas, fewest) = (Self.replicas, Self.fewestReplicas)
    if case .discounted(let rate) = problem.criterion {
      (length, replicas) = (-log(Self.forgotten) / rate, Self.mostReplicas)
      fewest = max(fewest, Int(Double(Self.fewestSums) * min(1, rate * slowest)))
    }
    var step = Self.stepShare * min(times.min()!, length)
    func work(_ replicas: Int, _ step: Double) -> Double {
      length * Double(replicas) * (1 / step + Self.stepsPerEvent * eventRate)
    }
    while replicas > fewest, work(replicas, step) > Self.stepBudget { replicas /= 2 }
    if work(replicas, step) > Self.stepBudget { step *= min(Self.stretchLimit, work(replicas, step) / Self.stepBudget) }
    // A little over is allowed: events cannot be made fewer.
    let steps = work(replicas, step)
    guard steps <= Self.stretchLimit * Self.stepBudget else { throw .timeScales(steps: steps) }
    let isAverage = problem.criterion == .longRunAverage
    var plan = TrackingSettings(
      step: step, burnIn: isAverage ? Self.burnInLengths * slowest : 0,
      batchLength: isAverage ? Self.batchLengths * slowest : length, batchCount: isAverage ? Self.batchCount : 1,
      replicaCount: replicas, seed: certification.seed, threads: certification.threads)
    plan.startRegime = regime
    settings = plan
  }
}
