import Formulation
import VectorMath

/// Advances lines of the loss Λ by one backward-difference step (see `EntropicMarch` for the equation).
///
/// The squared gradient and the switching term are linearised about the extrapolation of the last two slices,
///
///     (P − Λ_x)² ≈ P² − g² − 2 (P − g) Λ_x,   g = Λ*_x,   e^{γδ} ≈ e^{γδ*} (1 + γ (δ − δ*)),
///
/// whose error is that of one Newton step from a second-order guess, so that the scheme keeps second order and is implicit
/// in everything stiff; where the guess was far off, as near expiry under a large γ·S, the step is repeated from its result
/// (policy iteration: the square is a maximum over linear terms). Where convection outweighs diffusion on the grid it is
/// taken from upwind, so that the matrices stay monotone. The price is a matrix for every line: eight lines are factorised at once, one per lane.
///
/// Far outside the band, where one trades at once and the equation says nothing about Λ, its convection `γσ²XD` would carry
/// errors into the band at great speed when γ·S is large. There the exposure is held at the value that it has a little
/// outside the band (`EntropicTerms.hold`), which leaves trading optimal and Λ as it is.
struct EntropicSweep {
  /// Diffusion `½σ²(∂ₓₓ − ∂ₓ)` per node: to the row below and to the row above. No diagonal: its rows sum to zero.
  let lower: [Double]
  let upper: [Double]
  /// Distances to the rows below and above; infinite at the ends.
  let down: [Double]
  let up: [Double]
  /// Weights of `∂ₓ` per row.
  let slopeBelow: [Double]
  let slopeHere: [Double]
  let slopeAbove: [Double]
  /// Switching rates, `[regime × regime]`.
  let rates: [Double]
  let rows: Int
  let regimes: Int

  init(logSpots x: [Double], environment: EnvironmentChain) {
    let plain = LineSystem(
      logSpots: x,
      environment: environment.withoutPriceJumps().withoutDrift(rate: 0).replacing(
        generator: .frozen(count: environment.count)))
    let (rows, regimes) = (x.count, environment.count)
    self.rows = rows
    self.regimes = regimes
    lower = plain.lower
    upper = plain.upper
    down = x.indices.map { $0 == 0 ? .infinity : x[$0] - x[$0 - 1] }
    up = x.indices.map { $0 == rows - 1 ? .infinity : x[$0 + 1] - x[$0] }
    var (below, here, above) = (x, x, x)
    for row in 0..<rows {
      if row == 0 || row == rows - 1 {
        let spacing = row == 0 ? x[1] - x[0] : x[row] - x[row - 1]
        (below[row], here[row], above[row]) =
          row == 0 ? (0, -1 / spacing, 1 / spacing) : (-1 / spacing, 1 / spacing, 0)
        continue
      }
      let (down, up) = (x[row] - x[row - 1], x[row + 1] - x[row])
      below[row] = -up / (down * (down + up))
      above[row] = down / (up * (down + up))
      here[row] = (up - down) / (up * down)
    }
    (slopeBelow, slopeHere, slopeAbove) = (below, here, above)
    // Switches that move the price are among the explicit terms (`EntropicJumps`).
    rates = environment.generator.rates.enumerated().flatMap { e, row in
      row.enumerated().map { environment.switchJump(from: e, to: $0) == 0 ? $1 : 0 }
    }
  }

  /// How often a step is repeated at most; from a guess within reach Newton's method needs two or three.
  static let mostPasses = 6
  /// A guess stands when it misses less than this share of what the step changes: the square of it is then left as error.
  private static let nearEnough = 0.03

  static func stands(change: LineGroup, step: LineGroup) -> Bool {
    !anyLane(change .> EntropicSweep.nearEnough * step)
  }

  /// Memory of one group of lines: guess, eliminated values, eliminated upper blocks, and the block of the row at hand.
  var scratchCount: Int { rows * regimes * (2 + regimes) + regimes * (2 * regimes + 1) }

