import Formulation
import Glibc

/// The solved finite-horizon problem: the policy on (time, regime, spot) and today's value on (spot, regime, inventory).
public struct FiniteHorizonSolution: Sendable {
  public let problem: OptionBookProblem
  public let settingsGiven: GridSettings
  public let grid: FiniteHorizonGrid
  /// The bands in net delta D at every time of the grid but the horizon.
  public let policy: PolicyTable
  /// Today's value J [quote] without the jump-of-mark part, `[spot × regime × holding]`.
  public let values: [Double]
  /// Today's expectation of `½ a Σ q (V_{e'} − V_e)² dt` [quote], `[spot × regime]`: the same for every policy.
  public let markJumpRisk: [Double]
  /// Today's deltas of the book, `[spot × regime]` [units].
  public let bookDeltas: [Double]
  /// V at earlier times too, where it was asked for.
  public let table: ValueTable?
  /// With exponential utility: how Λ moves with the price, for a simulation's draws.
  public var guide: LossGuide?

  /// The value at today's spot [quote], without the jump-of-mark part, by linear interpolation of the convexity-corrected
  /// value in inventory.
  public func value(regime: Int, inventory: Double) -> Double {
    value(spotIndex: grid.reference, regime: regime, inventory: inventory)
  }

  /// The value at a spot node; beyond the grid's inventories the cost of trading to its end is added, which is what the
  /// policy would do there.
  public func value(spotIndex: Int, regime: Int, inventory: Double) -> Double {
    let y = grid.holdings
    let base = (spotIndex * problem.environment.count + regime) * y.count
    let spacing = y[1] - y[0]
    let position = (inventory - y[0]) / spacing
    if position <= 0 || position >= Double(y.count - 1) {
      let end = position <= 0 ? 0 : y.count - 1
      let spot = grid.spots[spotIndex]
      let cost = problem.costs[regime]
      let trade = y[end] - inventory
      return values[base + end] + (trade == 0 ? 0 : spot * cost.variable(trade: trade))
    }
    guard !grid.flats.isEmpty else {
      return CubicInterpolation.value(values, base: base, first: firstNode(at: position), at: position)
    }
    return valueBesideFlats(
      base: base, spotIndex: spotIndex, regime: regime, inventory: inventory, position: position)
  }

  /// The first of the four nodes through which V is read: on the place's own side of the kinks that settlement makes, where there
  /// are as many.
  private func firstNode(at position: Double) -> Int {
    let count = grid.holdings.count
    let plain = max(0, min(count - 4, Int(position) - 1))
    let kinks = grid.settledLines
    let low = kinks.last { Double($0) <= position } ?? 0
    let high = kinks.first { Double($0) >= position } ?? count - 1
    return high - low >= 3 ? max(low, min(high - 3, plain)) : plain
  }

  /// The value where being flat saves a ticket, so that V jumps at some lines and may have a kink there: no cubic goes through
  /// them, to which one may trade.
  private func valueBesideFlats(
    base: Int, spotIndex: Int, regime: Int, inventory: Double, position: Double
  ) -> Double {
    let count = grid.holdings.count
    let flats = grid.flatLines
    if let place = grid.flats.index(at: inventory) { return values[base + flats[place].line] }
    let nearest = Int(position.rounded())
    let isPlain = !flats.contains { $0.line == nearest }
    if isPlain, abs(position - Double(nearest)) < FiniteHorizonSolution.nodeRounding { return values[base + nearest] }
    // Four nodes between the nearest flat lines on either side, where there are as many.
    var low = 0
    var high = count - 1
    for flat in flats {
      if flat.inventory < inventory, flat.line + 4 < count { low = max(low, flat.line + 1) }
      if flat.inventory > inventory, flat.line >= 4 { high = min(high, flat.line - 1) }
    }
    let first = min(max(0, min(count - 4, Int(position) - 1), low), high - 3)
    let (cost, away) = (problem.costs[regime], grid.holdings[0] + position * (grid.holdings[1] - grid.holdings[0]))
    let beside =
      high - low >= 3
      ? CubicInterpolation.value(values, base: base, first: first, at: position)
      : besideFlats(flats, base: base, position: position)
    return flats.reduce(beside) { least, flat in
      let trade = cost.charge(price: grid.spots[spotIndex], trade: flat.inventory - away)
      return min(least, values[base + flat.line] + trade)
    }
  }

