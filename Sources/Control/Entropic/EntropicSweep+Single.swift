import VectorMath

extension EntropicSweep {
  /// One regime: a tridiagonal elimination per lane, repeated until the linearisation holds.
  func solveSingle(
    _ line: TileLines, terms: EntropicTerms, scheme: BackwardDifference, ratio: Double
  ) {
    let width = LineSweep.tile
    let (near, far) = (LineGroup(repeating: 1 + ratio), LineGroup(repeating: -ratio))
    let lag = LineGroup(repeating: scheme.step / scheme.leading)
    let guess = line.scratch
    for group in 0..<width {
      for row in 0..<rows {
        let index = row * width + group
        guess[row] = fused(near, line.recent[index], far * line.older[index])
      }
      for _ in 0..<EntropicSweep.mostPasses {
        if singlePass(line, group: group, terms: terms, scheme: scheme) { break }
      }
      for row in 0..<rows {
        let index = row * width + group
        line.older[index] = fused(lag, line.multiplier[index], guess[row])
      }
    }
  }

  /// Solves the equation linearised about the guess, which the solution replaces.
  ///
  /// - Returns: whether the guess was near enough for the solution to stand.
  private func singlePass(
    _ line: TileLines, group: Int, terms: EntropicTerms, scheme: BackwardDifference
  ) -> Bool {
    let width = LineSweep.tile
    let h = LineGroup(repeating: scheme.step)
    let leading = LineGroup(repeating: scheme.leading)
    let (c1, c2) = (LineGroup(repeating: scheme.recent), LineGroup(repeating: -scheme.older))
    let (guess, ratios, values) = (line.scratch, line.scratch + rows, line.scratch + 2 * rows)
    let y = line.holdings[group]
    var starBelow = LineGroup.zero
    var star = guess[0]
    var ratioBelow = LineGroup.zero
    var valueBelow = LineGroup.zero
    for row in 0..<rows {
      let starAbove = row + 1 < rows ? guess[row + 1] : .zero
      let slope = fused(
        LineGroup(repeating: slopeBelow[row]), starBelow,
        fused(LineGroup(repeating: slopeHere[row]), star, LineGroup(repeating: slopeAbove[row]) * starAbove))
      let exposure = fused(
        LineGroup(repeating: terms.forwards[row]), y, LineGroup(repeating: terms.bookExposure[row]))
      let node = nodeTerms(
        node: row, regime: 0, slope: slope, exposure: exposure, holding: y, forward: terms.forwards[row], terms: terms)
      let index = row * width + group
      var right = fused(c1, line.recent[index], c2 * line.older[index])
      right = fused(h, node.source - line.multiplier[index], right)
      let links = links(node: row, row: row, convection: node.convection)
      let (toBelow, toAbove) = (h * links.below, h * links.above)
      let inverse = 1 / fused(-toBelow, ratioBelow, leading + toBelow + toAbove)
      ratioBelow = toAbove * inverse
      valueBelow = fused(toBelow, valueBelow, right) * inverse
      ratios[row] = ratioBelow
      values[row] = valueBelow
      (starBelow, star) = (star, starAbove)
    }
    var value = LineGroup.zero
    var (change, step) = (LineGroup.zero, LineGroup.zero)
    for row in stride(from: rows - 1, through: 0, by: -1) {
      value = fused(ratios[row], value, values[row])
      change = laneMaximum(change, absolute(value - guess[row]))
      step = laneMaximum(step, absolute(value - line.recent[row * width + group]))
      guess[row] = value
    }
    return EntropicSweep.stands(change: change, step: step)
  }
}
