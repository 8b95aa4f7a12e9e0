import Formulation
import Glibc

/// The exact mean and deviation of the profit of hedging at equal intervals to the delta of the marks, costs included, up to
/// quadrature: no simulation, no small interval.
///
/// The holding after a review is a function of the price there, so that the profit is a sum over steps of functions of two
/// prices in a row. With X = gain − cost + m' over one step,
///
///     m(t, S) = E X,   w(t, S) = E w' + Var X,   mean = m(0, S₀),   variance = w(0, S₀)
///
/// Conditional expectations are Gauss's rule on panels that split where the trade changes its sign and at strikes that expire;
/// m and w are interpolated cubically on a log-spot grid of an eighth of a step's deviation. The same numbers have closed forms for single
/// options (Toft 1996; Angelini and Herzel 2007). The profit is that of a roll-out: sums of gains beyond their financing, the
/// first trade and the settlement included. *Verified by* `DiscreteHedgingRollOutTests.momentsAgainstSimulation`.
public struct HedgeMoments: Sendable, Equatable {
  /// [quote].
  public let mean: Double
  /// [quote].
  public let deviation: Double

  /// Reviews that take a second or two.
  static let mostReviews = 200
  private static let nodesPerStep = 8.0
  private static let reach = 6.5
  private static let panel = GaussLegendre(count: 8)
  private static let cuts = [-7.5, -4, -2.5, -1.25, 0, 1.25, 2.5, 4, 7.5]
  /// Bisections for the price at which nothing is traded; what is left is squared in the integral.
  private static let bisections = 16
  /// Where it is sought, in deviations of a step.
  private static let bracket = 2.0

  /// Nil for several regimes, for expiries before the horizon, and for more reviews than are computed.
  public init?(_ problem: OptionBookProblem, interval: Double) {
    let reviews = FormulaRule.reviews(horizon: problem.horizon, interval: interval)
    guard problem.environment.count == 1, reviews.count <= HedgeMoments.mostReviews,
      problem.book.expiries.allSatisfy({ $0 >= problem.horizon })
    else { return nil }
    var chain = Chain(problem, reviews: reviews, interval: interval)
    let start = chain.run()
    let delta = problem.book.greeks(time: 0, spot: problem.market.spot, regime: 0).delta
    let first = problem.costs[0].charge(price: problem.market.spot, trade: -delta - problem.inventory)
    mean = start.mean - first
    deviation = start.variance.squareRoot()
  }

  /// The backward recursion.
  private struct Chain {
    let problem: OptionBookProblem
    let regime: Regime
    let reviews: [Double]
    let spacing: Double
    let half: Int
    let centre: Double
    var means: [Double]
    var variances: [Double]

    init(_ problem: OptionBookProblem, reviews: [Double], interval: Double) {
      self.problem = problem
      self.reviews = reviews
      regime = problem.environment.regimes[0]
      let step = regime.volatility * min(interval, problem.horizon).squareRoot()
      spacing = step / HedgeMoments.nodesPerStep
      let widest = HedgeMoments.reach * regime.volatility * problem.horizon.squareRoot()
      half = Int(((widest + abs(regime.drift) * problem.horizon) / spacing).rounded(.up)) + 2
      centre = log(problem.market.spot)
      means = Array(repeating: 0, count: 2 * half + 1)
      variances = means
    }

    mutating func run() -> (mean: Double, variance: Double) {
      for index in reviews.indices.reversed() {
        let (time, next) = (reviews[index], index + 1 < reviews.count ? reviews[index + 1] : problem.horizon)
        let reached = HedgeMoments.reach * regime.volatility * time.squareRoot() + abs(regime.drift) * time
        let span = index == 0 ? 0 : min(half, Int((reached / spacing).rounded(.up)) + 2)
        var (newMeans, newVariances) = (means, variances)
        for node in (half - span)...(half + span) {
          let found = step(
            from: time, to: next, isLast: index + 1 == reviews.count, at: centre + Double(node - half) * spacing)
          newMeans[node] = found.mean
          newVariances[node] = found.variance
        }
        // Beyond what is reached the ends stand for it.
        for node in 0..<(half - span) {
          (newMeans[node], newVariances[node]) = (newMeans[half - span], newVariances[half - span])
        }
        for node in (half + span + 1)..<max(half + span + 1, means.count) {
          (newMeans[node], newVariances[node]) = (newMeans[half + span], newVariances[half + span])
        }
        (means, variances) = (newMeans, newVariances)
      }
      return (means[half], variances[half])
    }

    private func step(from time: Double, to next: Double, isLast: Bool, at x: Double) -> (
      mean: Double, variance: Double
    ) {
      let length = next - time
      let deviation = regime.volatility * length.squareRoot()
      let shift = (regime.drift - 0.5 * regime.volatility * regime.volatility) * length
      let growth = exp(problem.market.rate * length)
      let spot = exp(x)
      let here = problem.book.greeks(time: time, spot: spot, regime: 0)
      let holding = -here.delta
      func later(_ z: Double) -> (position: Double, spot: Double, greeks: Greeks) {
        let position = x + shift + deviation * z
        let price = exp(position)
        return (position, price, problem.book.greeks(time: next, spot: price, regime: 0))
      }
      var cuts = HedgeMoments.cuts
      if isLast {
        for leg in problem.book.legs {
          guard case .option(_, let strike, _) = leg.instrument, leg.expiry == next else { continue }
          cuts.append((log(strike) - x - shift) / deviation)
        }
      } else if let still = root({ later($0).greeks.delta + holding }) {
        cuts.append(still)
      }
      cuts = cuts.filter { abs($0) <= HedgeMoments.cuts.last! }.sorted()
      var outcomes: [(mass: Double, value: Double)] = []
      var (mass, mean, carried) = (0.0, 0.0, 0.0)
      for (from, to) in zip(cuts, cuts.dropFirst()) where to > from {
        for (node, weight) in zip(HedgeMoments.panel.nodes, HedgeMoments.panel.weights) {
          let z = 0.5 * (from + to) + 0.5 * (to - from) * node
          let probability = 0.5 * (to - from) * weight * NormalLaw.density(z)
          let end = later(z)
          var value = end.greeks.value - here.value * growth + holding * (end.spot - spot * growth)
          if isLast {
            value -= problem.settlementCharge(spot: end.spot, regime: 0, inventory: holding)
          } else {
            value -= problem.costs[0].charge(price: end.spot, trade: -end.greeks.delta - holding)
            let place = min(max((end.position - centre) / spacing + Double(half), 0), Double(2 * half))
            value += CubicInterpolation.value(means, base: 0, count: means.count, at: place)
            carried += probability * CubicInterpolation.value(variances, base: 0, count: variances.count, at: place)
          }
          mass += probability
          mean += probability * value
          outcomes.append((probability, value))
        }
      }
      mean /= mass
      let spread = outcomes.reduce(0) { $0 + $1.mass * ($1.value - mean) * ($1.value - mean) }
      return (mean, (carried + spread) / mass)
    }

    /// Where a monotone function changes its sign within the bracket.
    private func root(_ function: (Double) -> Double) -> Double? {
      var (low, high) = (-HedgeMoments.bracket, HedgeMoments.bracket)
      let atLow = function(low)
      guard atLow * function(high) < 0 else { return nil }
      for _ in 0..<HedgeMoments.bisections {
        let middle = 0.5 * (low + high)
        if function(middle) * atLow > 0 { low = middle } else { high = middle }
      }
      return 0.5 * (low + high)
    }
  }
}
