import Formulation

/// The intervention operator of one (spot, regime) with costs `K + k_buy S u⁺ + k_sell S u⁻` on a uniform inventory
/// grid:
///
///     MV(y) = K + min( min_{z ≤ y} V(z) + k_sell S (y − z),  min_{z ≥ y} V(z) + k_buy S (z − y) )
///
/// Two passes of a Lipschitz envelope, O(n). Where the minimum lies between nodes it is refined by a parabola through
/// three of them, so that a target costs O(Δy⁴) in value instead of O(Δy²); a node that settlement makes special (zero
/// inventory) is left as it is, and so are flat lines, whose inventories need not be those of the grid.
struct Intervention {
  let fixed: Double
  let buyPerUnit: Double
  let sellPerUnit: Double
  let spacing: Double

  /// MV at the nodes; `kink` is a node that is not refined, −1 for none.
  func applied(to value: [Double], kink: Int, flats: FlatRow = .none) -> [Double] {
    var best = value
    value.withUnsafeBufferPointer { value in
      best.withUnsafeMutableBufferPointer {
        apply(to: value.baseAddress!, count: value.count, kink: kink, flats: flats, into: $0.baseAddress!)
      }
    }
    return best
  }

  /// The same in plain memory.
  func apply(
    to value: UnsafePointer<Double>, count: Int, kink: Int, flats: FlatRow = .none,
    into best: UnsafeMutablePointer<Double>
  ) {
    let sellStep = sellPerUnit * spacing
    let buyStep = buyPerUnit * spacing
    // Without a fixed cost one may stop at a node, from where the next trade goes on.
    let refines = fixed > 0 || buyPerUnit + sellPerUnit == 0
    var carried = value[0]
    best[0] = carried + fixed
    for index in 1..<count {
      carried += sellStep
      var here = value[index]
      if let offset = flats.offset(at: index) {
        carried = min(carried, here - sellPerUnit * offset)
        best[index] = carried + sellPerUnit * offset + fixed
        continue
      }
      if index < count - 1, index != kink, refines {
        here -= Intervention.refinement(
          above: value[index + 1] - value[index] - sellStep, below: value[index] - value[index - 1] - sellStep,
          fixed: fixed)
      }
      carried = min(carried, here)
      best[index] = carried + fixed
    }
    carried = value[count - 1]
    best[count - 1] = min(best[count - 1], carried + fixed)
    for index in stride(from: count - 2, through: 0, by: -1) {
      carried += buyStep
      var here = value[index]
      if let offset = flats.offset(at: index) {
        carried = min(carried, here + buyPerUnit * offset)
        best[index] = min(best[index], carried - buyPerUnit * offset + fixed)
        continue
      }
      if index > 0, index != kink, refines {
        here -= Intervention.refinement(
          above: value[index + 1] - value[index] + buyStep, below: value[index] - value[index - 1] + buyStep,
          fixed: fixed)
      }
      carried = min(carried, here)
      best[index] = min(best[index], carried + fixed)
    }
  }

  /// How far a parabola through three nodes dips below the middle one, given its differences to both sides; zero unless
  /// the middle one is the least.
  @inline(__always)
  static func refinement(above: Double, below: Double) -> Double {
    guard above >= 0, below <= 0 else { return 0 }
    let curvature = above - below
    guard curvature > 0 else { return 0 }
    let slope = above + below
    return slope * slope / (8 * curvature)
  }

  /// A parabola through nodes that all wait dips by at most this share of what a trade costs by itself: one neighbour is then as
  /// good, the other K above, and `(a + b)²/(8 (a − b))` is K/8. Where it would dip lower the band lies between two nodes, and
  /// V would fall with every trade to a place that is better than any node by more than the trade costs.
  static let mostRefinement = 0.125

  /// The same where trades cost `fixed` by themselves [quote]; 0: nothing, and nothing limits it.
  @inline(__always)
  static func refinement(above: Double, below: Double, fixed: Double) -> Double {
    let dip = refinement(above: above, below: below)
    return fixed > 0 ? min(dip, mostRefinement * fixed) : dip
  }

  /// Where the parabola has its minimum, in spacings from the middle node, within half a spacing.
  static func offset(above: Double, below: Double) -> Double {
    guard above >= 0, below <= 0, above - below > 0 else { return 0 }
    return -0.5 * (above + below) / (above - below)
  }
}
