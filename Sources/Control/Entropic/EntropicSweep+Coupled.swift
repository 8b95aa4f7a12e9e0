import VectorMath

extension EntropicSweep {
  /// More than two regimes: block elimination with one m × m block per lane, in memory. The blocks are diagonally dominant: no exchanges.
  ///
  /// - Returns: whether the guess was near enough for the solution to stand.
  func coupledPass(_ line: TileLines, group: Int, terms: EntropicTerms, scheme: BackwardDifference) -> Bool {
    let (width, m) = (LineSweep.tile, regimes)
    var switching = Switching(
      aversion: terms.aversion, step: scheme.step, rates: rates, jump: terms.jump, regimes: m, row: 0)
    let (guess, values, eliminated) = (line.scratch, line.scratch + rows * m, line.scratch + 2 * rows * m)
    // The augmented block [B | C | d] of the row at hand.
    let block = eliminated + rows * m * m
    let columns = 2 * m + 1
    let strip = line.rows
    for row in strip {
      for e in 0..<m {
        let node = row * m + e
        var slope = LineGroup(repeating: slopeHere[row]) * guess[node]
        if row > 0 { slope = fused(LineGroup(repeating: slopeBelow[row]), guess[node - m], slope) }
        if row + 1 < rows { slope = fused(LineGroup(repeating: slopeAbove[row]), guess[node + m], slope) }
        let local = equation(line, group: group, row: row, regime: e, slope: slope, terms: terms, scheme: scheme)
        var right = local.right
        let entry = block + e * columns
        for f in 0..<columns { entry[f] = .zero }
        entry[e] = LineGroup(repeating: scheme.leading) + local.below + local.above
        entry[m + e] = local.above
        switching.row = row
        for other in 0..<m where other != e && rates[e * m + other] != 0 {
          let gap = guess[row * m + other] - guess[node]
          let term = switching.linearised(
            from: e, to: other, gap: gap, growth: switching.growth(from: e, to: other, gap: gap))
          entry[other] -= term.coupling
          entry[e] += term.coupling
          right += term.right
        }
        if row == strip.lowerBound, row > 0 {
          right = fused(local.below, guess[node - m], right)
        } else if row > 0 {
          let before = eliminated + (row - 1) * m * m
          for f in 0..<m { entry[f] = fused(-local.below, before[e * m + f], entry[f]) }
          right = fused(local.below, values[node - m], right)
        }
        entry[2 * m] = right
      }
      EntropicSweep.reduce(block, m)
      for e in 0..<m {
        for f in 0..<m { eliminated[(row * m + e) * m + f] = block[e * columns + m + f] }
        values[row * m + e] = block[e * columns + 2 * m]
      }
    }
    var (change, step) = (LineGroup.zero, LineGroup.zero)
    for row in strip.reversed() {
      for e in 0..<m {
        let node = row * m + e
        var value = values[node]
        if row + 1 < rows {
          // The row above has been solved and stands in the guess.
          for f in 0..<m { value = fused(eliminated[node * m + f], guess[node + m - e + f], value) }
        }
        values[node] = value
      }
      for e in 0..<m {
        let node = row * m + e
        change = laneMaximum(change, absolute(values[node] - guess[node]))
        step = laneMaximum(step, absolute(values[node] - line.recent[node * width + group]))
        guess[node] = values[node]
      }
    }
    return EntropicSweep.stands(change: change, step: step)
  }

  /// Reduces `[B | C | d]` to `[I | B⁻¹C | B⁻¹d]` by Gauss–Jordan elimination.
  @inline(__always)
  private static func reduce(_ block: UnsafeMutablePointer<LineGroup>, _ m: Int) {
    let columns = 2 * m + 1
    for p in 0..<m {
      let inverse = 1 / block[p * columns + p]
      for j in (p + 1)..<columns { block[p * columns + j] *= inverse }
      for i in 0..<m where i != p {
        let factor = -block[i * columns + p]
        for j in (p + 1)..<columns {
          block[i * columns + j] = fused(factor, block[p * columns + j], block[i * columns + j])
        }
      }
    }
  }
}
