import Formulation
import Glibc
import LinearAlgebra

/// The best blind intervals of one part of a chain: at a review in regime e one trades to z_e, whatever the deviation is,
/// and reviews again h_e later, whatever happens in between.
///
/// The regime at a review decides about the next interval: the regimes at reviews are a Markov chain with transitions
/// `exp(Q h_e)`, and the average is a ratio of its long-run sums. Everything is exact (`BlindStretch`); the parameters follow
/// from BFGS with differences of exact costs.
struct BlindIntervals {
  let problem: ScaledTracking
  /// Weights of the regimes in which the discounted cost begins, at x = 0, with a whole interval to the first review.
  let start: [Double]

  struct Costs {
    var total: [Double]
    var running: [Double]
  }

  struct Policy {
    var times: [Double]
    var targets: [Double]
  }

  struct Found {
    let policy: Policy
    /// Per regime: the long-run average, or the discounted value from x = 0.
    let costs: Costs
    let coarse: Costs
    /// Long-run trades and turnover per unit time, by the regime of the trade; nil where no single long-run law exists.
    let trades: [Double]?
    let turnover: [Double]?
    let left: Double
  }

  /// Steps of central differences, relative to intervals and in units of bands: their error is the square.
  private static let difference = 1e-4
  /// Differences carry about ten digits, their products the rest.
  private static let tolerance = 1e-11
  /// Where rounding of the differences ends the search, so much may be left, and counts as error …
  private static let acceptable = 1e-9
  /// … and where it is more, the search begins again from there with new curvatures, so many times in all.
  private static let attempts = 4
  /// An interval changes by at most a factor e in one step, a target by at most so many units.
  private static let reach = 1.0

  /// The cheapest of what several starts lead to.
  func search(from starts: [Policy], hasLongRun: Bool) -> Found? {
    let ends = starts.compactMap { minimum(from: $0) }
    guard let best = ends.min(by: { $0.value < $1.value }) else { return nil }
    return report(best.policy, left: best.left, hasLongRun: hasLongRun)
  }

  private func minimum(from start: Policy) -> (policy: Policy, value: Double, left: Double)? {
    let m = problem.count
    // Parameters: ln h, then z.
    let first = start.times.map { log($0) } + start.targets
    func policy(_ parameters: [Double]) -> Policy {
      Policy(times: parameters[..<m].map { exp($0) }, targets: Array(parameters[m...]))
    }
    func evaluate(_ parameters: [Double]) -> (value: Double, gradient: [Double], curvature: [Double])? {
      let here = policy(parameters)
      guard let stretches = try? (0..<m).map({ try BlindStretch(problem, from: $0, time: here.times[$0]) }),
        let value = objective(here, stretches)
      else { return nil }
      var (gradient, curvature) = ([Double](), [Double]())
      for i in parameters.indices {
        var pair: [Double] = []
        for sign in [-1.0, 1] {
          var moved = parameters
          moved[i] += sign * BlindIntervals.difference
          let there = policy(moved)
          var changed = stretches
          if i < m {
            guard let stretch = try? BlindStretch(problem, from: i, time: there.times[i]) else { return nil }
            changed[i] = stretch
          }
          guard let value = objective(there, changed) else { return nil }
          pair.append(value)
        }
        gradient.append((pair[1] - pair[0]) / (2 * BlindIntervals.difference))
        curvature.append((pair[1] - 2 * value + pair[0]) / (BlindIntervals.difference * BlindIntervals.difference))
      }
      return (value, gradient, curvature)
    }
    var search = QuasiNewton { from in from.map { _ in BlindIntervals.reach } }
    search.tolerance = BlindIntervals.tolerance
    var best: QuasiNewton.Point?
    for _ in 0..<BlindIntervals.attempts {
      guard let begin = evaluate(best?.parameters ?? first) else { return nil }
      let hessian = first.indices.map { i in
        first.indices.map {
          i == $0 ? max(abs(begin.curvature[i]), BlindIntervals.difference * abs(begin.value)) : 0.0
        }
      }
      best = search.minimise(from: best?.parameters ?? first, hessian: hessian) {
        evaluate($0).map { ($0.value, $0.gradient) }
      }
      guard let best else { return nil }
      if best.predicted <= BlindIntervals.acceptable * abs(best.value) { break }
    }
    guard let point = best, point.predicted <= BlindIntervals.acceptable * abs(point.value) else { return nil }
    return (policy(point.parameters), point.value, point.predicted)
  }

