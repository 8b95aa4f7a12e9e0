import Formulation

/// The general operator where monitoring is continuous: `V ≤ MV` for every cost of the algebra.
extension BackwardMarch {
  /// How far beyond an edge positions are found, as a share of the band's width: an inventory taken over, or a look missed.
  private static let overshootShare = 0.25

  /// Projects the predictor at a node with the lagged multiplier, as `ImpulseRow.intervene` does.
  func intervene(
    _ buffers: LineBuffers, node: Int, with row: TradeRow, routes: [SolverRoute], diffusion: Double, rate: Double
  ) -> Band {
    let groups = lines / LineGroup.scalarCount
    return withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: 2 * groups) { scratch in
      let (values, multipliers) = (scratch.baseAddress!, scratch.baseAddress! + groups)
      buffers.gather(buffers.recent, node: node, into: values)
      let value = UnsafeMutableRawPointer(values).assumingMemoryBound(to: Double.self)
      let multiplier = UnsafeMutableRawPointer(multipliers).assumingMemoryBound(to: Double.self)
      row.clear()
      for route in routes { row.add(route, price: spots[node / regimes], value: value) }
      var reading = TradeRow.Reading(
        diffusion: diffusion, hasSlopes: routes.count > 1 || routes.contains(where: \.hasImpact))
      let well = lowest(value)
      if reading.hasSlopes {
        reading.overshoot = 0
        let narrow = row.band(reading, well: well)
        if narrow.width.isFinite { reading.overshoot = BackwardMarch.overshootShare * narrow.width }
      }
      let band = row.band(reading, well: well)
      for line in 0..<lines {
        let gain = max(0, row.gain[line])
        value[line] -= gain
        multiplier[line] = rate * gain
      }
      buffers.scatter(values, to: buffers.recent, node: node)
      buffers.scatter(multipliers, to: buffers.multiplier, node: node)
      return band
    }
  }

  /// Trades of the same instant at most, at the horizon: each further one halves what a convex charge costs at best.
  private static let mostTradesAtOnce = 64

  /// min(V, MV) by the general operator until nothing gains any more: one may trade several times in an instant.
  func intervenedRepeatedly(_ slice: LineBuffers.Slice, node: Int, with row: TradeRow, routes: [SolverRoute]) {
    var values = (0..<lines).map { slice[node, $0] }
    for _ in 0..<BackwardMarch.mostTradesAtOnce {
      row.clear()
      values.withUnsafeBufferPointer { pointer in
        for route in routes { row.add(route, price: spots[node / regimes], value: pointer.baseAddress!) }
      }
      var gained = 0.0
      for line in 0..<lines where row.gain[line] > 0 {
        values[line] -= row.gain[line]
        gained += row.gain[line]
      }
      if gained == 0 { break }
    }
    for line in 0..<lines { slice[node, line] = values[line] }
  }
}
