import Formulation
import Glibc

@testable import Simulation

/// The roll-out written once more, one path at a time, from control.md §0: no lanes, no prepared terms, `Book.greeks` and
/// `TradeCost.charge` called directly, profit and loss counted from the accounts.
struct ScalarReference {
  let rollOut: RollOut
  /// The band at (years, ln S, regime).
  let band: (Double, Double, Int) -> Band
  var every = 1
  var flats = FlatInventories.none
  /// The policy's own band where it may not trade at every look; nil: the same.
  var own: ((Double, Double, Int) -> Band)?

  func columns(path index: Int) -> [RollOutColumn: Double] {
    let problem = rollOut.problem
    let path = rollOut.path(index)
    let rate = problem.market.rate
    var sums: [RollOutColumn: Double] = [:]
    for column in RollOutColumn.allCases { sums[column] = 0 }
    var inventory = problem.inventory
    var accounts = 0.0
    // Wealth and costs in money of the horizon, step by step.
    var spent = 0.0
    func carried(_ time: Double) -> Double { exp(rate * (problem.horizon - time)) }
    let fair = problem.book.marked(at: problem.environment.regimes.map(\.volatility))
    var wealth = -carried(0) * fair.greeks(time: 0, spot: path.spots[0], regime: path.regimes[0]).value
    let edge = rollOut.plan.coincidence
    // The furthest fall of the profit so far, and the time outside the band.
    var (highest, lastLook, wasOutside) = (0.0, 0.0, false)
    func fell(_ profit: Double) {
      highest = max(highest, profit)
      sums[.worstDrawdown] = max(sums[.worstDrawdown]!, highest - profit)
    }
    for step in 0..<(path.times.count - 1) {
      let (start, end) = (path.times[step], path.times[step + 1])
      let (spot, next) = (path.spots[step], path.spots[step + 1])
      let (regime, regimeAfter) = (path.regimes[step], path.regimes[step + 1])
      // Legs that have just expired are settled and no longer hedged.
      let alive = Book(legs: problem.book.legs.filter { $0.expiry > start + edge }, rate: rate)
      let now = alive.greeks(time: start, spot: spot, regime: regime)
      let own = (self.own ?? band)(start, path.logSpots[step], regime)
      func isOutside() -> Bool {
        // A band a little wider: where a trade ended at an edge rounding decides.
        var wider = own
        wider.lower -= TradeRounding.share * (abs(now.delta) + abs(inventory))
        wider.upper += TradeRounding.share * (abs(now.delta) + abs(inventory))
        return wider.trade(at: now.delta + inventory, inventory: inventory, flats: flats) != 0
      }
      sums[.timeOutside]! += 0.5 * (start - lastLook) * ((wasOutside ? 1 : 0) + (isOutside() ? 1 : 0))
      defer { (lastLook, wasOutside) = (start, isOutside()) }
      if path.checks[step] >= 0, path.checks[step] % every == 0 {
        var trade = band(start, path.logSpots[step], regime).trade(
          at: now.delta + inventory, inventory: inventory, flats: flats)
        let lot = problem.execution.lot
        if lot > 0 { trade = (trade / lot).rounded(.toNearestOrEven) * lot }
        if abs(trade) <= TradeRounding.share * (abs(now.delta) + abs(inventory)) { trade = 0 }
        if trade != 0 {
          let charge = problem.costs[regime].charge(price: spot, trade: trade)
          sums[.fixedCosts]! += problem.costs[regime].fixed
          sums[.variableCosts]! += charge - problem.costs[regime].fixed
          sums[.impactCosts]! += 0.5 * problem.costs[regime].quadraticImpact * spot * trade * trade
          sums[.tradeCount]! += 1
          sums[.turnoverUnits]! += abs(trade)
          sums[.turnoverNotional]! += spot * abs(trade)
          accounts -= charge
          wealth -= charge * carried(start)
          spent += charge * carried(start)
          inventory += trade
          fell(accounts)
        }
      }
      let ended = marked(alive, time: end, spot: next, regime: regimeAfter, edge: edge)
      let length = end - start
      let growth = exp(rate * length)
      let gain = next - spot * growth
      let state = problem.environment.regimes
      let world = rollOut.plan.world
      for (moment, price, delta, at) in [
        (regime, spot, now.delta, step), (regimeAfter, next, ended.delta, step + 1),
      ] {
        // Another world's own variance; a history has none, and its risk is counted below.
        let variance = world.map { $0.measuresProfits ? 0 : path.variances[at] }
        let volatility = variance?.squareRoot() ?? state[moment].volatility
        let exposure = volatility * price * (delta + inventory)
        let funding = state[moment].funding * price * inventory
        sums[.gammaRisk]! += 0.5 * length * 0.5 * problem.preference.riskAversion * exposure * exposure
        sums[.fundingPaid]! += 0.5 * length * funding
        let running =
          world.map { funding - ($0.drift - rate) * price * (delta + inventory) }
          ?? RunningCost(problem, spot: price, regime: moment, delta: delta).value(inventory)
          - 0.5 * problem.preference.riskAversion * exposure * exposure
        sums[.carry]! += 0.5 * length * running
        accounts -= 0.5 * length * funding
      }
      for (time, moment, price) in [(start, regime, spot), (end, regimeAfter, next)] {
        let funding = 0.5 * length * state[moment].funding * price * inventory * carried(time)
        wealth -= funding
        spent += funding
      }
      wealth += inventory * (next * carried(end) - spot * carried(start))
      for leg in alive.legs where abs(leg.expiry - end) <= edge {
        guard case .option(let kind, let strike, _) = leg.instrument else { continue }
        wealth += leg.quantity * max(0, kind == .call ? next - strike : strike - next) * carried(leg.expiry)
      }
      sums[.hedgingProfit]! += (now.delta + inventory) * gain
      sums[.gammaThetaProfit]! += ended.value - now.value * growth - now.delta * gain
      let unswitched = marked(alive, time: end, spot: next, regime: regime, edge: edge)
      sums[.markJumpRisk]! +=
        0.5 * problem.preference.riskAversion * (ended.value - unswitched.value) * (ended.value - unswitched.value)
      if world?.measuresProfits == true {
        let profit = unswitched.value - now.value * growth + inventory * gain
        sums[.gammaRisk]! += 0.5 * problem.preference.riskAversion * profit * profit
      }
      // The accounts: the book's value and the inventory, both financed at r.
      accounts += ended.value - now.value * growth + inventory * gain
      fell(accounts)
    }
    let spot = path.spots[path.spots.count - 1]
    let settlement = problem.settlementCharge(
      spot: spot, regime: path.regimes[path.regimes.count - 1], inventory: inventory)
    sums[.settlementCost] = settlement
    sums[.profit] = accounts - settlement
    fell(accounts - settlement)
    sums[.timeOutside]! += wasOutside ? path.times[path.times.count - 1] - lastLook : 0
    sums[.gasCosts] = sums[.fixedCosts]
    sums[.fees] = sums[.variableCosts]! - sums[.impactCosts]!
    for leg in fair.legs {
      if case .forward = leg.instrument { wealth += leg.quantity * spot }
      guard let formula = leg.formula(rate: rate), leg.expiry > problem.horizon + edge else { continue }
      let volatility = leg.impliedVolatilities[path.regimes[path.regimes.count - 1]]
      wealth +=
        leg.quantity
        * formula.greeks(spot: spot, remaining: leg.expiry - problem.horizon, volatility: volatility).value
    }
    if case .exponential(let aversion) = problem.preference {
      sums[.excessWealth] = wealth - settlement
      sums[.criterion] = expm1(-aversion * (wealth - settlement)) / aversion
      if rollOut.plan.world == nil, problem.environment.regimes.allSatisfy({ $0.drift == rate }) {
        sums[.criterion]! += centredGains(path, wealth: wealth, spent: spent, book: fair)
      }
      return sums
    }
    sums[.criterion] =
      sums[.gammaRisk]! + sums[.carry]! + sums[.fixedCosts]! + sums[.variableCosts]! + settlement
    return sums
  }

