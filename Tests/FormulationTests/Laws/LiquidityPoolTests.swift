import Glibc
import Testing

@testable import Formulation

@Suite struct LiquidityPoolTests {
  static let price = 2345.0
  static let pools = [
    LiquidityPool(liquidity: 8000, fee: 0), LiquidityPool(liquidity: 8000, fee: 0.003),
    LiquidityPool(liquidity: 8000, fee: 0.0005, range: 0.02),
  ]

  /// A swap in ten thousand pieces against reserves that each piece moves, the fee kept apart.
  @Test(arguments: pools) func agreesWithSwapsInPieces(_ pool: LiquidityPool) {
    let limits = pool.limits(price: Self.price)
    let most = min(limits.buy, limits.sell, 60) * 0.999
    for trade in [most, 0.3 * most, 1e-3, -1e-3, -0.4 * most, -most] {
      let pieces = 10_000
      var (units, money) = (pool.reserve(price: Self.price), pool.liquidity * Self.price.squareRoot())
      var paid = 0.0
      for _ in 0..<pieces {
        let piece = trade / Double(pieces)
        if piece > 0 {
          let input = money * piece / (units - piece)
          (units, money) = (units - piece, money + input)
          paid += input / (1 - pool.fee)
        } else {
          let input = -piece * (1 - pool.fee)
          let output = money * input / (units + input)
          (units, money) = (units + input, money - output)
          paid -= output
        }
      }
      let expected = paid - Self.price * trade
      let found = pool.charge(price: Self.price, trade: trade)
      #expect(abs(found - expected) < 1e-9 * Self.price * abs(trade), "\(trade): \(found) for \(expected)")
    }
  }

  /// The largest trades drive the price to the ends of the range, larger ones are impossible.
  @Test func endsAtTheRange() {
    let pool = Self.pools[2]
    let limits = pool.limits(price: Self.price)
    let units = pool.reserve(price: Self.price)
    func priceAfter(_ change: Double) -> Double {
      let reserve = units + change
      return pool.liquidity * pool.liquidity / (reserve * reserve)
    }
    #expect(abs(priceAfter(-limits.buy) / Self.price - 1.02) < 1e-12)
    #expect(abs(priceAfter(limits.sell * (1 - pool.fee)) * 1.02 / Self.price - 1) < 1e-12)
    #expect(pool.charge(price: Self.price, trade: limits.buy * 1.000001) == .infinity)
    #expect(pool.charge(price: Self.price, trade: -limits.sell * 1.000001) == .infinity)
  }

  /// Infinitely deep, a pool charges its fee: φ/(1 − φ) of a purchase, φ of a sale.
  @Test func deepPoolChargesItsFee() {
    let pool = LiquidityPool(liquidity: 1e14, fee: 0.003)
    #expect(abs(pool.charge(price: 100, trade: 2) - 200 * 0.003 / 0.997) < 1e-9)
    #expect(abs(pool.charge(price: 100, trade: -2) - 200 * 0.003) < 1e-9)
    let marginal = TradeCost(pools: [pool]).marginal
    #expect(abs(marginal.buy - 0.003 / 0.997) < 1e-15 && marginal.sell == 0.003)
  }
}

@Suite struct VenueTests {
  static let pool = TradeCost(fixed: 3, pools: [LiquidityPool(liquidity: 900, fee: 0.001)])
  static let exchange = TradeCost(proportionalBuy: 0.004, proportionalSell: 0.002)

  /// The cheapest venue, with what every trade pays besides.
  @Test func takesTheCheapest() {
    let shared = TradeCost.proportional(0.0001)
    let both =
      shared
      + TradeCost(venues: [
        Venue(name: "pool", cost: Self.pool, bridging: 0.5), Venue(name: "exchange", cost: Self.exchange),
      ])
    for trade in [-30.0, -2, -0.1, 0.1, 1, 7, 40] {
      let apart = [Self.pool + .fixed(0.5), Self.exchange].map { (shared + $0).charge(price: 100, trade: trade) }
      let found = both.charge(price: 100, trade: trade)
      #expect(abs(found - apart.min()!) < 1e-12 * found)
      #expect(both.routes.map { $0.cost.charge(price: 100, trade: trade) }.min()! == found || abs(found) > 0)
      #expect(abs(both.scaled(by: 2).charge(price: 100, trade: trade) - 2 * found) < 1e-12 * found)
    }
    #expect(both.charge(price: 100, trade: 0) == 0)
    #expect(abs(both.leastFixed) < 1e-15 && both.hasImpact && !both.isPlain)
  }

  /// An inventory beyond a pool's range, or the largest trade, is unwound in the fewest equal trades.
  @Test func unwindsInPieces() {
    let cost = TradeCost(fixed: 2, pools: [LiquidityPool(liquidity: 1000, fee: 0.001, range: 0.05)])
    let limit = cost.limits(price: 100).sell
    let found = cost.unwinding(price: 100, inventory: 2.5 * limit)
    let piece = cost.charge(price: 100, trade: -2.5 * limit / 3)
    #expect(abs(found - 3 * piece) < 1e-12 * found)
    #expect(TradeCost.fixed(5).unwinding(price: 100, inventory: -7, maximumTrade: 2) == 20)
    #expect(TradeCost.proportional(0.01).unwinding(price: 100, inventory: 3) == 3)
  }
}

/// Random costs, for laws about all of them.
struct RandomCost {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// Uniform in [0, 1): the multiplier and increment of Knuth's MMIX generator.
  mutating func next() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 11) * 0x1p-53
  }

  mutating func cost(venues: Bool = true) -> TradeCost {
    var cost = TradeCost(
      fixed: next(), proportionalBuy: 0.01 * next(), proportionalSell: 0.01 * next(), quadraticImpact: 0.01 * next(),
      squareRootImpact: next() < 0.5 ? 0 : 0.02 * next())
    if next() < 0.5 {
      cost =
        cost
        + TradeCost(pools: [
          LiquidityPool(liquidity: 50 + 500 * next(), fee: 0.01 * next(), range: next() < 0.5 ? nil : 0.01 + next())
        ])
    }
    if venues, next() < 0.5 {
      cost.venues = (0..<3).map { Venue(name: "\($0)", cost: self.cost(venues: false), bridging: next()) }
    }
    return cost
  }
}

extension TradeCostTests {
  /// Eight lanes charge what the scalar function does, bit for bit, for every cost of the algebra.
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func lanesChargeTheSame(_ seed: UInt64) {
    var random = RandomCost(seed: seed)
    for _ in 0..<50 {
      let cost = random.cost()
      let price = 0.1 + 200 * random.next()
      var trades = SIMD8<Double>()
      for lane in 0..<7 { trades[lane] = 40 * (random.next() - 0.5) }
      let found = cost.charge(price: SIMD8(repeating: price), trade: trades)
      for lane in 0..<8 {
        #expect(found[lane] == cost.charge(price: price, trade: trades[lane]), "seed \(seed): \(cost), \(trades[lane])")
      }
    }
  }
}
