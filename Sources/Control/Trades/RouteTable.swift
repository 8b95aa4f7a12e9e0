import Formulation
import Glibc
import LinearAlgebra

/// One route as the solver sees it in one regime: what it charges, in expectation over the delay until the fill.
struct SolverRoute: Sendable {
  /// Index into `RouteTable.delays`.
  let delay: Int
  /// E K, when the attempt is made [quote]; in continuous monitoring per successful trade.
  let fixed: Double
  /// Share by which a wanted trade happens.
  let success: Double
  /// The rest of the costs at the fill, per regime then.
  let costs: [TradeCost]
  /// `E[S' 1{e'}]/S` per regime at the fill.
  let weights: [Double]
  /// dc/du at 0 over the price, for a purchase and a sale.
  let marginal: (buy: Double, sell: Double)
  let hasImpact: Bool

  /// E c(S', u) without the fixed part, for eight trades [quote].
  @inline(__always)
  func charge(price: LineGroup, trade: LineGroup) -> LineGroup {
    if costs.count == 1 { return weights[0] * costs[0].charge(price: price, trade: trade) }
    var total = LineGroup.zero
    for index in costs.indices { total += weights[index] * costs[index].charge(price: price, trade: trade) }
    return total
  }
}

/// Every route of every regime.
///
/// A fill comes d after the decision, at the price and in the regime of that moment. Charges that are proportional to the
/// price have the expectation `Σ (e^{(Q + diag μ)d})_{ee'} c_{e'}(S, u)`, fixed ones `Σ (e^{Qd})_{ee'} K_{e'}`: exact but
/// for pools, whose depth is taken at the price of the decision (error of order σ²d of their impact).
struct RouteTable: Sendable {
  /// `[regime][route]`.
  let routes: [[SolverRoute]]
  /// Distinct delays [years], ascending.
  let delays: [Double]
  /// The largest trade [units].
  let maximumTrade: Double

  init(problem: OptionBookProblem, isReview: Bool) throws(ControlError) {
    let execution = problem.execution
    let given = problem.costs.map(\.routes)
    let seconds = Set(given.joined().map { $0.delay + execution.delay }).sorted()
    delays = seconds.map { $0 / problem.dayCount.secondsPerYear }
    maximumTrade = execution.maximumTrade ?? .infinity
    let chain = problem.environment
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
            delay: delay, fixed: isReview ? expected : expected / (1 - execution.failure),
            success: isReview ? 1 - execution.failure : 1, costs: rest, weights: priced,
            marginal: (
              zip(priced, marginals).reduce(0) { $0 + $1.0 * $1.1.buy },
              zip(priced, marginals).reduce(0) { $0 + $1.0 * $1.1.sell }
            ), hasImpact: rest.contains(where: \.hasImpact)))
      }
      table.append(row)
    }
    routes = table
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
