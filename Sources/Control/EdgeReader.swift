import Formulation
import Glibc

/// Reads a no-trade interval off one (spot, regime) of a solved grid.
///
/// At an optimal edge the solution touches its obstacle smoothly, so that the distance to the obstacle vanishes like the
/// square of the distance to the edge (smooth fit; for proportional costs, Dumas 1991). The root of the distance is
/// therefore linear near the edge and is extrapolated from the last interior nodes: second order in the spacing, where
/// reading off the first touching node would be first order.
struct EdgeReader {
  /// First inventory of the grid and its spacing.
  let origin: Double
  let spacing: Double
  let count: Int

  /// Position of the edge beyond the last interior node `last`, walking in `direction` (±1) from `start`, where
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
    // r(t) = r₀ − a t − b t², t spacings outwards from the last interior node, through it and the two further in. The
    // nodes nearest to an edge may be held by the discrete obstacle already, so the root may lie beyond `next`.
    let near = distance(index).squareRoot()
    guard (index - start) * direction >= 2 else {
      let further = index - direction
      guard further >= 0, further < count else { return position(index, direction, EdgeReader.unresolved) }
      let far = distance(further).squareRoot()
      return position(index, direction, far > near ? min(EdgeReader.reach, near / (far - near)) : EdgeReader.unresolved)
    }
    // Without diffusion the distance vanishes linearly: its increments are then equal, where tangency makes the outer one
    // smaller.
    let (d0, d1, d2) = (distance(index), distance(index - direction), distance(index - 2 * direction))
    if d2 - d1 < EdgeReader.tangency * (d1 - d0) { return position(index, direction, min(1, d0 / (d1 - d0))) }
    let first = distance(index - direction).squareRoot() - near
    let second = distance(index - 2 * direction).squareRoot() - near
    let slope = 0.5 * (4 * first - second)
    let curvature = slope - first
    let discriminant = slope * slope + 4 * curvature * near
    guard slope > 0, discriminant >= 0 else { return position(index, direction, EdgeReader.unresolved) }
    return position(index, direction, min(EdgeReader.reach, 2 * near / (slope + discriminant.squareRoot())))
  }

  /// Where the edge is put when too few nodes are inside to extrapolate: half-way to the first touching node.
  private static let unresolved = 0.5
  /// Ratio of successive increments of the distance that tells a tangent edge (5/3 to 3) from a crossing (1).
  static let tangency = 1.3
  /// How far beyond the last interior node an edge may be put, in spacings.
  private static let reach = 2.0

  private func position(_ index: Int, _ direction: Int, _ beyond: Double) -> Double {
    origin + (Double(index) + Double(direction) * beyond) * spacing
  }
}
