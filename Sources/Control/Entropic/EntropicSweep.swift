import Formulation
import VectorMath

/// Advances lines of the loss Λ by one backward-difference step (see `EntropicMarch` for the equation).
///
/// The squared gradient and the switching term are linearised about the extrapolation of the last two slices,
///
///     (P − Λ_x)² ≈ P² − g² − 2 (P − g) Λ_x,   g = Λ*_x,   e^{γδ} ≈ e^{γδ*} (1 + γ (δ − δ*)),
///
/// whose error is that of one Newton step from a second-order guess, so that the scheme keeps second order and is implicit
/// in everything stiff. The price is a matrix for every line: eight lines are factorised at once, one per lane.
struct EntropicSweep {
  /// Diffusion `½σ²(∂ₓₓ − ∂ₓ)` per node: to the row below, to the row above, on the diagonal.
  let lower: [Double]
  let upper: [Double]
  let diagonal: [Double]
  /// Weights of `∂ₓ` per row.
  let slopeBelow: [Double]
  let slopeHere: [Double]
  let slopeAbove: [Double]
  /// How far the convection may go, per node, before an off-diagonal entry would turn positive; zero at the two ends.
  let most: [Double]
  let least: [Double]
  /// Switching rates, `[regime × regime]`.
  let rates: [Double]
  let rows: Int
  let regimes: Int

  init(logSpots x: [Double], environment: EnvironmentChain) {
    let plain = LineSystem(
      logSpots: x,
      environment: environment.withoutDrift(rate: 0).replacing(generator: .frozen(count: environment.count)))
    let (rows, regimes) = (x.count, environment.count)
    self.rows = rows
    self.regimes = regimes
    lower = plain.lower
    upper = plain.upper
    diagonal = (0..<(rows * regimes)).map { plain.block[$0 * regimes + $0 % regimes] }
    var (below, here, above) = (x, x, x)
    var (most, least) = (lower, lower)
    for row in 0..<rows {
      if row == 0 || row == rows - 1 {
        let spacing = row == 0 ? x[1] - x[0] : x[row] - x[row - 1]
        (below[row], here[row], above[row]) =
          row == 0 ? (0, -1 / spacing, 1 / spacing) : (-1 / spacing, 1 / spacing, 0)
        for e in 0..<regimes { (most[row * regimes + e], least[row * regimes + e]) = (0, 0) }
        continue
      }
      let (down, up) = (x[row] - x[row - 1], x[row + 1] - x[row])
      below[row] = -up / (down * (down + up))
      above[row] = down / (up * (down + up))
      here[row] = (up - down) / (up * down)
      for e in 0..<regimes {
        // lower − a·below ≥ 0 and upper − a·above ≥ 0.
        most[row * regimes + e] = max(0, plain.upper[row * regimes + e] / above[row])
        least[row * regimes + e] = min(0, plain.lower[row * regimes + e] / below[row])
      }
    }
    (slopeBelow, slopeHere, slopeAbove) = (below, here, above)
    (self.most, self.least) = (most, least)
    rates = environment.generator.rates.flatMap { $0 }
  }

  /// Memory of one tile: the eliminated upper blocks and work for one row.
  var scratchCount: Int { (rows * regimes * regimes + 3 * regimes + regimes * (2 * regimes + 1)) * LineSweep.tile }

  /// Solves for a range of tiles and leaves the predictor `Ũ + (h/c₀) λ^n` in `older`.
  ///
  /// - Parameters:
  ///   - recent: Λ^n, read.
  ///   - older: Λ^{n−1}, overwritten.
  ///   - multiplier: λ^n, read.
  func advance(
    buffers: LineBuffers, terms: EntropicTerms, scheme: BackwardDifference, ratio: Double, tiles: Range<Int>
  ) {
    let size = rows * regimes * LineSweep.tile
    withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: scratchCount) { scratch in
      for tile in tiles {
        let line = TileLines(
          recent: UnsafePointer(buffers.recent + tile * size), older: buffers.older + tile * size,
          multiplier: UnsafePointer(buffers.multiplier + tile * size),
          holdings: UnsafePointer(buffers.holdings + tile * LineSweep.tile), scratch: scratch.baseAddress!)
        if regimes == 1 {
          solveSingle(line, terms: terms, scheme: scheme, ratio: ratio)
        } else {
          solveCoupled(line, terms: terms, scheme: scheme, ratio: ratio)
        }
      }
    }
  }

  /// Where the arrays of one tile lie.
  struct TileLines {
    let recent: UnsafePointer<LineGroup>
    let older: UnsafeMutablePointer<LineGroup>
    let multiplier: UnsafePointer<LineGroup>
    let holdings: UnsafePointer<LineGroup>
    let scratch: UnsafeMutablePointer<LineGroup>
  }

  /// The linearised terms of one node for eight lines.
  struct NodeTerms {
    /// Convection `a` in `−a Λ_x`, within its bounds.
    var convection: LineGroup
    /// Everything that does not depend on the new Λ.
    var source: LineGroup
  }

  @inline(__always)
  func nodeTerms(
    node: Int, regime e: Int, slope: LineGroup, exposure: LineGroup, holding: LineGroup, forward: Double,
    terms: EntropicTerms
  ) -> NodeTerms {
    let weight = LineGroup(repeating: terms.weight[e])
    let drift = LineGroup(repeating: terms.excessDrift[e])
    let full = fused(weight, exposure - slope, -drift)
    let convection = clamped(
      full, from: LineGroup(repeating: least[node]), to: LineGroup(repeating: most[node]))
    // ½γσ²(P² − g²) − bP − (a − a_c) g + f X y + (c − r) X Δ
    var source = 0.5 * weight * fused(exposure, exposure, -(slope * slope))
    source = fused(-drift, exposure, source)
    source = fused(convection - full, slope, source)
    source = fused(LineGroup(repeating: terms.funding[e] * forward), holding, source)
    source += LineGroup(repeating: terms.constant[node])
    return NodeTerms(convection: convection, source: source)
  }
}
