import Formulation
import Glibc
import LinearAlgebra

/// What a trade of given size by one route costs.
protocol TradeRoute: Sendable {
  /// Index into `RouteTable.delays`.
  var delay: Int { get }
  /// E K [quote].
  var fixed: Double { get }
  var attempt: SolverRoute.Attempt { get }
  /// E c(S', u) without the fixed part, for eight trades [quote].
  func charge(price: LineGroup, trade: LineGroup) -> LineGroup
}

/// One route as the solver sees it in one regime: what it charges, in expectation over the delay until the fill.
struct SolverRoute: TradeRoute {
  /// Index into `RouteTable.delays`.
  let delay: Int
  /// E K, when the attempt is made [quote]; in continuous monitoring per successful trade.
  let fixed: Double
  /// What an attempt is worth before its fixed cost.
  let attempt: Attempt
  /// The rest of the costs at the fill, per regime then.
  let costs: [TradeCost]
  /// `E[S' 1{e'}]/S` per regime at the fill.
  let weights: [Double]
  /// dc/du at 0 over the price, for a purchase and a sale.
  let marginal: (buy: Double, sell: Double)
  let hasImpact: Bool

  /// What a trade that gains g is worth when it may fail with probability p, and the fixed cost that goes with it.
  enum Attempt: Sendable {
    /// An attempt happens with the share `success`: `success · g − K`.
    case expected(success: Double)
    /// One attempt under exponential utility, `−ln(p + (1 − p) e^{−γg})/γ − K`.
    case certaintyEquivalent(failure: Double, riskAversion: Double)
    /// Attempts repeated at once until one succeeds: N of them are paid, with `P(N = n) = (1 − p) pⁿ⁻¹`, whose certainty
    /// equivalent is `K + ln((1 − p)/(1 − p e^{γK}))/γ`, and infinite from `p e^{γK} = 1` on.
    case repeated(failure: Double, riskAversion: Double)
  }

  /// What trying for a gain [quote] is worth.
  ///
  /// - Parameter growth: what money of the trade's time is worth in the units of the gain.
  @inline(__always)
  func net(_ gain: Double, growth: Double) -> Double { attempt.net(gain, paid: growth * fixed) }

  @inline(__always)
  func charge(price: LineGroup, trade: LineGroup) -> LineGroup {
    if costs.count == 1 { return weights[0] * costs[0].charge(price: price, trade: trade) }
    var total = LineGroup.zero
    for index in costs.indices { total += weights[index] * costs[index].charge(price: price, trade: trade) }
    return total
  }
}

extension SolverRoute.Attempt {
  /// What trying for a gain is worth when the ticket costs `paid`, in units of the gain.
  @inline(__always)
  func net(_ gain: Double, paid: Double) -> Double {
    switch self {
    case .expected(let success): return success * gain - paid
    case .certaintyEquivalent(let failure, let riskAversion):
      return -log1p((1 - failure) * expm1(-riskAversion * gain)) / riskAversion - paid
    case .repeated(let failure, let riskAversion):
      let left = 1 - failure * exp(riskAversion * paid)
      return left > 0 ? gain - paid - log((1 - failure) / left) / riskAversion : -.infinity
    }
  }

  /// The same for eight gains.
  @inline(__always)
  func net(_ gains: LineGroup, paid: Double) -> LineGroup {
    if case .expected(let success) = self { return success * gains - paid }
    var worth = LineGroup.zero
    for lane in 0..<LineGroup.scalarCount { worth[lane] = net(gains[lane], paid: paid) }
    return worth
  }
}

/// Every route of every regime.
///
/// A fill comes d after the decision, at the price and in the regime of that moment. Charges that are proportional to the
/// price have the expectation `Σ (e^{(Q + diag μ)d})_{ee'} c_{e'}(S, u)`, fixed ones `Σ (e^{Qd})_{ee'} K_{e'}`: exact but
/// for pools, whose depth is taken at the price of the decision (error of order σ²d of their impact). Under exponential
/// utility fills are immediate, and failures enter by their certainty equivalent (`SolverRoute.Attempt`).
struct RouteTable: Sendable {
  /// `[regime][route]`.
  let routes: [[SolverRoute]]
  /// `[regime][route]` of regimes all of whose routes are plain; empty for the others.
  let plain: [[PlainRoute]]
  /// Distinct delays [years], ascending.
  let delays: [Double]
  /// The largest trade [units].
  let maximumTrade: Double

