import Formulation
import Glibc

/// The trades that a rule makes at a look, at every node and from every inventory, and what they are worth.
///
/// Plain values; one look is one thread's. *Verified by* `LookedEvaluationTests`.
struct RuleTrades: Sendable {
  let table: RouteTable
  let functionals: [PolicyFunctional]
  let costs: [TradeCost]
  /// By functional, where trades are straight.
  let charges: [StraightCharge]
  let isReflecting: Bool
  let regimes: Int
  let nodes: Int
  /// By row, in the units of the lines.
  let prices: [Double]
  let origin: Double
  let spacing: Double
  let lines: Int
  let lot: Double
  let hasPools: Bool
  /// Whether V after a trade is a straight line from where it leads.
  let isStraight: Bool
  let flats: FlatInventories
  /// Lines that stand for flat inventories, by place.
  let flatLines: [Int]
  /// The lines at which a ticket saved makes V jump, row after row: no interpolation goes through them.
  private let special: [Int]
  /// Where a row's begin among these; one more than there are rows.
  private let specialStarts: [Int]
  /// What money of the look's time is worth in the units of the lines.
  var growth = 1.0

  init(
    nodes: EvaluationNodes, rest: some RestingMarch, table: RouteTable, rule: BandRule, functionals: [PolicyFunctional]
  ) {
    isReflecting = rule.isReflecting(nodes.problem)
    costs = nodes.problem.costs
    self.table = table
    self.functionals = functionals
    charges = functionals.map { functional in
      let cost = functional.costs[0]
      return StraightCharge(cost.fixed, cost.proportionalBuy, cost.proportionalSell)
    }
    regimes = nodes.regimes
    self.nodes = nodes.nodes
    prices = rest.prices
    let grid = nodes.grid
    origin = grid.holdings[0]
    spacing = grid.holdings[1] - grid.holdings[0]
    lines = grid.holdings.count
    lot = grid.timing.lot
    hasPools = table.routes.joined().contains { $0.costs.contains { !$0.pools.isEmpty } }
    isStraight = table.leadsToLines && lot == 0 && functionals.allSatisfy { $0.costs.allSatisfy(\.isPlain) }
    flats = grid.flats
    flatLines = grid.flatLines.map(\.line)
    let jumps = costs.contains { $0.leastFixed > 0 }
    var special: [Int] = []
    var starts = [0]
    for row in prices.indices {
      let kink = rest.kink(row: row)
      if jumps { special += (kink >= 0 ? [kink] : []) + flatLines.filter { $0 != kink } }
      starts.append(special.count)
    }
    (self.special, specialStarts) = (special, starts)
  }

  /// How many of a row's special lines are among some, or how many there are.
  @inline(__always)
  func specialCount(row: Int, among lines: ClosedRange<Int>? = nil) -> Int {
    var count = 0
    for place in specialStarts[row]..<specialStarts[row + 1] where lines?.contains(special[place]) ?? true {
      count += 1
    }
    return count
  }

  func isSpecial(_ line: Int, row: Int) -> Bool { specialCount(row: row, among: line...line) > 0 }

  var last: Double { origin + Double(lines - 1) * spacing }

  /// A trade that ends so near to a line, in spacings, ends there.
  static let landing = 1e-6

  /// A ticket, and a share of the notional of a purchase and of a sale.
  struct StraightCharge {
    let fixed: Double
    let buy: Double
    let sell: Double

    init(_ fixed: Double, _ buy: Double, _ sell: Double) { (self.fixed, self.buy, self.sell) = (fixed, buy, sell) }
  }

  /// Where trades are made.
  struct Place {
    let row: Int
    let regime: Int
    /// The lines that wait.
    let resting: ClosedRange<Int>
    /// The tiles whose lines trade.
    let tiles: ClosedRange<Int>
    /// Of all lines, by groups.
    let inventories: UnsafeMutablePointer<LineGroup>
  }

  /// Rows of lines of one node, filled anew for each.
  struct Memory {
    /// By functional.
    let values: [UnsafeMutablePointer<Double>]
    /// By delay: what an inventory is worth from a fill on.
    let arrivals: [UnsafeMutablePointer<Double>]
    /// What the ends of trades are worth: first by delay, then by functional if there are several.
    let sources: [UnsafeMutablePointer<Double>]
    /// … from below and from above the band, or of eight trades.
    let low: UnsafeMutablePointer<Double>
    let high: UnsafeMutablePointer<Double>
    let worths: UnsafeMutablePointer<LineGroup>
  }

