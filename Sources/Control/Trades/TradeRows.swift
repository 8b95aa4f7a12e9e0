import Formulation
import VectorMath

/// Where the general operator finds a march's nodes: what a thread needs to make its own `TradeRow`.
struct TradeRows: Sendable {
  let table: RouteTable
  /// By regime its only route, where that is a plain one whose fill is immediate.
  let lone: [PlainRoute?]
  /// By regime its first route, where all are plain.
  let leading: [PlainRoute?]
  /// By row, in the units of the lines.
  let prices: [Double]
  /// By row, the inventory that settlement makes special; −1 where none is.
  let kinks: [Int]
  private let flats: [FlatLine]
  let regimes: Int
  /// What money of the time at hand is worth in the units of the lines.
  var growth = 1.0
  let holdings: [Double]
  private let lot: Double

  init(_ rest: some RestingMarch, table: RouteTable) {
    self.table = table
    lone = table.plain.map { $0.count == 1 && table.delays[$0[0].delay] == 0 ? $0[0] : nil }
    leading = table.plain.map(\.first)
    prices = rest.prices
    kinks = rest.prices.indices.map { rest.kink(row: $0) }
    flats = rest.flats
    regimes = rest.problem.environment.count
    holdings = rest.grid.holdings
    lot = rest.grid.timing.lot
  }

  var nodes: Int { prices.count * regimes }
  var lines: Int { holdings.count }

  /// Scratch of the operator for one thread.
  func row(isLinear: Bool = false) -> TradeRow {
    let row = TradeRow(
      origin: holdings[0], spacing: holdings[1] - holdings[0], count: lines, kink: kinks[0], lot: lot,
      maximumTrade: table.maximumTrade, isLinear: isLinear, flats: flats)
    row.growth = growth
    return row
  }

  /// The node of the least of so many values, the first of several.
  func lowest(_ value: UnsafePointer<Double>, count: Int) -> Int {
    let width = LineGroup.scalarCount
    var least = load(value)
    for first in stride(from: width, to: count, by: width) { least = laneMinimum(load(value + first), least) }
    let lowest = (0..<width).reduce(Double.infinity) { min($0, least[$1]) }
    for first in stride(from: 0, to: count, by: width) where anyLane(load(value + first) .== lowest) {
      for line in first..<(first + width) where value[line] == lowest { return line }
    }
    return 0
  }
}
