import Formulation
import VectorMath

/// The intervention operator of one (spot, regime) for every cost of the algebra:
///
///     gain(y) = (1 − p)(G(y) − min_{u ≠ 0} [G(y + u) + E c(S', u)]) − E K,   the best over routes
///
/// and under exponential utility, which adds outcomes in its own way, as `SolverRoute.net` says.
///
/// with G what an inventory is worth when the fill arrives. Purchases and sales are searched apart, each side's charge
/// being convex (`MonotoneMinimum`). Where lots do not forbid it, the minimum between nodes is refined by a parabola through
/// three of them that lie on one side of u = 0, so that a target costs O(Δy⁴) in value; a node that settlement makes special
/// is left as it is.
///
/// Holds its scratch memory; one per thread. *Verified by* `TradeRowTests`.
final class TradeRow {
  private(set) var origin: Double
  let spacing: Double
  private(set) var count: Int
  /// The first line of the grid, and how many it has.
  private let whole: (origin: Double, count: Int)
  /// Index of the inventory that settlement makes special, else −1.
  var kink: Int
  /// Lines that delivery may leave free, none of them the kink.
  let flats: [FlatLine]
  /// By node: by how many spacings its inventory is above its place, and whether it is one of these.
  private let shift: UnsafeMutablePointer<Double>
  private let isFlat: UnsafeMutablePointer<Bool>
  /// What money of the trade's time is worth in the units of G: prices are given in those units as well.
  var growth = 1.0
  /// Nodes per lot; 0 without lots.
  let lotNodes: Int
  /// The largest trade [units].
  let maximumTrade: Double
  /// The best net gain of a trade over waiting [quote]; −∞ where none is possible.
  let gain: UnsafeMutablePointer<Double>
  /// The inventory that the best trade leads to [units].
  let landing: UnsafeMutablePointer<Double>
  /// Whether that trade is the largest that is possible, which says nothing about where one wants to be.
  let isLargest: UnsafeMutablePointer<Bool>
  private var isAnyLargest = false
  private let best: UnsafeMutablePointer<Double>
  private let place: UnsafeMutablePointer<Int32>
  /// E c by nodes, `count` to either side of its middle, in whole vectors.
  private let table: UnsafeMutablePointer<LineGroup>
  private let middle: Int

  /// Whether a largest trade that ends between nodes is looked up linearly. Where one follows the other in an instant, cubic
  /// interpolation, whose weights are not all positive, would let errors grow from trade to trade.
  let isLinear: Bool

  init(
    origin: Double, spacing: Double, count: Int, kink: Int, lot: Double, maximumTrade: Double, isLinear: Bool = false,
    flats: [FlatLine] = []
  ) {
    self.isLinear = isLinear
    self.flats = flats
    whole = (origin, count)
    shift = .allocate(capacity: count)
    shift.initialize(repeating: 0, count: count)
    isFlat = .allocate(capacity: count)
    isFlat.initialize(repeating: false, count: count)
    for flat in flats { (shift[flat.line], isFlat[flat.line]) = (flat.offset / spacing, true) }
    self.origin = origin
    self.spacing = spacing
    self.count = count
    self.kink = kink
    lotNodes = lot > 0 ? max(1, Int((lot / spacing).rounded())) : 0
    self.maximumTrade = maximumTrade
    gain = .allocate(capacity: count)
    landing = .allocate(capacity: count)
    isLargest = .allocate(capacity: count)
    isLargest.initialize(repeating: false, count: count)
    best = .allocate(capacity: count)
    place = .allocate(capacity: count)
    let groups = count / LineGroup.scalarCount + 1
    table = .allocate(capacity: 2 * groups)
    middle = groups * LineGroup.scalarCount
    gain.initialize(repeating: 0, count: count)
    landing.initialize(repeating: 0, count: count)
    best.initialize(repeating: 0, count: count)
    place.initialize(repeating: -1, count: count)
    table.initialize(repeating: .zero, count: 2 * groups)
  }

  deinit {
    shift.deallocate()
    isFlat.deallocate()
    gain.deallocate()
    landing.deallocate()
    isLargest.deallocate()
    best.deallocate()
    place.deallocate()
    table.deallocate()
  }

  /// Takes some lines alone for all that there are; of a row with flat lines only the whole.
  ///
  /// - Parameter kink: among the lines of the grid.
  func narrow(to first: Int, count: Int, kink: Int) {
    precondition(flats.isEmpty || count == whole.count, "places of flat lines are those of the whole row")
    origin = whole.origin + Double(first) * spacing
    self.count = count
    self.kink = kink >= first && kink < first + count ? kink - first : -1
  }

