import VectorMath

/// A route of `K + k|u|` and nothing else, which most are: what it charges needs no table.
struct PlainRoute: TradeRoute {
  /// Index into `RouteTable.delays`.
  let delay: Int
  /// E K [quote].
  let fixed: Double
  let attempt: SolverRoute.Attempt
  /// k for a purchase and a sale [fraction of notional].
  let buy: Double
  let sell: Double

  /// Nil for a route whose charge is no straight line.
  init?(_ route: SolverRoute) {
    guard !route.hasImpact else { return nil }
    (delay, fixed, attempt) = (route.delay, route.fixed, route.attempt)
    (buy, sell) = route.marginal
  }

  @inline(__always)
  func charge(price: LineGroup, trade: LineGroup) -> LineGroup {
    price * (buy * laneMaximum(trade, .zero) - sell * laneMinimum(trade, .zero))
  }
}

/// Such a route on all lines of a row, eight at a time.
///
/// With j the line that a purchase leads to,
///
///     min_{j ≥ i} V_j + b (j − i) = (min_{j ≥ i} a_j) − b i,   a_j = V_j + b j,
///
/// so that one pass from the last line down, which remembers the least a so far, finds every line's destination; sales are
/// the same in the mirror. Where V is convex all lines beyond the least a have it as theirs. Destinations are refined between
/// lines as everywhere (`TradeRow`). *Verified by* `TradeRowTests.plainRoutesAreRoutes`.
extension TradeRow {
  /// Whether nothing but charges keeps a trade from any line to any other.
  var isUnlimited: Bool {
    lotNodes == 0 && maximumTrade == .infinity && flats.isEmpty && count % LineGroup.scalarCount == 0
  }

  /// Adds a route to a row that is unlimited.
  ///
  /// - Parameters:
  ///   - value: G at the nodes.
  ///   - isFirst: whether the gains of the last node are still there.
  func add(_ route: PlainRoute, price: Double, value: UnsafePointer<Double>, isFirst: Bool) {
    let paid = growth * route.fixed
    if isFirst {
      forgetLargest()
      if let wells = wells(route, price: price, value: value) {
        return set(route, bought: wells.bought, sold: wells.sold)
      }
    }
    let (purchase, sale) = sides(route, price: price, value: value)
    // A trade of nothing pays its ticket.
    let nothing = LineGroup(repeating: route.attempt.net(0, paid: paid))
    for first in stride(from: 0, to: count, by: LineGroup.scalarCount) {
      if isFirst {
        store(nothing, gain + first)
        store(positions(first), landing + first)
      } else {
        improve(first, to: nothing, landing: positions(first))
      }
    }
    pass(route, purchase, paid: paid)
    pass(route, sale, paid: paid)
  }

  // Not stored: what is stored is asked for its initialisation at every use.
  @inline(__always)
  static var steps: LineGroup { LineGroup(0, 1, 2, 3, 4, 5, 6, 7) }

  /// The inventories of a group of lines [units].
  @inline(__always)
  func positions(_ first: Int) -> LineGroup { (TradeRow.steps + Double(first)) * spacing + origin }

  /// Purchases or sales of a row.
  struct PlainPass {
    let value: UnsafePointer<Double>
    /// Of the trade: 1 for a purchase.
    let direction: Int
    /// b, or −s [quote per line].
    let rise: Double

    @inline(__always)
    func level(_ line: Int) -> Double { value[line] + rise * Double(line) }

    @inline(__always)
    func levels(_ first: Int) -> LineGroup { load(value + first) + rise * (TradeRow.steps + Double(first)) }
  }

  /// Where trades go: the least a, refined, and its inventory [units].
  typealias Destination = (level: Double, position: Double)

  func sides(_ route: PlainRoute, price: Double, value: UnsafePointer<Double>) -> (purchase: PlainPass, sale: PlainPass)
  {
    (
      PlainPass(value: value, direction: 1, rise: price * route.buy * spacing),
      PlainPass(value: value, direction: -1, rise: -price * route.sell * spacing)
    )
  }

  private func pass(_ route: PlainRoute, _ side: PlainPass, paid: Double) {
    let (width, direction) = (LineGroup.scalarCount, side.direction)
    let groups = count / width
    var (place, least) = (-1, Double.infinity)
    var known: Destination?
    func destination() -> Destination {
      if let known { return known }
      let found = refined(route, place, least, side)
      known = found
      return found
    }
    for number in 0..<groups {
      let first = (direction > 0 ? groups - 1 - number : number) * width
      let here = side.levels(first)
      if number > 0 {
        if !anyLane(here .<= least) {
          let target = destination()
          let net = route.attempt.net(here - target.level, paid: paid)
          improve(first, to: net, landing: LineGroup(repeating: target.position))
          continue
        }
        let (before, last) = direction > 0 ? (first + width, first) : (first - 1, first + width - 1)
        // Every line is less than all before it: the trades of a ticket go nowhere.
        if route.fixed > 0, place == before, !anyLane(here .> side.levels(first + direction)) {
          (place, least, known) = (last, side.level(last), nil)
          continue
        }
      }
      for step in 0..<width {
        let line = direction > 0 ? first + width - 1 - step : first + step
        let level = side.level(line)
        if level <= least {
          (place, least, known) = (line, level, nil)
          if route.fixed == 0, let target = stop(line, level, side) {
            improve(line, to: route.attempt.net(level - target.level, paid: paid), landing: target.position)
          }
        } else {
          let target = destination()
          improve(line, to: route.attempt.net(level - target.level, paid: paid), landing: target.position)
        }
      }
    }
  }

  /// The parabola through a destination's neighbours; of these the one that trades come past is there.
  func refined(_ route: PlainRoute, _ place: Int, _ least: Double, _ side: PlainPass) -> Destination {
    let (before, next) = (place - side.direction, place + side.direction)
    guard place != kink, min(before, next) >= 0, max(before, next) < count else { return (least, position(place)) }
    let (below, above) = (least - side.level(before), side.level(next) - least)
    return (
      least - Intervention.refinement(above: above, below: below, fixed: route.fixed),
      position(place) + Intervention.offset(above: above, below: below) * spacing * Double(side.direction)
    )
  }

  /// Where one stops between a line and the next without a ticket: the parabola from the line over the two next ones.
  private func stop(_ line: Int, _ level: Double, _ side: PlainPass) -> Destination? {
    let (next, second) = (line + side.direction, line + 2 * side.direction)
    guard line != kink, second >= 0, second < count else { return nil }
    let (one, two) = (side.level(next) - level, side.level(second) - level)
    let bend = 0.5 * (two - 2 * one)
    let slope = one - bend
    guard slope < 0, bend > 0 else { return nil }
    return (
      level - slope * slope / (4 * bend), position(line) - 0.5 * slope / bend * spacing * Double(side.direction)
    )
  }

  @inline(__always)
  private func improve(_ line: Int, to net: Double, landing position: Double) {
    if net > gain[line] { (gain[line], landing[line]) = (net, position) }
  }

  @inline(__always)
  func improve(_ first: Int, to net: LineGroup, landing position: LineGroup) {
    let here = load(gain + first)
    let isBetter = net .> here
    store(here.replacing(with: net, where: isBetter), gain + first)
    store(load(landing + first).replacing(with: position, where: isBetter), landing + first)
  }
}
