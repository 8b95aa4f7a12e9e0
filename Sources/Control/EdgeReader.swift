import Formulation
import Glibc

/// Reads the edge of a no-trade interval off one (spot, regime) of a solved grid, second order in the spacing, where taking
/// the first touching node would be first order.
///
/// - Where the deviation diffuses, the solution is tangent to its obstacle at an optimal edge (smooth fit; Dumas 1991), and
///   the distance to the obstacle is `s(u) = a u² + b u³` at u from the edge. Three interior nodes determine the edge: the
///   one for which `s/u²` is linear.
/// - Where it does not (no gamma, or no time left for it), the distance crosses zero, and is extrapolated linearly.
struct EdgeReader {
  /// First inventory of the grid and its spacing.
  let origin: Double
  let spacing: Double
  let count: Int
  /// Whether the solution is tangent at its edges.
  let isTangent: Bool

  /// Where the edge is put when too few nodes are inside to extrapolate: half-way to the first touching node.
  private static let unresolved = 0.5
  /// How far beyond the last interior node an edge may be, in spacings: the discrete obstacle may hold a node or two that
  /// lie inside.
  private static let reach = 2.5
  /// Newton's steps for the edge, and the change [spacings] after which it counts as found: what is left is of the order of
  /// its square, far below the error of reading.
  private static let newtonSteps = 12
  private static let settled = 1e-3
  /// A deviation that moves less than this many spacings until the horizon does not round the solution off.
  private static let leastDiffusion = 2.0

  /// - Parameter diffusion: standard deviation of the deviation until the horizon, |Γ|Sσ√τ [units].
  init(origin: Double, spacing: Double, count: Int, diffusion: Double) {
    self.init(
      origin: origin, spacing: spacing, count: count,
      isTangent: EdgeReader.isTangent(diffusion: diffusion, spacing: spacing))
  }

  init(origin: Double, spacing: Double, count: Int, isTangent: Bool) {
    self.origin = origin
    self.spacing = spacing
    self.count = count
    self.isTangent = isTangent
  }

  /// Whether a deviation that moves by `diffusion` [units] until the horizon rounds the solution off.
  static func isTangent(diffusion: Double, spacing: Double) -> Bool { diffusion > leastDiffusion * spacing }

  /// Position of the edge beyond the last interior node, walking in `direction` (±1) from `start`, where
  /// `distance(index)` ≥ 0 is the distance to the obstacle and 0 means touching. Infinite when the grid ends first.
  @inline(__always)
  func edge(from start: Int, direction: Int, distance: (Int) -> Double) -> Double {
    var index = start
    while true {
      let next = index + direction
      guard next >= 0, next < count else { return Double(direction) * .infinity }
      if distance(next) <= 0 { break }
      index = next
    }
    let inner = index - direction
    let innermost = index - 2 * direction
    guard inner >= 0, inner < count else { return position(index, direction, EdgeReader.unresolved) }
    let (d0, d1) = (distance(index), distance(inner))
    let crossing = d1 > d0 ? min(1, d0 / (d1 - d0)) : EdgeReader.unresolved
    guard isTangent else { return position(index, direction, crossing) }
    guard innermost >= 0, innermost < count, distance(innermost) > d1, d1 > d0 else {
      let (near, far) = (d0.squareRoot(), d1.squareRoot())
      return position(index, direction, far > near ? min(EdgeReader.reach, near / (far - near)) : EdgeReader.unresolved)
    }
    return position(index, direction, EdgeReader.tangentRoot(d0, d1, distance(innermost)))
  }

  /// The t > 0 for which `d₀/t², d₁/(t+1)², d₂/(t+2)²` are equally spaced: Newton's method from where the parabola through
  /// the roots of the distances vanishes.
  static func tangentRoot(_ d0: Double, _ d1: Double, _ d2: Double) -> Double {
    let (near, middle, far) = (d0.squareRoot(), d1.squareRoot(), d2.squareRoot())
    let curvature = 0.5 * (far - 2 * middle + near)
    let steepness = middle - near - curvature
    let start = min(
      reach, 2 * near / (steepness + max(0, steepness * steepness - 4 * curvature * near).squareRoot()))
    var t = start > 0 ? start : min(reach, near / (middle - near))
    for _ in 0..<newtonSteps {
      // The second difference of the three, times the positive (t (t + 1) (t + 2))², and its derivative.
      let (p, q, r) = ((t + 1) * (t + 2), t * (t + 2), t * (t + 1))
      let bend = d0 * p * p - 2 * d1 * q * q + d2 * r * r
      let slope = 2 * (d0 * p * (2 * t + 3) - 2 * d1 * q * (2 * t + 2) + d2 * r * (2 * t + 1))
      let next = t - bend / slope
      guard next > 0, next <= reach else { return min(reach, near / (middle - near)) }
      if abs(next - t) < settled { return next }
      t = next
    }
    return min(reach, near / (middle - near))
  }

  private func position(_ index: Int, _ direction: Int, _ beyond: Double) -> Double {
    origin + (Double(index) + Double(direction) * beyond) * spacing
  }
}
