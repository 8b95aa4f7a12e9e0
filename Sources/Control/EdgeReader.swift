import Formulation
import Glibc
import VectorMath

/// Reads the edge of a no-trade interval off one (spot, regime) of a solved grid, second order in the spacing, where taking
/// the first touching node would be first order. What is read is an `Edge`; see there for those that need the tangent fit.
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
    found(from: start, direction: direction, distance: distance).solved
  }

  /// The same before the tangent fit.
  @inline(__always)
  func found(from start: Int, direction: Int, distance: (Int) -> Double) -> Edge {
    var index = start
    while true {
      let next = index + direction
      guard next >= 0, next < count else { return Edge(direction: direction) }
      if distance(next) <= 0 { break }
      index = next
    }
    return found(at: index, direction: direction, distance: distance)
  }

  /// The edge beyond an interior node whose neighbour in `direction` touches.
  @inline(__always)
  func found(at index: Int, direction: Int, distance: (Int) -> Double) -> Edge {
    let inner = index - direction
    let innermost = index - 2 * direction
    func edge(_ beyond: Double) -> Edge {
      Edge(
        origin: origin, spacing: spacing, index: Double(index), direction: Double(direction), beyond: beyond)
    }
    guard inner >= 0, inner < count else { return edge(EdgeReader.unresolved) }
    let (d0, d1) = (distance(index), distance(inner))
    guard isTangent else { return edge(d1 > d0 ? min(1, d0 / (d1 - d0)) : EdgeReader.unresolved) }
    let d2 = innermost >= 0 && innermost < count ? distance(innermost) : -.infinity
    guard d2 > d1, d1 > d0 else {
      let (near, far) = (d0.squareRoot(), d1.squareRoot())
      return edge(far > near ? min(EdgeReader.reach, near / (far - near)) : EdgeReader.unresolved)
    }
    var tangent = edge(.nan)
    tangent.distances = (d0, d1, d2)
    return tangent
  }

  /// The t > 0 for which `d₀/t², d₁/(t+1)², d₂/(t+2)²` are equally spaced: Newton's method from where the parabola through
  /// the roots of the distances vanishes. Eight edges at a time.
  static func tangentRoots(_ d0: LineGroup, _ d1: LineGroup, _ d2: LineGroup) -> LineGroup {
    let one = LineGroup(repeating: 1)
    let two = LineGroup(repeating: 2)
    let farthest = LineGroup(repeating: reach)
    let (near, middle, far) = (VectorMath.squareRoot(d0), VectorMath.squareRoot(d1), VectorMath.squareRoot(d2))
    let curvature = 0.5 * (far - two * middle + near)
    let steepness = middle - near - curvature
    let root = VectorMath.squareRoot(laneMaximum(.zero, steepness * steepness - 4 * curvature * near))
    let start = laneMinimum(farthest, two * near / (steepness + root))
    let straight = laneMinimum(farthest, near / (middle - near))
    var t = straight.replacing(with: start, where: start .> .zero)
    var result = straight
    var isSearching = SIMDMask<SIMD8<Int64>>(repeating: true)
    for _ in 0..<newtonSteps {
      // The second difference of the three, times the positive (t (t + 1) (t + 2))², and its derivative.
      let (p, q, r) = ((t + one) * (t + two), t * (t + two), t * (t + one))
      let bend = d0 * p * p - two * d1 * q * q + d2 * r * r
      let slope =
        two
        * (d0 * p * (two * t + LineGroup(repeating: 3)) - two * d1 * q * (two * t + two) + d2 * r * (two * t + one))
      let next = t - bend / slope
      let isInside = isSearching .& (next .> .zero) .& (next .<= farthest)
      let isFound = isInside .& (absolute(next - t) .< LineGroup(repeating: settled))
      let isLeft = isInside .& .!isFound
      result.replace(with: next, where: isFound)
      isSearching = isLeft
      guard anyLane(isSearching) else { break }
      t = next
    }
    return result
  }
}
