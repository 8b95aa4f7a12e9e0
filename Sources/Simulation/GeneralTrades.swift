import Formulation
import Glibc
import VectorMath

/// A check as random numbers are drawn for it.
struct Check {
  /// Counted from the valuation.
  var number: Int
  /// The first path of the block.
  let firstPath: Int
}

/// Trades under costs and execution beyond `K + k|u|` and lots: impact, pools, venues, a largest trade, failures, delays.
///
/// At a check the policy's trade is rounded to lots and held to the largest that is possible, and takes the route for which
///
///     c_v(S, u) + d_v (r(S, y) − r(S, y + u))
///
/// is least, with r the running cost per year without jumps and d_v the delay: the charge, and what the old inventory costs more than the new
/// one until the fill. It is charged at the price, and in the regime, of its fill. A failure pays the fixed cost and trades
/// nothing; a fill after the horizon never comes.
struct GeneralTrades: Sendable {
  /// `[regime][route]`: a route's whole cost, what of it grows with the trade, and the index of its delay.
  private let routes: [[(cost: TradeCost, variable: TradeCost, delay: Int)]]
  private let costs: [TradeCost]
  /// Distinct delays, ascending [years].
  let delays: [Double]
  private let failure: Double
  private let lot: Double
  private let maximumTrade: Double
  private let horizon: Double
  private let tolerance: Double

  /// Nil where the plain kernel does.
  init?(_ problem: OptionBookProblem) {
    let execution = problem.execution
    let given = problem.costs.map(\.routes)
    let seconds = Set(given.joined().map { $0.delay + execution.delay }).sorted()
    if problem.tradesAtOnce { return nil }
    delays = seconds.map { $0 / problem.dayCount.secondsPerYear }
    routes = given.map { row in
      row.map {
        ($0.cost, $0.cost.multiplied(fixed: 0, variable: 1), seconds.firstIndex(of: $0.delay + execution.delay)!)
      }
    }
    costs = problem.costs
    failure = execution.failure
    lot = execution.lot
    maximumTrade = execution.maximumTrade ?? .infinity
    horizon = problem.horizon
    tolerance = SampleTimes.coincidence * (execution.checkEvery ?? 0) / problem.dayCount.secondsPerYear
  }

  /// Share of a node by which a trade may miss a limit that is a whole number of lots.
  private static let rounding = 1e-9

  /// A wanted trade in lots and within what is possible at a price.
  private func possible(_ wanted: Double, price: Double, regime: Int) -> Double {
    let limits = costs[regime].limits(price: price)
    let limit = min(maximumTrade, wanted > 0 ? limits.buy : limits.sell)
    guard lot > 0 else { return max(-limit, min(limit, wanted)) }
    let most = (limit / lot + GeneralTrades.rounding).rounded(.down)
    let lots = (wanted / lot).rounded(.toNearestOrEven)
    return max(-most, min(most, lots)) * lot
  }

  /// The decision of a check on all paths of a block.
  func decide<Policy: LanePolicy>(
    _ policy: Policy, plan: RollOutPlan, time: Double, check: Check, state: BlockState
  ) {
    for vector in 0..<BlockState.vectorCount {
      let regime = state.regime[vector]
      let net = state.bookDelta[vector] + state.inventory[vector]
      let edges = policy.edges(vector: vector, regime: regime, state: state)
      let isAbove = net .> edges.upper
      let isBelow = net .< edges.lower
      state.pendingTrade[vector] = Lanes()
      guard anyLane(isAbove .| isBelow) else { continue }
      let paths = NeighbouringPaths(vector: vector)
      let targets = policy.targets(paths, regime: regime, state: state)
      var trade = Lanes()
      trade.replace(with: targets.upper - net, where: isAbove)
      trade.replace(with: targets.lower - net, where: isBelow)
      if let slopes = policy.slopes(paths, regime: regime, state: state) {
        trade.replace(with: trade + slopes.upper * (net - edges.upper), where: isAbove)
        trade.replace(with: trade + slopes.lower * (net - edges.lower), where: isBelow)
      }
      trade = policy.flattened(trade, paths, state: state)
      trade = TradeRounding.removed(
        from: trade, delta: state.bookDelta[vector], inventory: state.inventory[vector])
      for lane in 0..<Lanes.scalarCount where trade[lane] != 0 {
        trade[lane] = possible(trade[lane], price: state.spot[vector][lane], regime: Int(regime[lane]))
      }
      choose(&trade, plan: plan, time: time, vector: vector, state: state)
      state.pendingTrade[vector] = trade
    }
    if delays[0] == 0 { fill(1, plan: plan, time: time, check: check, state: state) }
  }

