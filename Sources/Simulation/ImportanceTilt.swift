import Formulation
import Glibc
import VectorMath

/// Where to draw prices when the mean of an exponential is wanted: paths are made likely in proportion to what they add.
///
/// Over a step of length h the wealth of a hedger whose certainty equivalent is `y X + B − Λ` changes the exponential by
/// `e^{f(x') − f(x)}`, `f = γ (Λ − B − y X)`, x = ln S, of which the normal z that moves x by `s z`, s² = ∫σ² dt, sees
///
///     f(x + s z) ≈ f + A z + ½ B z²,     A = s γ (Λ_x − X D),   B = s² γ (Λ_xx − X D − X² Γ),   D = Δ + y
///
/// with Δ, Γ of the book at the regime's own volatility. z is drawn with mean `m = A/(1 − B)` and variance `v = 1/(1 − B)` instead
/// of 0 and 1, its exact density under the product of both, and the path's exponential is weighted with the likelihood ratio
/// `√v e^{(z'² − z²)/2}`, z = m + √v z': the mean is what it was whatever A and B are, and with the true Λ what is left of the
/// variance are third derivatives. Λ is the solver's (`LossGuide`): it makes the error small, and cannot make the mean wrong.
/// Source: Glasserman, *Monte Carlo Methods in Financial Engineering* (2003), §4.6 and §9.2.3.
/// *Verified by* `ImportanceTiltTests`.
final class ImportanceTilt: Sendable {
  private let guide: LossGuide
  private let riskAversion: Double
  private let rate: Double
  private let horizon: Double
  private let density: Double
  let book: Book

  /// B is held within ±½: what the exponential of a square may be made of, and its own square still has a mean.
  static let mostBend = 0.5

  init?(_ problem: OptionBookProblem, guide: LossGuide) {
    guard case .exponential(let riskAversion) = problem.preference else { return nil }
    self.guide = guide
    self.riskAversion = riskAversion
    rate = problem.market.rate
    horizon = problem.horizon
    density = Double(guide.nodeCount - 1) / (guide.logPrices.upperBound - guide.logPrices.lowerBound)
    book = problem.book.marked(at: problem.environment.regimes.map(\.volatility))
  }

  /// A/s and B/s² on every path of a block, from the net deltas and the gammas that stand there.
  fileprivate func combine(time: Double, state: BlockState) {
    let growth = exp(rate * (horizon - time))
    let (below, weight) = AscendingNodes.place(time, among: guide.times)
    let (next, later) = (min(below + 1, guide.times.count - 1), Float(weight))
    let (regimeCount, nodeCount, points) = (guide.regimeCount, guide.nodeCount, guide.pointCount)
    let (early, late) = (below * regimeCount * nodeCount, next * regimeCount * nodeCount)
    let origin = guide.logPrices.lowerBound + rate * time
    let (slopes, bends) = (state.scalars(state.tiltSlope), state.scalars(state.tiltBend))
    let (logSpots, spots, regimes) = (
      state.scalars(state.logSpot), state.scalars(state.spot), state.scalars(state.regime)
    )
    let inventories = state.scalars(state.inventory)
    guide.edges.withUnsafeBufferPointer { edges in
      guide.changes.withUnsafeBufferPointer { changes in
        for path in 0..<BlockState.pathCount {
          let place = max(0, min(Double(nodeCount - 1), (logSpots[path] - origin) * density))
          let node = min(nodeCount - 2, Int(place))
          let right = Float(place - Double(node))
          let cell = Int(regimes[path]) * nodeCount + node
          @inline(__always) func between(
            _ values: UnsafeBufferPointer<SIMD2<Float>>, _ width: Int, _ offset: Int
          ) -> SIMD2<Float> {
            let (first, second) = ((early + cell) * width + offset, (late + cell) * width + offset)
            let before = values[first] + right * (values[first + width] - values[first])
            let after = values[second] + right * (values[second + width] - values[second])
            return before + later * (after - before)
          }
          let band = between(edges, 1, 0)
          let net = slopes[path] + inventories[path]
          let width = band[1] - band[0]
          let share = width > 0 ? max(0, min(1, (Float(net) - band[0]) / width)) : 0.5
          let position = share * Float(points - 1)
          let point = min(points - 2, Int(position))
          let (low, high) = (between(changes, points, point), between(changes, points, point + 1))
          let change = low + (position - Float(point)) * (high - low)
          let price = growth * spots[path]
          let exposure = price * net
          // `bends` holds S Γ.
          bends[path] = riskAversion * (Double(change[1]) - exposure - price * bends[path])
          slopes[path] = riskAversion * (Double(change[0]) - exposure)
        }
      }
    }
  }
}

/// One worker's tilt.
final class TiltPass {
  private let tilt: ImportanceTilt
  private var slice: BookSlice

  init(_ tilt: ImportanceTilt, regimeCount: Int, coincidence: Double) {
    self.tilt = tilt
    slice = BookSlice(book: tilt.book, regimeCount: regimeCount, coincidence: coincidence)
  }

  deinit { slice.deallocate() }

  /// A/s and B/s² of the step that begins at a time.
  func measure(time: Double, still: Int?, state: BlockState) {
    slice.prepare(time: time, settled: true)
    slice.book.deltas(state, still: still, into: state.tiltSlope)
    slice.book.gammaExposures(state, into: state.tiltBend)
    tilt.combine(time: time, state: state)
  }

  /// The normals of eight paths, moved and widened, whose likelihood ratio is taken down.
  @inline(__always)
  func tilted(_ normal: Lanes, scale: Lanes, vector: Int, state: BlockState) -> Lanes {
    let most = Lanes(repeating: ImportanceTilt.mostBend)
    let bend = clamped(scale * scale * state.tiltBend[vector], from: -most, to: most)
    let variance = 1 / (1 - bend)
    let moved = scale * state.tiltSlope[vector] * variance + variance.squareRoot() * normal
    state.logWeight[vector] += 0.5 * (normal * normal - moved * moved + logarithm(variance))
    return moved
  }
}
