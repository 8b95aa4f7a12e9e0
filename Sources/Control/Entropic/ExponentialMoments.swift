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
/// that is, until b reaches the far side of the plateau, hundreds of deviations away in ordinary markets. Where no b has that
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
