import Formulation
import Glibc

/// One step of policy improvement with continuous edges.
///
/// The value of a policy, as a function of its edges, is stationary at the optimum, so that the Jacobian of the
/// smooth-fit residual there is diagonal and Newton's step needs only derivatives at the edge itself. In the outward
/// coordinate y = ±x of an edge b and with k the cost per unit of the trade made there:
///
///     fixed cost:     r = W′(b) − k,  D = W″(b)
///     no fixed cost:  r = W″(b),      D = W‴(b)        step −r/(D − κr)
///
/// The term κr vanishes at the optimum. Away from it, moving the edge by δ leaves a mismatch −rδ at the edge, which the
/// layer of thickness 1/κ there turns into a slope −κrδ (`BandValue.edgeStiffness`); without it fast switching or
/// discounting, where layers are thin, would allow only steps of 1/κ.
///
/// Targets are the global minima of `W(x) + k|x − edge|`. Away from the optimum the step keeps the direction that
/// policy improvement asks for (outwards where continuing beats trading) and is limited. Convergence is quadratic.
/// *Verified by* `StationaryOrderTests.newtonIsQuadratic`.
struct BandImprovement {
  let bands: [Band]
  /// The largest move of an edge or target as a fraction of its band.
  let step: Double

  /// An edge may go out by this part of its distance from the target (or from the centre) at once …
  static let outwardLimit = 1.0
  /// … and in by this part.
  static let inwardLimit = 0.5
  /// The search for where holding stops paying starts at this fraction of the band, below which Newton's step serves …
  static let firstHolding = 1.0 / 64
  /// … ends at this multiple of it, and need not be exact, since other values change in the same step.
  static let holdingLimit = 4.0
  static let holdingHalvings = 6
  /// The distance from an edge to its target shrinks by at most this factor at once: a trade that became almost empty
  /// would make the slope there almost arbitrary.
  static let closingLimit = 0.5

  init(_ value: BandValue, previous: [Band]) {
    var largest = 0.0
    bands = previous.indices.map { e in
      let old = previous[e]
      let next = BandImprovement.within(BandImprovement.improve(value, e), old, value.problem, e)
      for (a, b) in [
        (next.lower, old.lower), (next.upper, old.upper), (next.targetLower, old.targetLower),
        (next.targetUpper, old.targetUpper),
      ] {
        largest = max(largest, abs(a - b) / old.width)
      }
      return next
    }
    step = largest
  }

  /// A band that goes no further than half-way to where its regime does not move.
  private static func within(_ band: Band, _ old: Band, _ problem: ScaledTracking, _ e: Int) -> Band {
    let range = problem.movingRange(e, around: 0.5 * (old.lower + old.upper), width: old.width)
    let (lowest, highest) = (0.5 * (old.lower + range.lowerBound), 0.5 * (old.upper + range.upperBound))
    guard band.lower < lowest || band.upper > highest else { return band }
    var next = band
    next.lower = max(band.lower, lowest)
    next.upper = min(band.upper, highest)
    next.targetLower = max(band.targetLower, next.lower)
    next.targetUpper = min(band.targetUpper, next.upper)
    return next
  }

  private static func improve(_ value: BandValue, _ e: Int) -> Band {
    let band = value.mesh.bands[e]
    var next = band
    guard !value.problem.reflects[e] else {
      let reach = 0.5 * band.width
      next.lower = band.lower - outward(value, e, .lower, reach, smoothFit: false)
      next.upper = band.upper + outward(value, e, .upper, reach, smoothFit: false)
      next.targetLower = next.lower
      next.targetUpper = next.upper
      return next
    }
    let lowest = band.lower + closingLimit * (band.targetLower - band.lower)
    let highest = band.upper - closingLimit * (band.upper - band.targetUpper)
    next.targetLower = min(max(target(value, e, slope: -value.problem.slope[0][e]), lowest), highest)
    next.targetUpper = min(max(target(value, e, slope: value.problem.slope[1][e]), lowest), highest)
    next.targetLower = min(next.targetLower, next.targetUpper)
    next.lower = band.lower - outward(value, e, .lower, next.targetLower - band.lower, smoothFit: true)
    next.upper = band.upper + outward(value, e, .upper, band.upper - next.targetUpper, smoothFit: true)
    return next
  }