  /// The cost of a policy with everything known of it.
  func report(_ policy: Policy, left: Double, hasLongRun: Bool) -> Found? {
    var found: Found?
    for halvings in 0...BlindIntervals.halvings {
      let spacing = scalbn(BlindStretch.spacing, -halvings)
      found = report(policy, left: left, hasLongRun: hasLongRun, spacing: spacing)
      guard let found else { return nil }
      let error = zip(found.costs.total, found.coarse.total).map { abs($0 - $1) / abs($0) }.max()!
      if error <= BlindIntervals.known { break }
    }
    return found
  }

  /// Regimes of volatilities far apart need finer quadratures; the last counts where even they do not give these digits.
  private static let halvings = 3
  private static let known = 1e-8

  private func report(_ policy: Policy, left: Double, hasLongRun: Bool, spacing: Double) -> Found? {
    let m = problem.count
    let made = try? (0..<m).map { try BlindStretch(problem, from: $0, time: policy.times[$0], spacing: spacing) }
    guard let stretches = made, let costs = costs(policy, stretches),
      let coarse = self.costs(policy, stretches, stride: 2)
    else { return nil }
    var (trades, turnover): ([Double]?, [Double]?) = (nil, nil)
    if hasLongRun, let law = reviewLaw(policy, stretches) {
      let length = (0..<m).reduce(0) { $0 + law[$1] * policy.times[$1] }
      let growth = policy.times.map { exp(problem.discount * $0) }
      trades = (0..<m).map { f in
        (0..<m).reduce(0) { $0 + law[$1] * growth[$1] * stretches[$1].mass[f] } / length
      }
      turnover = (0..<m).map { f in
        (0..<m).reduce(0) {
          $0 + law[$1] * growth[$1]
            * stretches[$1].distance(f, from: policy.targets[$1], target: policy.targets[f])
        } / length
      }
    }
    return Found(policy: policy, costs: costs, coarse: coarse, trades: trades, turnover: turnover, left: left)
  }

  private func objective(_ policy: Policy, _ stretches: [BlindStretch]) -> Double? {
    guard let costs = costs(policy, stretches) else { return nil }
    return problem.discount == 0 ? costs.total[0] : zip(start, costs.total).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Total and running cost per regime.
  private func costs(_ policy: Policy, _ stretches: [BlindStretch], stride: Int = 1) -> Costs? {
    let m = problem.count
    func cycle(_ e: Int, from z: Double) -> (total: Double, running: Double) {
      let running = stretches[e].running(from: z)
      var trading = 0.0
      for f in 0..<m {
        let target = policy.targets[f]
        let (buy, sell) = (problem.slope[0][f], problem.slope[1][f])
        trading += problem.fixed[f] * stretches[e].mass[f]
        guard buy + sell > 0 else { continue }
        trading += 0.5 * (buy + sell) * stretches[e].distance(f, from: z, target: target, stride: stride)
        trading += 0.5 * (sell - buy) * stretches[e].mean(f, from: z, target: target)
      }
      return (running + trading, running)
    }
    let cycles = (0..<m).map { cycle($0, from: policy.targets[$0]) }
    if problem.discount == 0 {
      guard let law = reviewLaw(policy, stretches) else { return nil }
      let length = (0..<m).reduce(0) { $0 + law[$1] * policy.times[$1] }
      func average(_ part: (Int) -> Double) -> [Double] {
        Array(repeating: (0..<m).reduce(0) { $0 + law[$1] * part($1) } / length, count: m)
      }
      return Costs(total: average { cycles[$0].total }, running: average { cycles[$0].running })
    }
    // v = C + P v at reviews, then one more interval from x = 0.
    guard let total = resolve(stretches, cycles.map(\.total)), let running = resolve(stretches, cycles.map(\.running))
    else { return nil }
    let opening = (0..<m).map { cycle($0, from: 0) }
    func after(_ e: Int, _ values: [Double]) -> Double { zip(stretches[e].mass, values).reduce(0) { $0 + $1.0 * $1.1 } }
    return Costs(
      total: (0..<m).map { opening[$0].total + after($0, total) },
      running: (0..<m).map { opening[$0].running + after($0, running) })
  }

  /// v with `v = c + P v`.
  private func resolve(_ stretches: [BlindStretch], _ right: [Double]) -> [Double]? {
    RegenerationChain.values(right) { stretches[$0].mass[$1] }
  }

  /// The stationary law of the regime at reviews.
  private func reviewLaw(_ policy: Policy, _ stretches: [BlindStretch]) -> [Double]? {
    let growth = policy.times.map { exp(problem.discount * $0) }
    return RegenerationChain.law(problem.count) { growth[$0] * stretches[$0].mass[$1] }
  }
}