  /// Chooses a route for the trades of eight paths; a trade without one is not made.
  private func choose(_ trade: inout Lanes, plan: RollOutPlan, time: Double, vector: Int, state: BlockState) {
    var chosen = Lanes(repeating: -1)
    var least = Lanes(repeating: .infinity)
    let (spot, inventory, delta) = (state.spot[vector], state.inventory[vector], state.bookDelta[vector])
    for (regime, row) in routes.enumerated() {
      let isHere = state.regime[vector] .== Double(regime)
      guard anyLane(isHere) else { continue }
      for (index, route) in row.enumerated() {
        let delay = delays[route.delay]
        guard time + delay <= horizon + tolerance else { continue }
        var price = route.cost.charge(price: spot, trade: trade)
        if row.count > 1, delay > 0 {
          for lane in 0..<Lanes.scalarCount where trade[lane] != 0 {
            let rate = RunningCost(plan.problem, spot: spot[lane], regime: regime, delta: delta[lane])
            price[lane] += delay * (rate.value(inventory[lane]) - rate.value(inventory[lane] + trade[lane]))
          }
        }
        let isBetter = isHere .& (price .< least)
        least.replace(with: price, where: isBetter)
        chosen.replace(with: Lanes(repeating: Double(index)), where: isBetter)
      }
    }
    trade.replace(with: 0, where: chosen .< 0)
    state.pendingRoute[vector] = chosen
  }

  /// Trades of the delays in a set of bits reach the market.
  func fill(_ arriving: UInt32, plan: RollOutPlan, time: Double, check: Check, state: BlockState) {
    let growth = plan.wealth?.growth(at: time) ?? 0
    for vector in 0..<BlockState.vectorCount where anyLane(state.pendingTrade[vector] .!= 0) {
      let (spot, regime) = (state.spot[vector], state.regime[vector])
      var done = Lanes()
      var (fixed, charge, failed, impact) = (Lanes(), Lanes(), Lanes(), Lanes())
      let luck =
        failure > 0
        ? plan.stream.failureUniforms(
          firstPath: UInt64(check.firstPath + vector * Lanes.scalarCount),
          check: UInt32(truncatingIfNeeded: check.number))
        : Lanes(repeating: 1)
      for lane in 0..<Lanes.scalarCount where state.pendingTrade[vector][lane] != 0 {
        let here = routes[Int(regime[lane])]
        let route = here[min(here.count - 1, Int(state.pendingRoute[vector][lane]))]
        guard arriving & (1 << UInt32(route.delay)) != 0 else { continue }
        var trade = state.pendingTrade[vector][lane]
        state.pendingTrade[vector][lane] = 0
        fixed[lane] = route.cost.fixed
        guard luck[lane] >= failure else {
          failed[lane] = fixed[lane]
          continue
        }
        // The price has moved since the decision, and a pool's limits with it.
        if delays[route.delay] > 0 { trade = possible(trade, price: spot[lane], regime: Int(regime[lane])) }
        done[lane] = trade
        charge[lane] = route.variable.charge(price: spot[lane], trade: trade)
        impact[lane] = route.variable.impact(price: spot[lane], trade: trade)
      }
      let units = absolute(done)
      state.inventory[vector] += done
      state.add(.fixedCosts, fixed, vector)
      state.add(.variableCosts, charge, vector)
      state.add(.failureCosts, failed, vector)
      state.add(.impactCosts, impact, vector)
      state.add(.tradeCount, Lanes(repeating: 1).replacing(with: 0, where: done .== 0), vector)
      state.add(.turnoverUnits, units, vector)
      state.add(.turnoverNotional, units * spot, vector)
      if growth != 0 {
        state.add(.excessWealth, product: Lanes(repeating: -growth), done * spot + charge + fixed, vector)
        state.gains[vector] -= growth * (done * spot)
      }
      if plan.settings.detailed {
        state.recordTrades(at: time, trade: done, regime: regime, NeighbouringPaths(vector: vector))
      }
    }
  }
}