  /// Between flat lines that lie close together: through the four nearest of the others.
  private func besideFlats(_ flats: [FlatLine], base: Int, position: Double) -> Double {
    let others = grid.holdings.indices.filter { line in !flats.contains { $0.line == line } }
    let four = others.sorted { abs(Double($0) - position) < abs(Double($1) - position) }.prefix(4).sorted()
    return CubicInterpolation.value(at: position, nodes: four.map(Double.init)) { values[base + four[$0]] }
  }

  /// Positions so near to a node, in spacings, are the node: rounding of inventories against the grid's origin.
  private static let nodeRounding = 1e-9

  /// The value at any spot within the grid, cubic in log-spot.
  public func value(spot: Double, regime: Int, inventory: Double) -> Double {
    CubicInterpolation.value(at: log(spot), nodes: grid.logSpots) {
      value(spotIndex: $0, regime: regime, inventory: inventory)
    }
  }

  /// The jump-of-mark risk at any spot within the grid, cubic in log-spot [quote].
  public func markJumpRisk(spot: Double, regime: Int) -> Double {
    CubicInterpolation.value(at: log(spot), nodes: grid.logSpots) {
      markJumpRisk[$0 * problem.environment.count + regime]
    }
  }

  /// The band in net delta at today's spot.
  public func band(regime: Int) -> Band { policy.band(time: 0, regime: regime, spot: grid.reference) }

  /// The band in net delta at time index and any spot, linear in log-spot.
  public func band(time: Int, regime: Int, logSpot: Double) -> Band {
    let (index, weight) = CubicInterpolation.locate(grid.logSpots, logSpot)
    let low = policy.band(time: time, regime: regime, spot: index)
    let high = policy.band(time: time, regime: regime, spot: index + 1)
    return low.mixed(with: high, weight: weight)
  }
}

/// Interpolation on the solver's own grids.
enum CubicInterpolation {
  /// Four-point Lagrange interpolation on a uniform grid at a fractional index, fourth order where the data are smooth.
  static func value(_ data: [Double], base: Int, count: Int, at position: Double) -> Double {
    value(data, base: base, first: max(0, min(count - 4, Int(position) - 1)), at: position)
  }

  /// The same from four given nodes.
  static func value(_ data: [Double], base: Int, first: Int, at position: Double) -> Double {
    through(
      data[base + first], data[base + first + 1], data[base + first + 2], data[base + first + 3],
      at: position - Double(first))
  }

  /// The cubic through four values one apart, at t from the first of them.
  @inline(__always)
  static func through(_ a: Double, _ b: Double, _ c: Double, _ d: Double, at t: Double) -> Double {
    -a * (t - 1) * (t - 2) * (t - 3) / 6 + b * t * (t - 2) * (t - 3) / 2 - c * t * (t - 1) * (t - 3) / 2
      + d * t * (t - 1) * (t - 2) / 6
  }

  /// What it takes of each of the four.
  @inline(__always)
  static func weights(at t: Double) -> SIMD4<Double> {
    SIMD4(
      -(t - 1) * (t - 2) * (t - 3) / 6, t * (t - 2) * (t - 3) / 2, -t * (t - 1) * (t - 3) / 2, t * (t - 1) * (t - 2) / 6
    )
  }

  /// Four-point Lagrange interpolation on any ascending grid of at least four nodes; at a node, its own value.
  static func value(at x: Double, nodes: [Double], data: (Int) -> Double) -> Double {
    let (index, weight) = locate(nodes, x)
    if weight == 0 || weight == 1 { return data(index + Int(weight)) }
    let first = max(0, min(nodes.count - 4, index - 1))
    var sum = 0.0
    for i in first..<(first + 4) {
      var factor = 1.0
      for j in first..<(first + 4) where j != i { factor *= (x - nodes[j]) / (nodes[i] - nodes[j]) }
      sum += factor * data(i)
    }
    return sum
  }

  /// The interval of an ascending grid that holds `x`, and the weight of its upper end, clamped to the grid.
  static func locate(_ nodes: [Double], _ x: Double) -> (index: Int, weight: Double) {
    let (index, weight) = AscendingNodes.place(x, among: nodes)
    return index == nodes.count - 1 ? (index - 1, 1) : (index, weight)
  }
}