  /// From the first line that waits to the last, or all if none does.
  var waiting: LineExtent {
    let width = LineGroup.scalarCount
    // Groups in which all trade are passed over whole.
    func trades(_ first: Int) -> Bool { first + width <= count && !anyLane(load(gain + first) .<= .zero) }
    var (first, last) = (0, count - 1)
    while trades(first) { first += width }
    while first < count, gain[first] > 0 { first += 1 }
    guard first < count else { return 0...(count - 1) }
    while last >= width, trades(last - width + 1) { last -= width }
    while gain[last] > 0 { last -= 1 }
    return first...last
  }

  /// V beyond the lines once it has been decided, where it does not matter what waiting is worth.
  func outer(_ value: UnsafePointer<Double>, price: Double, _ marginal: (buy: Double, sell: Double)) -> OuterLines {
    OuterLines(
      first: (position(0), value[0]), last: (position(count - 1), value[count - 1]), buy: price * marginal.buy,
      sell: price * marginal.sell)
  }

  func position(_ index: Int) -> Double { origin + Double(index) * spacing }

  /// Forgets the gains of the last node.
  func clear() {
    gain.update(repeating: -.infinity, count: count)
    for index in 0..<count { landing[index] = position(index) }
    forgetLargest()
  }

  /// Forgets which trades were the largest.
  func forgetLargest() {
    if isAnyLargest { isLargest.update(repeating: false, count: count) }
    isAnyLargest = false
  }

  /// Rounding allowed where a limit is a whole number of nodes.
  private static let limitRounding = 1e-9

  /// Adds a route: where its gain is the larger, it takes the trade.
  ///
  /// - Parameter value: G at the nodes.
  func add(_ route: SolverRoute, price: Double, value: UnsafePointer<Double>) {
    tabulate(route, price: price)
    let charge = UnsafeRawPointer(table).assumingMemoryBound(to: Double.self) + middle
    var limits = (buy: maximumTrade, sell: maximumTrade)
    for cost in route.costs {
      let limit = cost.limits(price: price / growth)
      limits = (min(limits.buy, limit.buy), min(limits.sell, limit.sell))
    }
    let step = max(1, lotNodes)
    let least = lotNodes > 0 ? 1 : 0
    func reach(_ limit: Double) -> Int {
      let nodes = (limit / (spacing * Double(step)) * (1 + TradeRow.limitRounding)).rounded(.down)
      var most = Int(min(nodes, Double((count - 1) / step)))
      // A pool may refuse what its limit allows by a rounding.
      while most > 0, !(charge[most * step] < .infinity) { most -= 1 }
      return most
    }
    for isPurchase in [true, false] {
      let most = isPurchase ? reach(limits.buy) : reach(limits.sell)
      guard most >= least else { continue }
      let window = isPurchase ? least...most : -most...(-least)
      if !isPurchase, most > 0, !(charge[-most * step] < .infinity) { continue }
      let search = MonotoneMinimum(
        value: value, charge: charge, count: count, multiple: step, window: window, best: best, place: place)
      if !route.hasImpact, lotNodes == 0, most == count - 1 { search.runProportional() } else { search.run() }
      let limit = isPurchase ? limits.buy : limits.sell
      take(
        route, value: value, charge: charge, direction: isPurchase ? 1 : -1, most: most,
        isLimited: limit.isFinite,
        last: lotNodes == 0 && limit.isFinite ? largest(route, limit: limit, isPurchase: isPurchase, price: price) : nil
      )
    }
  }

  /// A trade of the largest size that is possible.
  private struct Largest {
    /// In nodes, without sign.
    let size: Double
    let charge: Double
  }

  private func largest(_ route: SolverRoute, limit: Double, isPurchase: Bool, price: Double) -> Largest? {
    let size = limit * (1 - TradeRow.limitRounding)
    let charge =
      growth
      * route.charge(
        price: LineGroup(repeating: price / growth), trade: LineGroup(repeating: isPurchase ? size : -size))[0]
    return charge.isFinite ? Largest(size: size / spacing, charge: charge) : nil
  }

  /// E c of every difference of nodes.
  private func tabulate(_ route: SolverRoute, price: Double) {
    let lanes = LineGroup(0, 1, 2, 3, 4, 5, 6, 7)
    let prices = LineGroup(repeating: price / growth)
    let groups = middle / LineGroup.scalarCount
    for group in 0..<(2 * groups) {
      let first = Double(group * LineGroup.scalarCount - middle)
      table[group] = growth * route.charge(price: prices, trade: (lanes + first) * spacing)
    }
  }