  /// Whether V after a decision to trade is a straight line from where the trade leads, whatever waiting would have been worth:
  /// one route per regime, of `K + k|u|` for any size, whose fill is immediate and certain.
  var leadsToLines: Bool {
    maximumTrade == .infinity && delays == [0]
      && plain.allSatisfy { routes in
        guard routes.count == 1, case .expected(let success) = routes[0].attempt else { return false }
        return success == 1
      }
  }

  init(problem: OptionBookProblem, isReview: Bool) throws(ControlError) {
    let execution = problem.execution
    let given = problem.costs.map(\.routes)
    let seconds = Set(given.joined().map { $0.delay + execution.delay }).sorted()
    delays = seconds.map { $0 / problem.dayCount.secondsPerYear }
    maximumTrade = execution.maximumTrade ?? .infinity
    let chain = problem.environment
    let isUtility = problem.preference.isExponential
    let attempt: SolverRoute.Attempt
    if isUtility, execution.failure > 0 {
      let aversion = problem.preference.riskAversion
      attempt =
        isReview
        ? .certaintyEquivalent(failure: execution.failure, riskAversion: aversion)
        : .repeated(failure: execution.failure, riskAversion: aversion)
    } else {
      attempt = .expected(success: isReview ? 1 - execution.failure : 1)
    }
    var table: [[SolverRoute]] = []
    for regime in 0..<chain.count {
      var row: [SolverRoute] = []
      for (index, route) in given[regime].enumerated() {
        let delay = seconds.firstIndex(of: route.delay + execution.delay)!
        var regimes = [regime]
        var (priced, plain) = ([1.0], [1.0])
        if delays[delay] > 0 {
          // A regime with fewer routes than this one keeps its last for it.
          regimes = Array(0..<chain.count)
          priced = try RouteTable.transition(chain, years: delays[delay], withDrift: true)[regime]
          plain = try RouteTable.transition(chain, years: delays[delay], withDrift: false)[regime]
        }
        let there = regimes.map { given[$0][min(index, given[$0].count - 1)].cost }
        let expected = zip(plain, there).reduce(0) { $0 + $1.0 * $1.1.fixed }
        var rest = there
        for position in rest.indices { rest[position].fixed = 0 }
        let marginals = rest.map(\.marginal)
        row.append(
          SolverRoute(
            delay: delay, fixed: isReview || isUtility ? expected : expected / (1 - execution.failure),
            attempt: attempt, costs: rest, weights: priced,
            marginal: (
              zip(priced, marginals).reduce(0) { $0 + $1.0 * $1.1.buy },
              zip(priced, marginals).reduce(0) { $0 + $1.0 * $1.1.sell }
            ), hasImpact: rest.contains(where: \.hasImpact)))
      }
      table.append(row)
    }
    routes = table
    plain = table.map { row in
      let plain = row.compactMap(PlainRoute.init)
      return plain.count == row.count ? plain : []
    }
  }

  /// `e^{(Q + diag μ)d}`, or without the drifts.
  private static func transition(
    _ chain: EnvironmentChain, years: Double, withDrift: Bool
  ) throws(ControlError) -> [[Double]] {
    let count = chain.count
    var rows = chain.generator.rates.map { $0.map { $0 * years } }
    if withDrift {
      // Growth is stated with jumps in it; those of switches belong to where they lead.
      for e in 0..<count {
        rows[e][e] += chain.regimes[e].drift * years
        for other in 0..<count where other != e && !chain.switchJumps.isEmpty {
          let excess = chain.generator.rates[e][other] * (exp(chain.switchJumps[e][other]) - 1) * years
          rows[e][other] += excess
          rows[e][e] -= excess
        }
      }
    }
    do {
      let result = try Matrix(rows).exponential()
      return (0..<count).map { e in (0..<count).map { result[e, $0] } }
    } catch { throw .notFinite(method: FiniteHorizon.name, where: "the transition over the delay of execution") }
  }
}
