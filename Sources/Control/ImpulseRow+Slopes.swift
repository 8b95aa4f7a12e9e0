import Formulation
import VectorMath

/// The band of a row without a fixed cost, from the slope of V, which meets `−k_buy S` and `k_sell S` tangentially.
extension ImpulseRow {
  /// Slopes nearer to their bound than this share of the cost touch it: rounding of the line along which V was projected.
  private static let touching = 1e-9

  /// The distances of the slopes half a spacing and one and a half inside a line are in no larger ratio than this, where an edge lies
  /// at most a spacing beyond the line and V has no kink there; than its square where the solution is tangent.
  private static let mostSmooth = 0.6

  /// - Parameters:
  ///   - values: V after the projection, with a group to spare.
  ///   - lowest: the node to which purchases go; highest: the one to which sales go [units].
  func slopeEdges(
    _ values: UnsafePointer<LineGroup>, lowest: Double, highest: Double
  ) -> (lower: Edge, upper: Edge) {
    let (first, last) = (line(nearest: lowest), line(nearest: highest))
    // Slopes live half-way between nodes; between two nodes that are one there is none inside the band.
    guard last > first, !isFree else {
      let middle = Edge(at: 0.5 * (lowest + highest))
      return (middle, middle)
    }
    let reader = EdgeReader(
      origin: origin + 0.5 * spacing, spacing: spacing, count: count - 1, isTangent: isTangent)
    let least = ImpulseRow.touching * (buy + sell)
    let value = UnsafeRawPointer(values).assumingMemoryBound(to: Double.self)
    func edge(_ direction: Int) -> Edge {
      let touching = slopeTouching(value, beyond: (first + last - 1) / 2, direction: direction, least: least)
      guard touching >= 0, touching < count - 1 else { return Edge(direction: direction) }
      func distance(_ index: Int) -> Double {
        let slope = (value[index + 1] - value[index]) / spacing
        let gap = direction > 0 ? sell - slope : slope + buy
        return gap > least ? gap : 0
      }
      // The line between the last slope that waits and the first that does not: where V has a kink there, it is the edge.
      let between = direction > 0 ? touching : touching + 1
      let (near, far) = (touching - direction, touching - 2 * direction)
      if let settled, settled.indices.contains(where: { settled[$0] == between + flats.first }), far >= 0,
        far < count - 1,
        distance(near) > (isTangent ? ImpulseRow.mostSmooth : 1) * ImpulseRow.mostSmooth * distance(far)
      {
        return Edge(at: origin + Double(between) * spacing)
      }
      return reader.found(at: near, direction: direction, distance: distance)
    }
    return (edge(-1), edge(1))
  }

  /// The first slope beyond one that touches its bound in a direction, eight at a time; −1 or more than there are when none
  /// does.
  private func slopeTouching(
    _ value: UnsafePointer<Double>, beyond middle: Int, direction: Int, least: Double
  ) -> Int {
    let lanes = LineGroup.scalarCount
    let bound = LineGroup(repeating: ((direction > 0 ? sell : buy) - least) * spacing)
    /// One bit per slope of a group that touches.
    func touching(_ group: Int) -> UInt8 {
      let rise = load(value + group * lanes + 1) - load(value + group * lanes)
      return ~positiveBits(bound - (direction > 0 ? rise : -rise))
    }
    var index = middle + direction
    while index >= 0, index < count - 1 {
      let (group, lane) = (index / lanes, index % lanes)
      if direction > 0 {
        let rest = touching(group) >> UInt8(lane)
        if rest != 0 { return index + rest.trailingZeroBitCount }
        index = (group + 1) * lanes
      } else {
        let rest = touching(group) << UInt8(lanes - 1 - lane)
        if rest != 0 { return index - rest.leadingZeroBitCount }
        index = group * lanes - 1
      }
    }
    return index
  }

  private var isTangent: Bool { EdgeReader.isTangent(diffusion: diffusion, spacing: spacing) }
}
