import VectorMath

extension EntropicSweep {
  /// Several regimes: block elimination with one m × m block per lane. The blocks are diagonally dominant: no exchanges.
  func solveCoupled(
    _ line: TileLines, terms: EntropicTerms, scheme: BackwardDifference, ratio: Double
  ) {
    let (width, m) = (LineSweep.tile, regimes)
    let h = LineGroup(repeating: scheme.step)
    let (c1, c2) = (LineGroup(repeating: scheme.recent), LineGroup(repeating: -scheme.older))
    let (near, far) = (LineGroup(repeating: 1 + ratio), LineGroup(repeating: -ratio))
    let lag = LineGroup(repeating: scheme.step / scheme.leading)
    let eliminated = line.scratch
    // Three rows of extrapolated values, and the augmented block [B | C | d] of the row at hand.
    let stars = line.scratch + rows * m * m * width
    let block = stars + 3 * m * width
    let columns = 2 * m + 1
    for group in 0..<width {
      let y = line.holdings[group]
      func star(_ row: Int, _ e: Int) -> LineGroup { stars[(row % 3) * m + e] }
      func extrapolate(_ row: Int) {
        for e in 0..<m {
          let index = (row * m + e) * width + group
          stars[(row % 3) * m + e] = fused(near, line.recent[index], far * line.older[index])
        }
      }
      extrapolate(0)
      for row in 0..<rows {
        if row + 1 < rows { extrapolate(row + 1) }
        let (below, here, above) = (
          LineGroup(repeating: slopeBelow[row]), LineGroup(repeating: slopeHere[row]),
          LineGroup(repeating: slopeAbove[row])
        )
        for e in 0..<m {
          let node = row * m + e
          let index = node * width + group
          var slope = here * star(row, e)
          if row > 0 { slope = fused(below, star(row - 1, e), slope) }
          if row + 1 < rows { slope = fused(above, star(row + 1, e), slope) }
          let exposure = fused(
            LineGroup(repeating: terms.forwards[row]), y, LineGroup(repeating: terms.bookExposure[node]))
          let local = nodeTerms(
            node: node, regime: e, slope: slope, exposure: exposure, holding: y, forward: terms.forwards[row],
            terms: terms)
          var right = fused(c1, line.recent[index], c2 * line.older[index])
          right = fused(h, local.source - line.multiplier[index], right)
          let toBelow = h * fused(-local.convection, below, LineGroup(repeating: lower[node]))
          let toAbove = h * fused(-local.convection, above, LineGroup(repeating: upper[node]))
          let entry = block + e * columns
          for f in 0..<columns { entry[f] = .zero }
          entry[e] =
            LineGroup(repeating: scheme.leading)
            - h * fused(-local.convection, here, LineGroup(repeating: diagonal[node]))
          entry[m + e] = toAbove
          switching(
            row: row, regime: e, terms: terms, stars: stars + (row % 3) * m, step: h, entry: entry, right: &right)
          if row > 0 {
            let before = eliminated + (row - 1) * m * m * width
            for f in 0..<m {
              entry[f] = fused(-toBelow, before[(e * m + f) * width + group], entry[f])
            }
            right = fused(toBelow, line.older[(node - m) * width + group], right)
          }
          entry[2 * m] = right
        }
        EntropicSweep.reduce(block, m)
        for e in 0..<m {
          for f in 0..<m { eliminated[((row * m + e) * m + f) * width + group] = block[e * columns + m + f] }
          line.older[(row * m + e) * width + group] = block[e * columns + 2 * m]
        }
      }
      // `older` now holds d; solved values overwrite it from the top row down, the multiplier's lag is added afterwards.
      for row in stride(from: rows - 2, through: 0, by: -1) {
        for e in 0..<m {
          let index = (row * m + e) * width + group
          var value = line.older[index]
          for f in 0..<m {
            value = fused(
              eliminated[((row * m + e) * m + f) * width + group], line.older[((row + 1) * m + f) * width + group],
              value)
          }
          line.older[index] = value
        }
      }
      for node in 0..<(rows * m) {
        let index = node * width + group
        line.older[index] = fused(lag, line.multiplier[index], line.older[index])
      }
    }
  }

  /// The linearised switching term `(1/γ) Σ q (e^{γ(B − B') + γ(Λ' − Λ)} − 1)` of one regime.
  @inline(__always)
  private func switching(
    row: Int, regime e: Int, terms: EntropicTerms, stars: UnsafePointer<LineGroup>, step h: LineGroup,
    entry: UnsafeMutablePointer<LineGroup>, right: inout LineGroup
  ) {
    let aversion = LineGroup(repeating: terms.aversion)
    for other in 0..<regimes where other != e {
      let rate = rates[e * regimes + other]
      guard rate != 0 else { continue }
      let gap = stars[other] - stars[e]
      let power = fused(aversion, gap, LineGroup(repeating: terms.jump[(row * regimes + e) * regimes + other]))
      let growth = exponential(power)
      let coupling = h * rate * growth
      entry[other] -= coupling
      entry[e] += coupling
      right += h * rate * ((growth - 1) / aversion - growth * gap)
    }
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
