import Formulation

extension ImpulseRow {
  /// Projects the predictor that lies in `buffers.recent` at a node, leaves value and multiplier in their places, and
  /// returns the band in inventory.
  ///
  /// - Parameter rate: `c₀/h` of the step, by which the projection's distance becomes a multiplier [1/year].
  func intervene(in buffers: LineBuffers, node: Int, rate: Double) -> Band {
    let groups = count / LineGroup.scalarCount
    return withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: 3 * groups) { scratch in
      let values = scratch.baseAddress!
      let (multipliers, distances) = (values + groups, values + 2 * groups)
      buffers.gather(buffers.recent, node: node, into: values)
      let band = project(
        values, multiplier: multipliers, distance: distances, holdings: buffers.holdings, rate: rate)
      buffers.scatter(values, to: buffers.recent, node: node)
      buffers.scatter(multipliers, to: buffers.multiplier, node: node)
      return band
    }
  }
}
