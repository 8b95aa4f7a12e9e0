import Formulation

/// The band of a row without a fixed cost, from the slope of V, which meets `−k_buy S` and `k_sell S` tangentially.
extension ImpulseRow {
  /// Slopes nearer to their bound than this share of the cost touch it: rounding of the line along which V was projected.
  private static let touching = 1e-9

  /// - Parameters:
  ///   - value: V after the projection.
  ///   - lowest: the node to which purchases go; highest: the one to which sales go [units].
  func slopeBand(_ value: UnsafePointer<Double>, lowest: Double, highest: Double) -> Band {
    let first = Int(((lowest - origin) / spacing).rounded())
    let last = Int(((highest - origin) / spacing).rounded())
    // Slopes live half-way between nodes; between two nodes that are one there is none inside the band.
    guard last > first, !isFree else {
      let middle = 0.5 * (lowest + highest)
      return Band(lower: middle, upper: middle, targetLower: middle, targetUpper: middle)
    }
    let reader = EdgeReader(
      origin: origin + 0.5 * spacing, spacing: spacing, count: count - 1, isTangent: isTangent)
    let least = ImpulseRow.touching * (buy + sell)
    func distance(_ index: Int, _ direction: Int) -> Double {
      let slope = (value[index + 1] - value[index]) / spacing
      let gap = direction > 0 ? sell - slope : slope + buy
      return gap > least ? gap : 0
    }
    let middle = (first + last - 1) / 2
    let upper = reader.edge(from: middle, direction: 1) { distance($0, 1) }
    let lower = reader.edge(from: middle, direction: -1) { distance($0, -1) }
    return Band(lower: lower, upper: upper, targetLower: lower, targetUpper: upper)
  }

  private var isTangent: Bool { EdgeReader.isTangent(diffusion: diffusion, spacing: spacing) }
}
