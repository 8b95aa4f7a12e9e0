import Formulation
import Glibc

/// Whether the expectation of `e^{γ·loss}` exists where nobody trades for a while.
///
/// Between looks, and while attempts fail, an inventory is held whatever the price does. One that is short when the price is high,
/// `Δ_book − lim Δ > 0` units of it, loses γ m X with a price whose logarithm has Gaussian tails: the expectation over all prices is
/// infinite, however short the time and small γ. The grid ends at a log-move b, a price beyond it being held there, and the
/// expectation over it is a number that does not depend on b as long as
///
///     γ m X (e^b − 1) − b²/(2σ²t) + (n − 1) ln p ≤ −ln 10⁶,      t = n δ,  p the probability that an attempt fails,
///
/// and, of a price that jumps up, as long as the law's tail at b is as small beside its exponential; that is, until b reaches the far side of the plateau, hundreds of deviations away in ordinary markets. Where no b has that
/// property the problem is infinite in earnest and is refused. A position that is long, or covered, has all moments.
/// *Verified by* `EntropicReviewTests.refusesWhatIsInfinite`.
struct ExponentialMoments {
  /// Units short of the underlying at a high price when the inventory hedges at a low one [units].
  let uncovered: Double
  private let problem: OptionBookProblem

  /// Spots at which the book's delta is looked at.
  private static let probes = 60
  /// What is beyond the grid may be this share of the expectation.
  private static let negligible = 1e-6

  init(_ problem: OptionBookProblem) {
    self.problem = problem
    var limit = 0.0
    for leg in problem.book.legs {
      switch leg.instrument {
      case .option(let kind, _, _): limit += kind == .call ? leg.quantity : 0
      default: limit += leg.quantity
      }
    }
    var most = -Double.infinity
    let reach = ExponentialMoments.reach(of: problem)
    for regime in 0..<problem.environment.count {
      for probe in 0...ExponentialMoments.probes {
        let spot = problem.market.spot * exp(reach * (2 * Double(probe) / Double(ExponentialMoments.probes) - 1))
        most = max(most, problem.book.greeks(time: 0, spot: spot, regime: regime).delta)
      }
    }
    let excess = most - limit
    uncovered = excess > ExponentialMoments.negligible * problem.book.grossQuantity ? excess : 0
  }

  /// Where the grid ends, in log-moves from today's spot.
  static func reach(of problem: OptionBookProblem) -> Double {
    FiniteHorizonGrid.halfRange(problem: problem, settings: GridSettings())
  }

  /// Exposure whose exponential is taken, `γ m X` at today's spot.
  var exposure: Double {
    let growth = exp(max(0, problem.market.rate) * problem.horizon)
    return problem.preference.riskAversion * uncovered * problem.market.spot * growth
  }

  /// Whether jumps leave an expectation that the grid's end decides: with f the density of upward jumps of rate ν,
  /// `ln(ν T ∫_b f) + γ m X (e^b − 1)` at the grid's end b.
  var isInfiniteThroughJumps: Bool {
    guard uncovered > 0 else { return false }
    let end = ExponentialMoments.reach(of: problem)
    let gain = exposure * (exp(end) - 1)
    return problem.environment.regimes.contains { regime in
      guard let jumps = regime.jumps, jumps.intensity > 0 else { return false }
      let often = log(max(1, jumps.intensity * problem.horizon))
      switch jumps.law {
      case .merton(let mean, let deviation):
        let distance = (end - mean) / deviation
        return gain + often - 0.5 * distance * distance > log(ExponentialMoments.negligible)
      case .kou(let up, _, let probability):
        return probability > 0 && gain + often - end / up > log(ExponentialMoments.negligible)
      }
    }
  }

  /// Whether looks every so many years leave an expectation that the grid's end decides.
  func isInfinite(period: Double) -> Bool {
    guard uncovered > 0 else { return false }
    let end = ExponentialMoments.reach(of: problem)
    let volatility = problem.environment.regimes.map(\.volatility).max()!
    let gain = exposure * (exp(end) - 1)
    let looks = max(1, (problem.horizon / period).rounded(.up))
    func exponent(_ count: Double, _ logProbability: Double) -> Double {
      gain - end * end / (2 * volatility * volatility * count * period) + (count - 1) * logProbability
    }
    // A largest trade takes several looks to cover; failures take any number, each with its probability.
    let pieces = problem.execution.maximumTrade.map { max(1, (uncovered / $0).rounded(.up)) } ?? 1
    var worst = exponent(min(looks, pieces), 0)
    if problem.execution.failure > 0 {
      let logProbability = log(problem.execution.failure)
      var count = 1.0
      while count <= looks {
        worst = max(worst, exponent(min(looks, count * pieces), 0) + (count - 1) * logProbability)
        count += 1
      }
    }
    return worst > log(ExponentialMoments.negligible)
  }
}

extension EnvironmentChain {
  /// Whether the price may jump upwards by any amount.
  var jumpsUp: Bool {
    regimes.contains { regime in
      guard let jumps = regime.jumps, jumps.intensity > 0 else { return false }
      if case .kou(_, _, let probability) = jumps.law { return probability > 0 }
      return true
    }
  }
}