  private func take(
    _ route: SolverRoute, value: UnsafePointer<Double>, charge: UnsafePointer<Double>, direction: Int, most: Int,
    isLimited: Bool, last: Largest?
  ) {
    for index in 0..<count where place[index] >= 0 {
      let node = Int(place[index])
      var least = best[index]
      var arrival = position(node)
      let moved = shift[node] - shift[index]
      if moved != 0 {
        arrival += shift[node] * spacing
        // What the trade is longer or shorter than between places, along the charge towards the next node.
        let (here, next) = (node - index, node - index + (moved > 0 ? 1 : -1))
        if here != 0, next != 0, abs(next) < count, charge[next] < .infinity {
          least += abs(moved) * (charge[next] - charge[here])
        }
      }
      if lotNodes == 0, node != kink, !isFlat[node] {
        // The route's own total along the trade's direction, from the best node.
        let size = (node - index) * direction
        func total(_ step: Int) -> Double {
          let other = node + step * direction
          return value[other] + charge[other - index] - least
        }
        func isThere(_ step: Int) -> Bool {
          let other = node + step * direction
          return size + step >= 0 && size + step <= most && other >= 0 && other < count
        }
        if isThere(-1), isThere(1) {
          let (below, above) = (-total(-1), total(1))
          least -= Intervention.refinement(above: above, below: below, fixed: route.fixed)
          arrival += Intervention.offset(above: above, below: below) * spacing * Double(direction)
        } else if size == 0, route.fixed == 0, isThere(2) {
          // The parabola from the inventory itself, over the two next nodes.
          let (one, two) = (total(1), total(2))
          let bend = 0.5 * (two - 2 * one)
          let slope = one - bend
          if slope < 0, bend > 0 {
            least -= slope * slope / (4 * bend)
            arrival -= 0.5 * slope / bend * spacing * Double(direction)
          }
        }
      }
      if let last, (node - index) * direction == most {
        // The largest trade ends between nodes.
        let end = Double(index) + Double(direction) * last.size
        if end >= 0, end <= Double(count - 1) {
          let total = interpolated(value, at: end) + last.charge
          if total < least { (least, arrival) = (total, origin + end * spacing) }
        }
      }
      let net = route.net(value[index] - least, growth: growth)
      if net > gain[index] {
        (gain[index], landing[index]) = (net, arrival)
        isLargest[index] = isLimited && (node - index) * direction == most
        isAnyLargest = isAnyLargest || isLimited
      }
    }
  }

  /// A trade that ends so near to a node, in spacings, ends there.
  private static let landingRounding = 1e-6

  /// Where one trade does not go all the way another follows in the same instant: adds to every gain that of the place where
  /// the trade ends, outwards from the well, so that the lagged multiplier's errors are not handed on from trade to trade.
  ///
  /// Destinations are those of a single trade, which is second order in what further trades gain.
  func chain(from well: Int) {
    func follow(_ index: Int) {
      guard gain[index] > -.infinity else { return }
      let place = (landing[index] - origin) / spacing
      let nearest = place.rounded()
      if abs(place - nearest) < TradeRow.landingRounding {
        gain[index] += max(0, gain[Int(nearest)])
        return
      }
      let low = max(0, min(count - 2, Int(place)))
      let (near, far) = (gain[low], gain[low + 1])
      // Where a band is narrower than two nodes a trade ends beside a node that trades, and inside all the same.
      guard near > 0, far > 0 else { return }
      gain[index] += near + (place - Double(low)) * (far - near)
    }
    for index in Swift.stride(from: well + 1, to: count, by: 1) where landing[index] < position(index) { follow(index) }
    for index in Swift.stride(from: well - 1, through: 0, by: -1) where landing[index] > position(index) {
      follow(index)
    }
  }

  /// V at a fractional index, by four-point Lagrange interpolation unless linear.
  private func interpolated(_ value: UnsafePointer<Double>, at position: Double) -> Double {
    if isLinear {
      let low = min(count - 2, Int(position))
      return value[low] + (position - Double(low)) * (value[low + 1] - value[low])
    }
    let first = max(0, min(count - 4, Int(position) - 1))
    return CubicInterpolation.through(
      value[first], value[first + 1], value[first + 2], value[first + 3], at: position - Double(first))
  }
}