  /// Solves for a range of tiles and leaves the predictor `Ũ + (h/c₀) λ^n` in `older`.
  ///
  /// - Parameters:
  ///   - buffers: Λ^n in `recent` and λ^n in `multiplier`, read; Λ^{n−1} in `older`, overwritten on the strip.
  ///   - surroundings: Ũ beside the strip.
  func advance<Surroundings: StripSurroundings>(
    buffers: LineBuffers, terms: EntropicTerms, scheme: BackwardDifference, strip: Strip, surroundings: Surroundings,
    tiles: StrideTo<Int>
  ) {
    let size = rows * regimes * LineSweep.tile
    withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: scratchCount) { scratch in
      for tile in tiles where !strip.active[tile].isEmpty {
        let line = TileLines(
          rows: strip.active[tile], recent: UnsafePointer(buffers.recent + tile * size),
          older: buffers.older + tile * size, multiplier: UnsafePointer(buffers.multiplier + tile * size),
          explicit: buffers.explicit.map { UnsafePointer($0 + tile * size) },
          holdings: UnsafePointer(buffers.holdings + tile * LineSweep.tile), scratch: scratch.baseAddress!)
        for group in 0..<LineSweep.tile {
          /// The guess beside the strip, which the eliminations take as given.
          func surround(_ row: Int) {
            guard row >= 0, row < rows else { return }
            for node in (row * regimes)..<((row + 1) * regimes) {
              line.scratch[node] = surroundings.predictor(
                node: node, tile: tile, group: group, inventories: line.holdings[group])
            }
          }
          surround(line.rows.lowerBound - 1)
          surround(line.rows.upperBound)
          solve(line, group: group, terms: terms, scheme: scheme)
        }
      }
    }
  }

  /// From the extrapolated guess, an elimination per lane, repeated until the linearisation holds.
  private func solve(_ line: TileLines, group: Int, terms: EntropicTerms, scheme: BackwardDifference) {
    let width = LineSweep.tile
    let nodes = (line.rows.lowerBound * regimes)..<(line.rows.upperBound * regimes)
    let (near, far) = (LineGroup(repeating: 1 + scheme.ratio), LineGroup(repeating: -scheme.ratio))
    let lag = LineGroup(repeating: scheme.step / scheme.leading)
    let guess = line.scratch
    for node in nodes {
      let index = node * width + group
      guess[node] = fused(near, line.recent[index], far * line.older[index])
    }
    for _ in 0..<EntropicSweep.mostPasses {
      let stands =
        switch regimes {
        case 1: pass(SoleRegime.self, line, group: group, terms: terms, scheme: scheme)
        case 2: pass(RegimePair.self, line, group: group, terms: terms, scheme: scheme)
        default: coupledPass(line, group: group, terms: terms, scheme: scheme)
        }
      if stands { break }
    }
    for node in nodes {
      let index = node * width + group
      line.older[index] = fused(lag, line.multiplier[index], guess[node])
    }
  }

  /// Where the arrays of one tile lie.
  struct TileLines {
    /// The strip's rows.
    let rows: Range<Int>
    let recent: UnsafePointer<LineGroup>
    let older: UnsafeMutablePointer<LineGroup>
    let multiplier: UnsafePointer<LineGroup>
    /// What jumps bring, of a price that jumps.
    let explicit: UnsafePointer<LineGroup>?
    let holdings: UnsafePointer<LineGroup>
    let scratch: UnsafeMutablePointer<LineGroup>
  }

  /// The linearised equation of one node for eight lines, times h: `(c₀ + below + above) Λ − below Λ₋ − above Λ₊ = right`.
  struct NodeEquation {
    var below: LineGroup
    var above: LineGroup
    var right: LineGroup
  }

  /// - Parameter slope: `Λ_x` of the guess at the node.
  @inline(__always)
  func equation(
    _ line: TileLines, group: Int, row: Int, regime e: Int, slope: LineGroup, terms: EntropicTerms,
    scheme: BackwardDifference
  ) -> NodeEquation {
    let node = row * regimes + e
    let index = node * LineSweep.tile + group
    let forward = terms.forwards[row]
    let holding = line.holdings[group]
    let exposure = fused(LineGroup(repeating: forward), holding, LineGroup(repeating: terms.bookExposure[node]))
    let local = nodeTerms(
      node: node, regime: e, slope: slope, exposure: exposure, holding: holding, forward: forward, terms: terms)
    let h = LineGroup(repeating: scheme.step)
    var right = fused(
      LineGroup(repeating: scheme.recent), line.recent[index],
      LineGroup(repeating: -scheme.older) * line.older[index])
    if let explicit = line.explicit { right = fused(h, explicit[index], right) }
    let links = links(node: node, row: row, convection: local.convection)
    return NodeEquation(
      below: h * links.below, above: h * links.above, right: fused(h, local.source - line.multiplier[index], right))
  }

  /// The rate at which Λ changes at a node where nobody trades, for a group of lines.
  ///
  /// - Parameter value: Λ at any node.
  func rate(
    node: Int, holding: LineGroup, terms: EntropicTerms, value: (Int) -> LineGroup
  ) -> LineGroup {
    let (row, e) = (node / regimes, node % regimes)
    let forward = terms.forwards[row]
    let here = value(node)
    let below = row > 0 ? value(node - regimes) : here
    let above = row + 1 < rows ? value(node + regimes) : here
    let slope = fused(
      LineGroup(repeating: slopeBelow[row]), below - here, LineGroup(repeating: slopeAbove[row]) * (above - here))
    let exposure = fused(LineGroup(repeating: forward), holding, LineGroup(repeating: terms.bookExposure[node]))
    let local = nodeTerms(
      node: node, regime: e, slope: slope, exposure: exposure, holding: holding, forward: forward, terms: terms)
    let links = links(node: node, row: row, convection: local.convection)
    var rate = fused(links.below, below - here, fused(links.above, above - here, local.source))
    for other in 0..<regimes where other != e && rates[e * regimes + other] != 0 {
      let gap = value(row * regimes + other) - here
      let power = fused(
        LineGroup(repeating: terms.aversion), gap, LineGroup(repeating: terms.jump[node * regimes + other]))
      rate += LineGroup(repeating: rates[e * regimes + other] / terms.aversion) * (exponential(power) - 1)
    }
    return rate
  }

  /// The linearised terms of one node.
  private struct NodeTerms {
    /// a in `−a Λ_x`.
    var convection: LineGroup
    /// Everything that does not depend on the new Λ.
    var source: LineGroup
  }

  @inline(__always)
  private func nodeTerms(
    node: Int, regime e: Int, slope: LineGroup, exposure: LineGroup, holding: LineGroup, forward: Double,
    terms: EntropicTerms
  ) -> NodeTerms {
    let (least, most) = (LineGroup(repeating: terms.least[node]), LineGroup(repeating: terms.most[node]))
    let exposure = clamped(exposure, from: least, to: most)
    // A slope beyond every exposure that is held comes from a guess that is far off; the tangent there would be useless.
    let slope = clamped(slope, from: least, to: most)
    let weight = LineGroup(repeating: terms.weight[e])
    let drift = LineGroup(repeating: terms.excessDrift[e])
    let full = fused(weight, exposure - slope, -drift)
    // At the two ends the one-sided slope would be unstable as an implicit term where it points outwards.
    let isEnd = node < regimes || node >= (rows - 1) * regimes
    let convection = isEnd ? LineGroup.zero : full
    // ½γσ²(P² − g²) − bP − (a − a_c) g + f X y + (c − r) X Δ
    var source = 0.5 * weight * fused(exposure, exposure, -(slope * slope))
    source = fused(-drift, exposure, source)
    source = fused(convection - full, slope, source)
    source = fused(LineGroup(repeating: terms.funding[e] * forward), holding, source)
    source += LineGroup(repeating: terms.constant[node])
    return NodeTerms(convection: convection, source: source)
  }

  /// The entries of diffusion and convection, to the row below and to the row above.
  @inline(__always)
  private func links(node: Int, row: Int, convection: LineGroup) -> (below: LineGroup, above: LineGroup) {
    var below = fused(-convection, LineGroup(repeating: slopeBelow[row]), LineGroup(repeating: lower[node]))
    var above = fused(-convection, LineGroup(repeating: slopeAbove[row]), LineGroup(repeating: upper[node]))
    let (isBelow, isAbove) = (below .< LineGroup.zero, above .< LineGroup.zero)
    guard anyLane(isBelow .| isAbove), row > 0, row < rows - 1 else { return (below, above) }
    // The drift that the two entries make is carried by the one upwind.
    let drift = above * LineGroup(repeating: up[row]) - below * LineGroup(repeating: down[row])
    above.replace(with: drift / LineGroup(repeating: up[row]), where: isBelow)
    below.replace(with: LineGroup.zero, where: isBelow)
    below.replace(with: -drift / LineGroup(repeating: down[row]), where: isAbove)
    above.replace(with: LineGroup.zero, where: isAbove)
    return (below, above)
  }
}