  /// What the path gained before costs beyond the expectation given its regimes: wealth and costs, less the payoffs' means
  /// over the lognormal law of the spot, plus W*.
  private func centredGains(_ path: RegimePath, wealth: Double, spent: Double, book: Book) -> Double {
    let problem = rollOut.problem
    let rate = problem.market.rate
    var expected = 0.0
    for leg in book.legs {
      let time = min(leg.expiry, problem.horizon)
      var variance = 0.0
      for (end, part) in zip(path.times, path.integratedVariances) where end <= time + rollOut.plan.coincidence {
        variance += part
      }
      let forward = problem.market.spot * exp(rate * time)
      let deviation = variance.squareRoot()
      var mean = forward
      if case .option(let kind, let strike, _) = leg.instrument, leg.expiry <= problem.horizon {
        let first = log(forward / strike) / deviation + 0.5 * deviation
        mean = forward * NormalLaw.cumulative(first) - strike * NormalLaw.cumulative(first - deviation)
        if kind == .put { mean -= forward - strike }
      } else if let formula = leg.formula(rate: rate) {
        // A smooth function: the trapezoidal rule is exact to rounding.
        let volatility = leg.impliedVolatilities[path.regimes[path.regimes.count - 1]]
        let width = 0.02
        mean = stride(from: -9, through: 9, by: width).reduce(0) { sum, normal in
          let spot = forward * exp(deviation * normal - 0.5 * variance)
          let value = formula.greeks(spot: spot, remaining: leg.expiry - time, volatility: volatility).value
          return sum + width * NormalLaw.density(normal) * value
        }
      }
      expected += leg.quantity * mean * exp(rate * (problem.horizon - time))
    }
    let worth = book.greeks(time: 0, spot: path.spots[0], regime: path.regimes[0]).value * exp(rate * problem.horizon)
    return wealth + spent - (expected - worth)
  }

