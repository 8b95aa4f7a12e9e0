import Formulation
import Glibc

/// How a march begins: the terminal values, the reference inventory, and the multiplier at the end of a segment.
extension BackwardMarch {
  func referenceHolding() -> Int {
    let here = problem.book.greeks(time: 0, spot: problem.market.spot, regime: problem.market.currentRegime)
    let position = ((-here.delta - holdings[0]) / spacing).rounded()
    return max(0, min(lines - 1, Int(position)))
  }

  func setTerminal(_ buffers: inout LineBuffers, valueLine: inout SingleLine, reference: Int) {
    let recent = buffers.slice(buffers.recent)
    let cells = SettlementCells(problem: problem, logSpots: grid.logSpots)
    for row in 0..<rows {
      for e in 0..<regimes {
        let node = row * regimes + e
        func charge(_ inventory: Double) -> Double {
          cells.charge(row: row, spot: spots[row], cost: problem.costs[e], inventory: inventory)
        }
        for index in 0..<lines {
          let inventory = index == zeroIndex && flats.isEmpty ? 0 : holdings[index]
          if isGame {
            let sides = cells.sides(row: row, inventory: inventory, tolerance: 1e-9 * spacing)
            recent[node, index] = sides.positive * ceiling[node] - sides.negative * floor[node]
          } else {
            recent[node, index] = charge(inventory)
          }
        }
        valueLine.recent[node] = charge(reference == zeroIndex ? 0 : holdings[reference])
      }
    }
    // The general operator trades, or does not, by itself.
    guard !isGame, grid.timing.reviewPeriod == nil, !grid.timing.needsGeneralOperator(problem) else { return }
    // One may trade at the horizon instead of being settled.
    for node in 0..<nodes {
      let best = intervened(recent, node: node)
      for index in 0..<lines { recent[node, index] = min(recent[node, index], best[index]) }
    }
  }

  /// MV of one node by the general operator.
  private func intervened(_ slice: LineBuffers.Slice, node: Int) -> [Double] {
    let intervention = Intervention(
      fixed: costs[node % regimes].fixed, buyPerUnit: floor[node], sellPerUnit: ceiling[node],
      spacing: spacing)
    let values = (0..<lines).map { slice[node, $0] }
    return FlatRow.with(flats) { intervention.applied(to: values, kink: kink, flats: $0) }
  }

  /// λ at the start of a segment: where the solution touches its obstacle, the rate at which it would leave it.
  func initialiseMultiplier(_ buffers: LineBuffers, source: QuadraticSource, system: LineSystem) {
    let recent = buffers.slice(buffers.recent)
    let multiplier = buffers.slice(buffers.multiplier)
    jumps?.apply(buffers, ratio: 0, tiles: stride(from: 0, to: buffers.tiles, by: 1))
    let explicit = buffers.explicit.map { buffers.slice($0) }
    for node in 0..<nodes {
      let row = node / regimes
      let base = row * regimes
      let below = row > 0 ? node - regimes : node
      let above = row < rows - 1 ? node + regimes : node
      func rate(_ index: Int) -> Double {
        let y = holdings[index]
        var value = source.constant[node] + (source.linear[node] + source.quadratic[node] * y) * y
        value += system.lower[node] * recent[below, index] + system.upper[node] * recent[above, index]
        for other in 0..<regimes { value += system.block[node * regimes + other] * recent[base + other, index] }
        if let explicit { value += explicit[node, index] }
        return value
      }
      if isGame {
        for index in 0..<lines {
          let value = recent[node, index]
          let drift = rate(index)
          let isPinned = value >= ceiling[node] && value <= -floor[node]
          multiplier[node, index] =
            isPinned ? drift : value >= ceiling[node] ? max(0, drift) : value <= -floor[node] ? min(0, drift) : 0
        }
      } else {
        // Without a fixed cost every value touches its own obstacle, by the trade of nothing: which inventories trade is not
        // known before the first step.
        guard problem.costs[node % regimes].fixed > 0 else {
          for index in 0..<lines { multiplier[node, index] = 0 }
          continue
        }
        let best = intervened(recent, node: node)
        for index in 0..<lines {
          multiplier[node, index] = recent[node, index] >= best[index] ? max(0, rate(index)) : 0
        }
      }
    }
  }
}
