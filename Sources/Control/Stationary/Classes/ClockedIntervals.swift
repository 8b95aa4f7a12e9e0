import Formulation
import Glibc

/// The best blind intervals of one part of a chain where `BlindIntervals` has no closed form: with running costs that are no one
/// polynomial, and under reversion in several regimes.
///
/// At a review in regime e one trades to z_e and reviews again h_e later. With C the cost of an interval, V = C + PV − g h (without
/// discount) what is still to come after a review and λ how often each regime has one,
///
///     ∂J/∂h_e = λ_e (∂C_e/∂h + Σ_f ∂P_ef/∂h V_f − g),
///     ∂J/∂z_e = λ_e ∂C_e/∂x + Σ_d λ_d ((k⁺ P_d(x < z_e; e) − k⁻ P_d(x > z_e; e)),
///
/// all of them sums up to a fixed time (`FixedTime`) or slopes of such sums, so that one evaluation gives the slopes in all
/// parameters. *Verified by* `ClockedIntervalTests`.
struct ClockedIntervals {
  let problem: ScaledTracking
  /// Weights of the regimes in which the discounted cost begins, at x = 0, with a whole interval to the first review.
  let start: [Double]
  let basis: ChebyshevBasis
  let nodes: Int
  let threads: Int
  /// As in `FixedTime`.
  var mostElements = Int.max

  typealias Policy = BlindIntervals.Policy

  /// Times and targets change by at most this in one step, in logarithms and units of bands.
  private static let reach = 0.7
  private static let tolerance = 1e-11
  private static let steps = 25
  /// Steps of the differences that the first curvatures are from, in logarithms and units of bands.
  private static let difference = 1e-3
  /// Where rounding ends the search so much may be left, and counts as error.
  private static let acceptable = 1e-8

  private var count: Int { problem.count }

  /// The cheapest of what several starts lead to.
  ///
  /// - Throws: what keeps the first start from being evaluated.
  func search(from starts: [Policy]) throws(StationaryError) -> (policy: Policy, left: Double)? {
    let ends = [try minimum(from: starts[0])] + starts.dropFirst().map { try? minimum(from: $0) }
    return ends.compactMap { $0 }.min { $0.value < $1.value }.map { ($0.policy, $0.left) }
  }

  private func policy(_ parameters: [Double]) -> Policy {
    Policy(times: parameters[..<count].map { exp($0) }, targets: Array(parameters[count...]))
  }

  private func minimum(from start: Policy) throws(StationaryError) -> (policy: Policy, value: Double, left: Double)? {
    let first = start.times.map { log($0) } + start.targets
    func evaluate(_ parameters: [Double]) -> (value: Double, gradient: [Double])? { try? cost(policy(parameters)) }
    let here = try cost(policy(first))
    var curvatures: [Double] = []
    for i in first.indices {
      var moved = first
      moved[i] += Self.difference
      guard let there = evaluate(moved) else { return nil }
      curvatures.append(abs(there.gradient[i] - here.gradient[i]) / Self.difference)
    }
    let hessian = first.indices.map { i in first.indices.map { $0 == i ? curvatures[i] : 0.0 } }
    var search = QuasiNewton { from in from.map { _ in Self.reach } }
    search.tolerance = Self.tolerance
    search.stepLimit = Self.steps
    let found = search.minimise(from: first, hessian: hessian, evaluate)
    guard let found, found.predicted <= Self.acceptable * abs(found.value) else { return nil }
    return (policy(found.parameters), found.value, found.predicted)
  }