  /// Marks at a time that may be an expiry up to rounding of the grid.
  private func marked(_ book: Book, time: Double, spot: Double, regime: Int, edge: Double) -> Greeks {
    let snapped = Book(
      legs: book.legs.map { leg in
        var leg = leg
        if abs(leg.expiry - time) <= edge { leg.expiry = time }
        return leg
      }, rate: book.rate)
    return snapped.greeks(time: time, spot: spot, regime: regime)
  }
}

/// Bilinear look-up of a table by a linear search: an infinite neighbour makes the edge infinite.
func lookUp(_ table: PolicyTable, time: Double, logSpot: Double, regime: Int) -> Band {
  func bracket(_ nodes: [Double], _ at: Double) -> (Int, Double) {
    if at <= nodes[0] || nodes.count == 1 { return (0, 0) }
    for index in 1..<nodes.count where at < nodes[index] {
      return (index - 1, (at - nodes[index - 1]) / (nodes[index] - nodes[index - 1]))
    }
    return (nodes.count - 2, 1)
  }
  func blend(_ left: Double, _ right: Double, _ weight: Double) -> Double {
    if weight == 0 { return left }
    if weight == 1 { return right }
    if left.isInfinite { return left }
    if right.isInfinite { return right }
    return left + weight * (right - left)
  }
  let (row, later) = bracket(table.times, time)
  let (column, right) = bracket(table.logSpots, logSpot)
  func part(_ path: KeyPath<Band, Double>) -> Double {
    func node(_ time: Int, _ spot: Int) -> Double {
      table.band(
        time: min(time, table.times.count - 1), regime: regime, spot: min(spot, table.logSpots.count - 1))[
          keyPath: path]
    }
    return blend(
      blend(node(row, column), node(row, column + 1), right),
      blend(node(row + 1, column), node(row + 1, column + 1), right), later)
  }
  return Band(
    lower: part(\.lower), upper: part(\.upper), targetLower: part(\.targetLower), targetUpper: part(\.targetUpper))
}
