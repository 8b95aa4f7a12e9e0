import Glibc

/// What the settlement charges at the horizon, and which inventories it leaves free.
extension OptionBookProblem {
  /// Sums of a few thousand trades and of the book's quantities are off by less than this share of the book.
  private static let rounding = 1e-12

  /// What is left of an inventory when units have been delivered [units]: none where it is none but for rounding. *Verified by*
  /// `SettlementTests`.
  public func left(of inventory: Double, delivered units: Double) -> Double {
    let rest = inventory + units
    return abs(rest) <= OptionBookProblem.rounding * book.grossQuantity ? 0 : rest
  }

  /// What the settlement charges at the horizon for an inventory [quote] (control.md §0).
  public func settlementCharge(spot: Double, regime: Int, inventory: Double) -> Double {
    guard settlement != .none else { return 0 }
    let units = settlement == .physical ? assigned(spot: spot) : 0
    return unwinding(costs[regime], spot: spot, inventory: left(of: inventory, delivered: units))
  }

  /// What it costs at least, and at most, to trade so many units today in some regime and direction, at once or in as few trades
  /// as its limits allow [quote].
  public func charges(units: Double) -> (least: Double, most: Double) {
    let all = costs.flatMap { cost in
      [-units, units].map { unwinding(cost, spot: market.spot, inventory: $0) }
    }
    return (all.min()!, all.max()!)
  }

  /// What it costs to be rid of an inventory [quote].
  public func unwinding(_ cost: TradeCost, spot: Double, inventory: Double) -> Double {
    cost.unwinding(price: spot, inventory: inventory, maximumTrade: execution.maximumTrade)
  }

  /// Units that the options bring at the horizon when they are exercised against or for us [units].
  public func assigned(spot: Double) -> Double {
    var units = 0.0
    for leg in book.legs {
      guard case .option(let kind, let strike, _) = leg.instrument else { continue }
      if kind == .call, spot > strike { units += leg.quantity }
      if kind == .put, spot < strike { units -= leg.quantity }
    }
    return units
  }

  /// The inventories that are settled without a ticket at one price or another [units]: `settledFree` where there is a ticket.
  public var freeInventories: [Double] { costs.contains { $0.leastFixed > 0 } ? settledFree : [] }

  /// The inventories whose settlement costs nothing at one price or another [units], each once, those of prices near today's first:
  /// none without settlement, zero at cash, and what the options demand between any two strikes at delivery, as far as lots reach
  /// it from today's inventory. The value of a policy that waits has a kink in inventory there.
  public var settledFree: [Double] {
    switch settlement {
    case .none: return []
    case .cash: return [0]
    case .physical: break
    }
    let strikes = Set(
      book.legs.compactMap { leg -> Double? in
        if case .option(_, let strike, _) = leg.instrument { return strike }
        return nil
      }
    ).sorted()
    guard let lowest = strikes.first, let highest = strikes.last else { return [0] }
    // A price of every interval between strikes, the nearest to today's.
    let ends = [0] + strikes + [.infinity]
    let prices = zip(ends, ends.dropFirst()).map { low, high -> (price: Double, distance: Double) in
      let price = low == 0 ? 0.5 * lowest : high == .infinity ? 2 * highest : (low * high).squareRoot()
      let distance = log(min(max(market.spot, low), high) / market.spot)
      return (price, abs(distance))
    }.sorted { $0.distance < $1.distance }
    var found: [Double] = []
    for (price, _) in prices {
      let free = 0 - assigned(spot: price)
      let isKnown = found.contains { left(of: $0, delivered: -free) == 0 }
      if !isKnown, isReached(free) { found.append(free) }
    }
    return found
  }

  /// How far from a whole number of lots rounding may lead, in lots.
  private static let lotRounding = 1e-9

  /// Whether whole lots lead from today's inventory to another.
  private func isReached(_ inventory: Double) -> Bool {
    guard execution.lot > 0 else { return true }
    let lots = (inventory - self.inventory) / execution.lot
    return abs(lots - lots.rounded()) <= OptionBookProblem.lotRounding * max(1, abs(lots))
  }
}
