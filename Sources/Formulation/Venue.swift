/// A place where trades can be made, with its own costs.
public struct Venue: Sendable, Equatable {
  public var name: String
  /// What a trade there costs, bridging included; has no venues of its own.
  public var cost: TradeCost
  /// Paid with every trade there for bringing money or units to it and back [quote]; part of `cost`.
  public let bridging: Double
  /// Seconds from the decision to the fill, in addition to the execution's own.
  public var delay: Double

  public init(name: String, cost: TradeCost, bridging: Double = 0, delay: Double = 0) {
    self.name = name
    self.cost = cost + .fixed(bridging)
    self.bridging = bridging
    self.delay = delay
  }

  /// - Parameter cost: bridging included.
  public init(name: String, whole cost: TradeCost, bridging: Double, delay: Double) {
    self.name = name
    self.cost = cost
    self.bridging = bridging
    self.delay = delay
  }

  func scaled(by factor: Double) -> Venue {
    Venue(name: name, whole: cost.scaled(by: factor), bridging: factor * bridging, delay: delay)
  }

  func multiplied(fixed: Double, variable: Double) -> Venue {
    Venue(
      name: name, whole: cost.multiplied(fixed: fixed, variable: variable), bridging: fixed * bridging, delay: delay)
  }

  /// The venues of a sum of two costs: every pair, when both have some.
  static func sums(_ left: [Venue], _ right: [Venue]) -> [Venue] {
    if left.isEmpty || right.isEmpty { return left + right }
    return left.flatMap { first in
      right.map { second in
        Venue(
          name: first.name + " + " + second.name, whole: first.cost + second.cost,
          bridging: first.bridging + second.bridging, delay: max(first.delay, second.delay))
      }
    }
  }

  static func validate(_ venues: [Venue], field: String) throws(FormulationError) {
    for (index, venue) in venues.enumerated() {
      try venue.cost.validate(field: field)
      try require(venue.bridging, { $0 >= 0 && $0 <= Magnitude.amount }, field, "a bridging fee from 0 to 1e18")
      try require(venue.delay, { $0 >= 0 }, field, "a delay ≥ 0 s")
      if venues[..<index].contains(where: { $0.name == venue.name }) {
        throw .duplicateName(field: field, name: venue.name)
      }
    }
  }
}

/// One way to make a trade: a venue with everything that a trade there costs.
public struct TradeRoute: Sendable, Equatable {
  /// Nil where there is one place only.
  public let name: String?
  /// Without venues.
  public let cost: TradeCost
  /// Seconds from the decision to the fill, beyond the execution's own.
  public let delay: Double
}

extension TradeCost {
  /// Every way to make a trade; the cheapest is the cost.
  public var routes: [TradeRoute] {
    var shared = self
    shared.venues = []
    if venues.isEmpty { return [TradeRoute(name: nil, cost: shared, delay: 0)] }
    return venues.map { TradeRoute(name: $0.name, cost: shared + $0.cost, delay: $0.delay) }
  }

  /// The least fixed cost of a trade, over routes [quote].
  public var leastFixed: Double { venues.isEmpty ? fixed : fixed + venues.reduce(.infinity) { min($0, $1.cost.fixed) } }

  /// What one side pays for the first unit traded, over a route's price, pools included.
  public var marginal: (buy: Double, sell: Double) {
    // dc/du at 0 of a swap: φ/(1 − φ) for a purchase, φ for a sale.
    pools.reduce((proportionalBuy, proportionalSell)) {
      ($0.0 + $1.scale * $1.fee / (1 - $1.fee), $0.1 + $1.scale * $1.fee)
    }
  }

  /// The first unit's cost over the price by the cheapest route, the mean of both sides.
  public var leastMarginal: Double {
    routes.reduce(.infinity) { min($0, 0.5 * ($1.cost.marginal.buy + $1.cost.marginal.sell)) }
  }

  /// The largest purchase and sale that some route can make at once [units].
  public func limits(price: Double) -> (buy: Double, sell: Double) {
    func least(_ pools: [LiquidityPool]) -> (buy: Double, sell: Double) {
      pools.reduce((Double.infinity, Double.infinity)) {
        let limit = $1.limits(price: price)
        return (min($0.0, limit.buy), min($0.1, limit.sell))
      }
    }
    let own = least(pools)
    if venues.isEmpty { return own }
    let widest = venues.reduce((0.0, 0.0)) {
      let limit = least($1.cost.pools)
      return (max($0.0, limit.buy), max($0.1, limit.sell))
    }
    return (min(own.buy, widest.0), min(own.sell, widest.1))
  }

  /// What it costs to be rid of an inventory: one trade of −y, or as few equal ones as no limit forbids [quote].
  public func unwinding(price: Double, inventory: Double, maximumTrade: Double? = nil) -> Double {
    if isPlain, maximumTrade == nil { return charge(price: price, trade: -inventory) }
    let limit = limits(price: price)
    // A pool of full range can be emptied only at an infinite price: half of it is a trade, the whole is none.
    let side = inventory > 0 ? limit.sell : pools.isEmpty && venues.isEmpty ? limit.buy : 0.5 * limit.buy
    let largest = min(side, maximumTrade ?? .infinity)
    let pieces = max(1, (abs(inventory) / largest).rounded(.up))
    return pieces * charge(price: price, trade: -inventory / pieces)
  }
}
