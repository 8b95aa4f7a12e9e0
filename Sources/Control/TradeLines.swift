import Formulation
import VectorMath

/// A trade's destination: inventory and value there.
struct TradeTarget: Equatable {
  var position: Double
  var value: Double

  /// Whether `V(z) + slope z` is less here than at another.
  func isBetter(than other: TradeTarget, slope: Double) -> Bool {
    value + slope * (position - other.position) < other.value
  }
}

/// What V is where one trades at once, at one (spot, regime): the least of the lines through the destinations,
///
///     V(y) = K + min over destinations z of  V(z) + max(k_sell S (y − z), −k_buy S (y − z)).
///
/// Beyond its target a trade in the other direction would be dearer, so that the larger of the two slopes is its cost.
struct TradeLines: Equatable {
  /// K [quote].
  var fixed: Double
  /// `k_buy S` and `k_sell S` [quote/unit].
  let buy: Double
  let sell: Double
  var purchase: TradeTarget
  var sale: TradeTarget
  /// The inventory that settlement makes special; its value is infinite when there is none.
  var kink: TradeTarget
  /// A further one, where sales had better end.
  var other = TradeTarget(position: 0, value: .infinity)

  /// For eight inventories at once.
  @inline(__always)
  func value(_ y: LineGroup) -> LineGroup {
    var best = line(y, purchase)
    let second = line(y, sale)
    best = best.replacing(with: second, where: second .< best)
    guard kink.value < .infinity else { return best }
    let third = line(y, kink)
    best = best.replacing(with: third, where: third .< best)
    guard other.value < .infinity else { return best }
    let fourth = line(y, other)
    return best.replacing(with: fourth, where: fourth .< best)
  }

  @inline(__always)
  private func line(_ y: LineGroup, _ target: TradeTarget) -> LineGroup {
    let base = LineGroup(repeating: target.value + fixed)
    let gap = y - LineGroup(repeating: target.position)
    let selling = fused(LineGroup(repeating: sell), gap, base)
    let buying = fused(LineGroup(repeating: -buy), gap, base)
    return selling.replacing(with: buying, where: buying .> selling)
  }

  /// The lines a step further, `(1 + ω) L − ω L_older`: intercepts are extrapolated, destinations stay.
  func extrapolated(from older: TradeLines, ratio: Double) -> TradeLines {
    func next(_ here: TradeTarget, _ before: TradeTarget, slope: Double) -> TradeTarget {
      let change = here.value - before.value + slope * (here.position - before.position)
      return TradeTarget(position: here.position, value: here.value + ratio * change)
    }
    var lines = self
    lines.fixed += ratio * (fixed - older.fixed)
    lines.purchase = next(purchase, older.purchase, slope: buy)
    lines.sale = next(sale, older.sale, slope: -sell)
    // Another flat inventory than a step ago says nothing of how this one's value moves.
    func nextFlat(_ here: TradeTarget, _ before: TradeTarget) -> TradeTarget {
      let isSame = here.value < .infinity && before.value < .infinity && here.position == before.position
      return isSame ? next(here, before, slope: 0) : here
    }
    lines.kink = nextFlat(kink, older.kink)
    lines.other = nextFlat(other, older.other)
    return lines
  }
}

/// The surroundings of the impulse problem's strip: the trades of the last two levels and what they extrapolate to. Plain
/// memory, which the owner deallocates.
struct TradedLevels: Sendable {
  private(set) var recent: NodeArray<TradeLines>
  private(set) var older: NodeArray<TradeLines>
  let predicted: NodeArray<TradeLines>

  init(count: Int) {
    let nowhere = TradeTarget(position: 0, value: 0)
    let none = TradeLines(fixed: 0, buy: 0, sell: 0, purchase: nowhere, sale: nowhere, kink: nowhere)
    recent = NodeArray(repeating: none, count: count)
    older = NodeArray(repeating: none, count: count)
    predicted = NodeArray(repeating: none, count: count)
  }

  func deallocate() { for array in [recent, older, predicted] { array.deallocate() } }

  /// Extrapolates to the level that a step arrives at, and makes room for what it finds in `recent`.
  mutating func advance(ratio: Double) {
    for node in recent.indices { predicted[node] = recent[node].extrapolated(from: older[node], ratio: ratio) }
    swap(&recent, &older)
  }

  /// Writes V to the nodes outside a strip.
  func fill(_ buffers: LineBuffers, beside strip: Strip, regimes: Int) {
    for tile in 0..<strip.tiles {
      for row in 0..<strip.rows where !strip.isActive(row: row, tile: tile) {
        buffers.forEachGroup(tile: tile, row: row, regimes: regimes) { node, group, place in
          buffers.recent[place] = recent[node].value(buffers.holdings[group])
        }
      }
    }
  }

  /// Lets the strip move: what enters needs both levels and its multiplier, which `rate` tells.
  ///
  /// - Parameter rate: V's rate of change if nobody traded, less the rate at which V changes, for a group of lines at a
  ///   node of the strip's new rows [quote/year].
  func move(
    _ memory: inout StripMemory, _ buffers: LineBuffers, scheme: BackwardDifference, regimes: Int,
    rate: (_ node: Int, _ inventories: LineGroup, _ change: LineGroup) -> LineGroup
  ) {
    memory.move(scheme) { row, tile in
      buffers.forEachGroup(tile: tile, row: row, regimes: regimes) { node, group, place in
        let y = buffers.holdings[group]
        let (here, before) = (recent[node].value(y), older[node].value(y))
        buffers.recent[place] = here
        buffers.older[place] = before
        buffers.multiplier[place] = laneMaximum(
          rate(node, y, LineGroup(repeating: 1 / scheme.step) * (here - before)), LineGroup.zero)
      }
    } leave: { _, _ in
    }
  }
}

/// What a step of the impulse problem knows beside the strip.
struct TradedSurroundings: StripSurroundings {
  let trades: NodeArray<TradeLines>

  @inline(__always)
  func predictor(node: Int, tile: Int, group: Int, inventories: LineGroup) -> LineGroup {
    trades[node].value(inventories)
  }
}
