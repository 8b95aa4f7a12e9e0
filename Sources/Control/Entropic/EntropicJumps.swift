import Formulation
import Glibc
import VectorMath

/// What jumps of the price do to the loss Λ, for all lines at once. With B the book marked at each regime's own volatility and
/// `h = Λ − B − y X`, a jump by Z changes wealth's certainty equivalent by `h(x) − h(x + Z)`, and Λ_τ has the terms
///
///     J = (ν/γ) (E e^{γ(h_e(x + Z) − h_e(x))} − 1) + Σ (q_ee'/γ) (e^{γ(h_e'(x + ln J_ee') − h_e(x))} − 1),
///
/// the sum over switches that move the price; the price's drift between jumps is in `EntropicTerms.excessDrift`. B is any smooth
/// reference: the market is incomplete, nothing is the price without costs, and what Λ is measured against drops out of
/// differences between two solutions. h is interpolated between nodes, by cubics, and not its exponential, so that γ may be of
/// any size; beyond the nodes the price is held.
///
/// J is explicit, at Λ extrapolated to the new time. Far outside the band it is bounded (`bounds`), by what makes one trade within
/// the step and by what a step resolves. *Verified by* `EntropicJumpTests`.
struct EntropicJumps: Sendable {
  /// A jump law, or a switch, as seen from one regime.
  private struct Law {
    let regime: Int
    let other: Int
    /// ν w or q.
    let weights: [Double]
    /// `[row × node]`.
    let stencils: [LogInterpolation.Stencil]
  }

  private let rows: Int
  private let regimes: Int
  private let laws: [Law]
  /// `|ν κ + Σ q (J − 1)|` per regime [1/year].
  private let meanMoves: [Double]

  /// Exponents are held below this: such a rate is beyond any bound.
  private static let largestExponent = 300.0

  /// Nil when the price never jumps.
  init?(logSpots: [Double], environment: EnvironmentChain) {
    guard environment.hasPriceJumps else { return nil }
    rows = logSpots.count
    regimes = environment.count
    meanMoves = environment.regimes.indices.map {
      abs(environment.regimes[$0].drift - environment.driftBetweenJumps($0))
    }
    let interpolation = LogInterpolation(nodes: logSpots, below: 0, above: 0)
    func stencils(_ jumps: [Double]) -> [LogInterpolation.Stencil] {
      logSpots.flatMap { x in
        var cell = 0
        return jumps.map { interpolation.stencil(at: x + $0, cell: &cell) }
      }
    }
    var found: [Law] = []
    for (e, regime) in environment.regimes.enumerated() {
      if let jumps = regime.jumps, jumps.intensity > 0 {
        let nodes = jumps.fewNodes()
        found.append(
          Law(
            regime: e, other: e, weights: nodes.map { jumps.intensity * $0.weight },
            stencils: stencils(nodes.map(\.logJump))))
      }
      for other in 0..<environment.count {
        let jump = environment.switchJump(from: e, to: other)
        guard jump != 0 else { continue }
        found.append(
          Law(regime: e, other: other, weights: [environment.generator.rates[e][other]], stencils: stencils([jump])))
      }
    }
    laws = found
  }

  /// By how much of 1/γ the part of J that stiffens the equation may raise Λ in a step; a fifth is stable when extrapolated
  /// over five steps, as `TwoStageStep` does.
  private static let mostGrowth = 0.2
  /// Multiple of a delta-hedged book's own J that is never bounded: inventories of a band are not delta itself.
  private static let hedgedShare = 2.0

  /// The most that J may be, by node: what a delta-hedged book has of it, `Σ w (e^{γ|c|} − 1)/γ` with c the book's change less
  /// its delta's, and what makes one trade or as much as the step resolves.
  func bounds(_ terms: EntropicTerms, step: Double) -> [Double] {
    let aversion = terms.aversion
    var bounds = terms.mostRate.map { min($0, EntropicJumps.mostGrowth / (aversion * step)) }
    for law in laws {
      let count = law.weights.count
      for row in 0..<rows {
        let node = row * regimes + law.regime
        var total = 0.0
        for index in 0..<count {
          let stencil = law.stencils[row * count + index]
          var (price, value) = (0.0, 0.0)
          for k in 0..<4 {
            price += stencil.weights[k] * terms.forwards[stencil.first + k]
            value += stencil.weights[k] * terms.bookValue[(stencil.first + k) * regimes + law.other]
          }
          let change = value - terms.bookValue[node] - terms.bookDelta[node] * (price - terms.forwards[row])
          total += law.weights[index] * expm1(min(EntropicJumps.largestExponent, aversion * abs(change))) / aversion
        }
        bounds[node] += EntropicJumps.hedgedShare * total
      }
    }
    return bounds
  }

