import VectorMath

extension EntropicSweep {
  /// One regime: a tridiagonal elimination per lane.
  func solveSingle(
    _ line: TileLines, terms: EntropicTerms, scheme: BackwardDifference, ratio: Double
  ) {
    let width = LineSweep.tile
    let h = LineGroup(repeating: scheme.step)
    let leading = LineGroup(repeating: scheme.leading)
    let (c1, c2) = (LineGroup(repeating: scheme.recent), LineGroup(repeating: -scheme.older))
    let (near, far) = (LineGroup(repeating: 1 + ratio), LineGroup(repeating: -ratio))
    for group in 0..<width {
      let y = line.holdings[group]
      @inline(__always) func extrapolated(_ row: Int) -> LineGroup {
        fused(near, line.recent[row * width + group], far * line.older[row * width + group])
      }
      var starBelow = LineGroup.zero
      var star = extrapolated(0)
      var ratioBelow = LineGroup.zero
      var valueBelow = LineGroup.zero
      for row in 0..<rows {
        let starAbove = row + 1 < rows ? extrapolated(row + 1) : .zero
        let (below, here, above) = (
          LineGroup(repeating: slopeBelow[row]), LineGroup(repeating: slopeHere[row]),
          LineGroup(repeating: slopeAbove[row])
        )
        let slope = fused(below, starBelow, fused(here, star, above * starAbove))
        let exposure = fused(
          LineGroup(repeating: terms.forwards[row]), y, LineGroup(repeating: terms.bookExposure[row]))
        let node = nodeTerms(
          node: row, regime: 0, slope: slope, exposure: exposure, holding: y, forward: terms.forwards[row],
          terms: terms)
        let index = row * width + group
        var right = fused(c1, line.recent[index], c2 * line.older[index])
        right = fused(h, node.source - line.multiplier[index], right)
        let toBelow = h * fused(-node.convection, below, LineGroup(repeating: lower[row]))
        let toAbove = h * fused(-node.convection, above, LineGroup(repeating: upper[row]))
        let pivot = leading - h * fused(-node.convection, here, LineGroup(repeating: diagonal[row]))
        let inverse = 1 / fused(-toBelow, ratioBelow, pivot)
        ratioBelow = toAbove * inverse
        valueBelow = fused(toBelow, valueBelow, right) * inverse
        line.scratch[index] = ratioBelow
        line.older[index] = valueBelow
        (starBelow, star) = (star, starAbove)
      }
      let lag = LineGroup(repeating: scheme.step / scheme.leading)
      var value = LineGroup.zero
      for row in stride(from: rows - 1, through: 0, by: -1) {
        let index = row * width + group
        value = fused(line.scratch[index], value, line.older[index])
        line.older[index] = fused(lag, line.multiplier[index], value)
      }
    }
  }
}
