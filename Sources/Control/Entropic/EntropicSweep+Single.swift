import VectorMath

extension EntropicSweep {
  /// One regime: a tridiagonal elimination of the equation linearised about the guess, which the solution replaces.
  ///
  /// - Returns: whether the guess was near enough for the solution to stand.
  func singlePass(_ line: TileLines, group: Int, terms: EntropicTerms, scheme: BackwardDifference) -> Bool {
    let leading = LineGroup(repeating: scheme.leading)
    let (guess, ratios, values) = (line.scratch, line.scratch + rows, line.scratch + 2 * rows)
    let strip = line.rows
    // What lies below the strip is given: a node that has been eliminated, with nothing of the row above in it.
    var starBelow = strip.lowerBound > 0 ? guess[strip.lowerBound - 1] : .zero
    var star = guess[strip.lowerBound]
    var ratioBelow = LineGroup.zero
    var valueBelow = starBelow
    for row in strip {
      let starAbove = row + 1 < rows ? guess[row + 1] : .zero
      let slope = fused(
        LineGroup(repeating: slopeBelow[row]), starBelow,
        fused(LineGroup(repeating: slopeHere[row]), star, LineGroup(repeating: slopeAbove[row]) * starAbove))
      let node = equation(line, group: group, row: row, regime: 0, slope: slope, terms: terms, scheme: scheme)
      let inverse = 1 / fused(-node.below, ratioBelow, leading + node.below + node.above)
      ratioBelow = node.above * inverse
      valueBelow = fused(node.below, valueBelow, node.right) * inverse
      ratios[row] = ratioBelow
      values[row] = valueBelow
      (starBelow, star) = (star, starAbove)
    }
    var value = strip.upperBound < rows ? guess[strip.upperBound] : .zero
    var (change, step) = (LineGroup.zero, LineGroup.zero)
    for row in strip.reversed() {
      value = fused(ratios[row], value, values[row])
      change = laneMaximum(change, absolute(value - guess[row]))
      step = laneMaximum(step, absolute(value - line.recent[row * LineSweep.tile + group]))
      guess[row] = value
    }
    return EntropicSweep.stands(change: change, step: step)
  }
}