  /// Fills `explicit` of the tiles of a range with J.
  ///
  /// - Parameters:
  ///   - bounds: the most that J may be, by node.
  ///   - ratio: ω of the extrapolation `(1 + ω) Λ^n − ω Λ^{n−1}`.
  func apply(
    _ buffers: LineBuffers, terms: EntropicTerms, bounds: [Double], ratio: Double, tiles: StrideTo<Int>
  ) {
    guard let explicit = buffers.explicit else { return }
    let (width, size) = (LineSweep.tile, rows * regimes * LineSweep.tile)
    let (ahead, back) = (LineGroup(repeating: 1 + ratio), LineGroup(repeating: -ratio))
    let aversion = LineGroup(repeating: terms.aversion)
    let most = LineGroup(repeating: EntropicJumps.largestExponent)
    withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: rows * regimes) { memory in
      let loss = memory.baseAddress!
      for tile in tiles {
        for group in 0..<width {
          let holding = buffers.holdings[tile * width + group]
          // γ h, `[regime × row]`.
          for row in 0..<rows {
            for e in 0..<regimes {
              let node = row * regimes + e
              let place = tile * size + node * width + group
              let value = fused(ahead, buffers.recent[place], back * buffers.older[place])
              let held = fused(
                LineGroup(repeating: terms.forwards[row]), holding, LineGroup(repeating: terms.bookValue[node]))
              loss[e * rows + row] = aversion * (value - held)
              explicit[place] = .zero
            }
          }
          for law in laws {
            let (own, other) = (loss + law.regime * rows, loss + law.other * rows)
            let count = law.weights.count
            law.weights.withUnsafeBufferPointer { weights in
              law.stencils.withUnsafeBufferPointer { stencils in
                for row in 0..<rows {
                  var total = LineGroup.zero
                  for index in 0..<count {
                    let stencil = stencils[row * count + index]
                    let near = other + stencil.first
                    var arrival = near[0] * stencil.weights[0]
                    for k in 1..<4 { arrival = fused(LineGroup(repeating: stencil.weights[k]), near[k], arrival) }
                    let power = laneMinimum(arrival - own[row], most)
                    total = fused(LineGroup(repeating: weights[index]), exponential(power) - 1, total)
                  }
                  explicit[tile * size + (row * regimes + law.regime) * width + group] += total / aversion
                }
              }
            }
          }
          for node in 0..<(rows * regimes) {
            let place = tile * size + node * width + group
            // What the drift between jumps takes back is no part of what is bounded.
            let exposure = fused(
              LineGroup(repeating: terms.forwards[node / regimes]), holding,
              LineGroup(repeating: terms.bookExposure[node]))
            let bound = fused(
              LineGroup(repeating: meanMoves[node % regimes]), absolute(exposure), LineGroup(repeating: bounds[node]))
            explicit[place] = laneMinimum(explicit[place], bound)
          }
        }
      }
    }
  }
}

extension PriceJumps {
  /// Ends of the panels of an exponential law, in scales.
  private static let exponentialEnds = [0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 26, exponentialReach]

  /// Gauss's rule on panels of a deviation, of mass one: each is exact to 10⁻⁷ of a smooth function on the law's scale.
  func fewNodes() -> [KernelNode] {
    var ends: [[Double]] = []
    switch law {
    case .merton(let mean, let deviation):
      let count = 2 * Int(PriceJumps.normalReach)
      ends.append((0...count).map { mean + (Double($0) - PriceJumps.normalReach) * deviation })
    case .kou(let up, let down, let probability):
      if probability < 1 { ends.append(PriceJumps.exponentialEnds.reversed().map { -down * $0 }) }
      if probability > 0 { ends.append(PriceJumps.exponentialEnds.map { up * $0 }) }
    }
    return gaussNodes(panels: ends.flatMap { Array(zip($0, $0.dropFirst())) })
  }
}
