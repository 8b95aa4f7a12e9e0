import Formulation
import VectorMath

/// One (spot, regime) of the impulse problem: projects the predictor onto `V ≤ MV` and reads the band.
///
/// The value has one well in inventory, possibly with a kink at zero inventory that settlement at cost puts there. The best
/// purchase then goes to the minimiser of `V(z) + k_buy S z`, the best sale to that of `V(z) − k_sell S z`, or either to
/// the kink, and MV is known everywhere from these points: O(n) without a recurrence, in vectors. `Intervention` is the
/// general operator; *verified by* `ImpulseRowTests`, which compares the two.
///
/// Without a fixed cost the targets are the edges, V joins the obstacle with two derivatives, and the edges are read off the
/// slope of V (`ImpulseRow+Slopes.swift`).
struct ImpulseRow {
  let fixed: Double
  let buy: Double
  let sell: Double
  let origin: Double
  let spacing: Double
  let count: Int
  /// Index of the zero inventory when settlement makes it special, else −1.
  let kink: Int
  /// How far the deviation moves until the horizon; see `EdgeReader`.
  let diffusion: Double
  /// The most that the lagged multiplier may move V in a step [quote]; see `EntropicMarch`.
  var lagBound = Double.infinity

  /// Whether trades cost nothing at all.
  var isFree: Bool { fixed == 0 && buy == 0 && sell == 0 }

  /// A trade's destination: inventory and value there.
  private struct Target {
    var position: Double
    var value: Double
  }

  /// A coarse search may step over this many nodes: bands span at least twice as many.
  private static let stride = 4

  /// The minimiser of `V(z) + slope z`, refined by a parabola.
  private func target(_ value: UnsafePointer<Double>, slope: Double) -> Target {
    let step = slope * spacing
    func tilted(_ index: Int) -> Double { value[index] + Double(index) * step }
    var best = 0
    var least = Double.infinity
    var index = 0
    while index < count {
      let candidate = tilted(index)
      if candidate < least { (least, best) = (candidate, index) }
      index += ImpulseRow.stride
    }
    for index in max(0, best - ImpulseRow.stride)...min(count - 1, best + ImpulseRow.stride) {
      let candidate = tilted(index)
      if candidate < least { (least, best) = (candidate, index) }
    }
    var offset = 0.0
    var dip = 0.0
    if best > 0, best < count - 1, best != kink, fixed > 0 || isFree {
      let above = value[best + 1] - value[best] + step
      let below = value[best] - value[best - 1] + step
      offset = Intervention.offset(above: above, below: below)
      dip = Intervention.refinement(above: above, below: below)
    }
    // `dip` lowers V(z) + slope z; V at the refined position follows.
    return Target(
      position: origin + (Double(best) + offset) * spacing, value: value[best] - dip - slope * offset * spacing)
  }

  /// Replaces `value` by `min(value, MV)`, sets the multiplier to `rate (value − MV)⁺`, fills `distance` with
  /// `(MV − value)⁺`, and returns the band in inventory.
  func project(
    _ value: UnsafeMutablePointer<LineGroup>, multiplier: UnsafeMutablePointer<LineGroup>,
    distance: UnsafeMutablePointer<LineGroup>, holdings: UnsafePointer<LineGroup>, rate: Double
  ) -> Band {
    let plain = UnsafeMutableRawPointer(value).assumingMemoryBound(to: Double.self)
    let purchase = target(plain, slope: buy)
    let sale = target(plain, slope: -sell)
    let buySlope = LineGroup(repeating: buy)
    let sellSlope = LineGroup(repeating: sell)
    // Beyond its target a trade in the other direction would be dearer, so that the larger of the two lines is its cost.
    func line(_ y: LineGroup, _ target: Target, up: LineGroup, down: LineGroup) -> LineGroup {
      let base = LineGroup(repeating: target.value + fixed)
      let gap = y - LineGroup(repeating: target.position)
      let selling = fused(down, gap, base)
      let buying = fused(-up, gap, base)
      return selling.replacing(with: buying, where: buying .> selling)
    }
    let kinkTarget = kink >= 0 ? Target(position: origin + Double(kink) * spacing, value: plain[kink]) : nil
    let speed = LineGroup(repeating: rate)
    let bound = LineGroup(repeating: lagBound)
    for group in 0..<(count / LineGroup.scalarCount) {
      let y = holdings[group]
      var best = line(y, purchase, up: buySlope, down: sellSlope)
      let other = line(y, sale, up: buySlope, down: sellSlope)
      best = best.replacing(with: other, where: other .< best)
      if let kinkTarget {
        let third = line(y, kinkTarget, up: buySlope, down: sellSlope)
        best = best.replacing(with: third, where: third .< best)
      }
      let slack = best - value[group]
      let touches = slack .< LineGroup.zero
      distance[group] = slack.replacing(with: LineGroup.zero, where: touches)
      multiplier[group] = LineGroup.zero.replacing(with: laneMinimum(-slack, bound) * speed, where: touches)
      value[group] = value[group].replacing(with: best, where: touches)
    }
    if fixed == 0 { return slopeBand(plain, lowest: purchase.position, highest: sale.position) }
    let gaps = UnsafeRawPointer(distance).assumingMemoryBound(to: Double.self)
    let reader = EdgeReader(origin: origin, spacing: spacing, count: count, diffusion: diffusion)
    let middle = max(
      0, min(count - 1, Int(((0.5 * (purchase.position + sale.position) - origin) / spacing).rounded())))
    return Band(
      lower: reader.edge(from: middle, direction: -1) { gaps[$0] },
      upper: reader.edge(from: middle, direction: 1) { gaps[$0] },
      targetLower: purchase.position, targetUpper: sale.position)
  }
}