  /// How far the edge moves outwards.
  private static func outward(
    _ value: BandValue, _ e: Int, _ side: BandSide, _ reach: Double, smoothFit: Bool
  ) -> Double {
    let edge = side == .upper ? value.mesh.bands[e].upper : value.mesh.bands[e].lower
    let curvature = value.curvature(e, edge)
    let (residual, derivative) =
      smoothFit
      ? (side.sign * value.slope(e, edge) - value.problem.slope[side.rawValue][e], curvature)
      : (curvature, side.sign * value.thirdDerivative(e, edge, from: side))
    // The residual falls through zero at the optimum; where it does not fall, only its sign can be trusted.
    let falling = derivative - value.edgeStiffness[2 * e + side.rawValue] * residual
    let newton = falling < 0 ? -residual / falling : (residual > 0 ? Double.infinity : -Double.infinity)
    let limited = min(max(newton, -inwardLimit * reach), outwardLimit * reach)
    let held = holding(value, e, side, edge)
    return held > 0 ? max(limited, held) : limited
  }

  /// How far beyond the edge holding beats trading at once: the way policy improvement moves an edge that is much too
  /// near. Zero at an optimum with a fixed cost; without one it agrees with Newton's step to first order.
  private static func holding(_ value: BandValue, _ e: Int, _ side: BandSide, _ edge: Double) -> Double {
    let width = value.mesh.bands[e].width
    func holds(_ distance: Double) -> Bool { value.balance(e, edge + side.sign * distance) < 0 }
    var (low, high) = (0.0, firstHolding * width)
    while holds(high) {
      low = high
      if high >= holdingLimit * width { return high }
      high *= 2
    }
    if low == 0 { return 0 }
    for _ in 0..<holdingHalvings {
      let middle = 0.5 * (low + high)
      if holds(middle) { low = middle } else { high = middle }
    }
    return low
  }

  /// The global minimum of `W − slope·x` in the band.
  private static func target(_ value: BandValue, _ e: Int, slope: Double) -> Double {
    let mesh = value.mesh
    let band = mesh.bands[e]
    var points: [Double] = []
    var heights: [Double] = []
    for element in 0..<mesh.elementCount {
      guard let a = mesh.active[element].firstIndex(of: e) else { continue }
      let (left, right) = (mesh.nodes[element], mesh.nodes[element + 1])
      for j in 0...value.basis.degree {
        // The ends exactly, so that a breakpoint is the same number from both elements and can be told below.
        let inside = 0.5 * (left + right) + 0.5 * (right - left) * value.basis.nodes[j]
        let x = j == 0 ? left : j == value.basis.degree ? right : inside
        points.append(x)
        heights.append(value.values[element][a * (value.basis.degree + 1) + j] - slope * x)
      }
    }
    let best = heights.indices.min { heights[$0] < heights[$1] }!
    var low = points[max(best - 1, 0)]
    var high = points[min(best + 1, points.count - 1)]
    // Two neighbours may be the same breakpoint, seen from both elements.
    if best >= 2, points[best - 1] == points[best] { low = points[best - 2] }
    if best + 2 < points.count, points[best + 1] == points[best] { high = points[best + 2] }
    var x = points[best]
    // Newton on W′ = slope inside the bracket; 50 halvings exhaust a double.
    for _ in 0..<50 {
      let excess = value.slope(e, x) - slope
      if excess > 0 { high = min(high, x) } else { low = max(low, x) }
      let curvature = value.curvature(e, x)
      var next = curvature > 0 ? x - excess / curvature : 0.5 * (low + high)
      if next < low || next > high { next = 0.5 * (low + high) }
      let moved = abs(next - x)
      x = next
      if moved <= 4 * Double.ulpOfOne * band.width { break }
    }
    return x
  }
}