  /// - Parameters:
  ///   - bands: in inventory, `[node]`.
  ///   - buffers: one per functional.
  ///   - waiting: by delay, what an inventory is worth from a fill on; nil where the fill is immediate.
  ///   - isPossible: by delay, whether the fill comes before the horizon.
  ///   - looks: which regimes may trade, one bit per regime.
  ///   - forces: which of them trade to their targets from within the band too.
  ///   - touched: by row, the tiles that hold the band and where lines trade; nil: all.
  func apply(
    _ bands: [Band], to buffers: [LineBuffers], waiting: [LineBuffers?], isPossible: [Bool], looks: UInt8,
    forces: UInt8, touched: NodeArray<ClosedRange<Int>>?
  ) {
    let groups = lines / LineGroup.scalarCount
    let rowCount = buffers.count + waiting.count
    let sourceCount = waiting.count + (buffers.count > 1 ? buffers.count : 0)
    // Two numbers per source fit in as many groups.
    withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: groups * rowCount + 2 * sourceCount) { scratch in
      let start = scratch.baseAddress!
      func row(_ index: Int) -> UnsafeMutablePointer<Double> {
        UnsafeMutableRawPointer(start + index * groups).assumingMemoryBound(to: Double.self)
      }
      let values = buffers.indices.map(row)
      let arrivals = waiting.indices.map { waiting[$0] == nil ? values[0] : row(buffers.count + $0) }
      let worths = start + rowCount * groups
      let ends = UnsafeMutableRawPointer(worths + sourceCount).assumingMemoryBound(to: Double.self)
      let memory = Memory(
        values: values, arrivals: arrivals, sources: arrivals + (buffers.count > 1 ? values : []), low: ends,
        high: ends + sourceCount, worths: worths)
      let routes = table.routes.map { $0.filter { isPossible[$0.delay] } }
      let plain = table.plain.map { $0.filter { isPossible[$0.delay] } }
      for node in 0..<nodes where EvaluationSchedule.rings(looks, node % regimes) {
        guard !routes[node % regimes].isEmpty else { continue }
        let tiles = touched.map { $0[node / regimes] } ?? buffers[0].all
        var band = bands[node]
        var resting = 0...(lines - 1)
        if EvaluationSchedule.rings(forces, node % regimes) {
          (band.lower, band.upper) = (band.targetLower, band.targetUpper)
          (band.slopeLower, band.slopeUpper) = (0, 0)
        } else if !isReflecting {
          // Lines run through the band, and what it costs to leave it says nothing of what a target is worth.
          band.lower = min(band.lower, band.targetLower - spacing)
          band.upper = max(band.upper, band.targetUpper + spacing)
          resting = line(from: band.lower, .up)...line(from: band.upper, .down)
        }
        let lines = Place(
          row: node / regimes, regime: node % regimes, resting: resting, tiles: tiles,
          inventories: buffers[0].holdings)
        if isStraight, !band.hasSlopes {
          draw(band, lines, to: buffers, node: node)
          continue
        }
        for (k, buffer) in buffers.enumerated() {
          buffer.gather(buffer.recent, node: node, tiles: tiles, into: start + k * groups)
        }
        for (d, delayed) in waiting.enumerated() {
          if let delayed {
            delayed.gather(delayed.recent, node: node, tiles: tiles, into: start + (buffers.count + d) * groups)
          }
        }
        if plain[node % regimes].isEmpty {
          routes[node % regimes].withUnsafeBufferPointer { follow(band, routes: $0, lines, memory) }
        } else {
          plain[node % regimes].withUnsafeBufferPointer { follow(band, routes: $0, lines, memory) }
        }
        for (k, buffer) in buffers.enumerated() {
          buffer.scatter(start + k * groups, to: buffer.recent, node: node, tiles: tiles)
        }
      }
    }
  }

  private func line(from y: Double, _ rounding: FloatingPointRoundingRule) -> Int {
    Int(min(Double(lines - 1), max(0, ((y - origin) / spacing).rounded(rounding))))
  }
}