  /// J and its slopes in ln h and z.
  func cost(_ policy: Policy) throws(StationaryError) -> (value: Double, gradient: [Double]) {
    let m = count
    var problem = problem
    problem.marks = policy.targets
    let bands = policy.targets.map { Band(lower: $0, upper: $0, targetLower: $0, targetUpper: $0) }
    // The cost, then by regime and side where the deviation is at the end.
    let functionals =
      [BandFunctional.total(problem)]
      + (0..<m).flatMap { f in BandSide.allCases.map { BandFunctional.trades(in: f, side: $0, count: m) } }
    let sums = functionals.map { functional -> FixedTime.Sum in
      var functional = functional
      functional.stopsAtTrade = true
      let whole = functional
      return FixedTime.Sum(functional: functional) { e, x in whole.atTrade(e, x, bands[e]) }
    }
    /// `[regime][sum]` at its target and at zero.
    let scaled = problem
    let (outer, inner) = FixedTime.threads(threads, regimes: m, scaled)
    let found = sideBySide(m, threads: outer) { e in
      Result { () throws(StationaryError) -> [[FixedTime.Reading]] in
        let (h, z) = (policy.times[e], policy.targets[e])
        let wide = try FixedTime.unbounded(
          bands.map { band in
            // Starts at zero and at the target lie inside.
            Band(
              lower: min(0, band.lower) - 1, upper: max(0, band.upper) + 1, targetLower: band.targetLower,
              targetUpper: band.targetUpper)
          }, scaled, time: h)
        return try FixedTime(
          problem: scaled, bands: wide, basis: basis, nodes: nodes, threads: inner, mostElements: mostElements
        )
        .values(sums, time: h, at: [(e, z), (e, 0)])
      }
    }
    var readings: [[[FixedTime.Reading]]] = []
    for one in found { readings.append(try one.get()) }
    func mass(_ e: Int, _ f: Int) -> Double { readings[e][1 + 2 * f][0].value + readings[e][2 + 2 * f][0].value }
    func massRate(_ e: Int, _ f: Int) -> Double { readings[e][1 + 2 * f][0].rate + readings[e][2 + 2 * f][0].rate }
    let costs = (0..<m).map { readings[$0][0][0].value }
    let isAverage = problem.discount == 0
    // How often reviews are, and what comes after them.
    let visits: [Double]?
    let values: [Double]?
    var average = 0.0
    if isAverage {
      let law = RegenerationChain.law(m, mass)
      guard let law else { throw .singular }
      let length = zip(law, policy.times).reduce(0) { $0 + $1.0 * $1.1 }
      visits = law.map { $0 / length }
      average = zip(visits!, costs).reduce(0) { $0 + $1.0 * $1.1 }
      // V is known but for a constant: it is zero in the last regime.
      values = DenseElimination.solution(m) { row, column in
        if row == m - 1 { return column == m - 1 ? 1 : 0 }
        return column == m ? costs[row] - average * policy.times[row] : (row == column ? 1 : 0) - mass(row, column)
      }
    } else {
      values = RegenerationChain.values(costs, mass)
      let first = (0..<m).map { f in (0..<m).reduce(0) { $0 + start[$1] * mass($1, f) } }
      visits = RegenerationChain.values(first) { mass($1, $0) }
    }
    guard let visits, let values else { throw .singular }
    func after(_ e: Int) -> Double { (0..<m).reduce(0) { $0 + massRate(e, $1) * values[$1] } }
    let value =
      isAverage
      ? average
      : (0..<m).reduce(0) { sum, e in
        sum + start[e] * (readings[e][0][1].value + (0..<m).reduce(0) { $0 + mass(e, $1) * values[$1] })
      }
    let opening = isAverage ? Array(repeating: 0, count: m) : start
    let inTimes = (0..<m).map { e in
      let later = after(e)
      return policy.times[e]
        * (visits[e] * (readings[e][0][0].rate + later - average) + opening[e] * (readings[e][0][1].rate + later))
    }
    let inTargets = (0..<m).map { e in
      (0..<m).reduce(visits[e] * readings[e][0][0].slope) { sum, d in
        func pull(_ place: Int) -> Double {
          problem.slope[0][e] * readings[d][1 + 2 * e][place].value
            - problem.slope[1][e] * readings[d][2 + 2 * e][place].value
        }
        return sum + visits[d] * pull(0) + opening[d] * pull(1)
      }
    }
    return (value, inTimes + inTargets)
  }
}
