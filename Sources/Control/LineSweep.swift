import Formulation

/// The source of a step at every node and line: `α + β y + γ y²`, with one triple per (row, regime).
struct QuadraticSource {
  var constant: [Double]
  var linear: [Double]
  var quadratic: [Double]

  init(count: Int) {
    constant = Array(repeating: 0, count: count)
    linear = constant
    quadratic = constant
  }
}

/// Advances groups of lines by one backward-difference step with a lagged multiplier (operator splitting of Ikonen and
/// Toivanen, *Appl. Math. Lett.* 17, 2004): solves
///
///     (c₀ − hA) Ũ = c₁ U^n − c₂ U^{n−1} + h (f − λ^n)
///
/// for every line, and leaves the predictor `U* = Ũ + (h/c₀) λ^n`, from which the projection onto the obstacle gives
/// `U^{n+1}` and `λ^{n+1} = (c₀/h)(U* − U^{n+1})`. The lagged multiplier keeps second order and removes the √h error
/// that a plain projection has (it would be the value of deciding only every h).
///
/// All arrays are `[tile × row × regime × group]` with `LineSweep.tile` groups to a tile, so that the recurrences of a tile
/// stream through memory.
struct LineSweep {
  let system: LineSystem

  /// Groups that are swept together: a tile's three arrays then fit the second-level cache at 400 spots and 2 regimes,
  /// and the backward pass finds there what the forward pass left.
  static let tile = 2
  /// Lines of a tile.
  static let tileLines = tile * LineGroup.scalarCount

  /// What becomes of the predictor.
  enum Projection {
    /// Left in `older`, for an intervention that looks across lines.
    case deferred
    /// Clipped to `[−lower_row, upper_row]` at once, per (row, regime), and the multiplier updated.
    case clip(lower: UnsafePointer<Double>, upper: UnsafePointer<Double>)
  }

  /// - Parameters:
  ///   - recent: `U^n`, read.
  ///   - older: `U^{n−1}`, overwritten with `U*`, or with `U^{n+1}` when clipped.
  ///   - multiplier: `λ^n`, overwritten with `λ^{n+1}` when clipped.
  ///   - holdings: y per line group.
  ///   - explicit: further terms of f, `[tile × row × regime × group]`; nil: none.
  ///   - tiles: the tiles to advance.
  func advance(
    recent: UnsafePointer<LineGroup>, older: UnsafeMutablePointer<LineGroup>,
    multiplier: UnsafeMutablePointer<LineGroup>, holdings: UnsafePointer<LineGroup>, source: QuadraticSource,
    explicit: UnsafePointer<LineGroup>? = nil, scheme: BackwardDifference, projection: Projection, tiles: Range<Int>
  ) {
    let size = system.rows * system.regimes * LineSweep.tile
    for tile in tiles {
      let start = tile * size
      eliminate(
        recent: recent + start, older: older + start, multiplier: multiplier + start,
        holdings: holdings + tile * LineSweep.tile, source: source, explicit: explicit.map { $0 + start },
        scheme: scheme)
      backSubstitute(older: older + start, multiplier: multiplier + start, scheme: scheme, projection: projection)
    }
  }

  private func eliminate(
    recent: UnsafePointer<LineGroup>, older: UnsafeMutablePointer<LineGroup>,
    multiplier: UnsafePointer<LineGroup>, holdings: UnsafePointer<LineGroup>, source: QuadraticSource,
    explicit: UnsafePointer<LineGroup>?, scheme: BackwardDifference
  ) {
    let width = LineSweep.tile
    let m = system.regimes
    let rows = system.rows
    let h = scheme.step
    let c1 = LineGroup(repeating: scheme.recent)
    let c2 = LineGroup(repeating: -scheme.older)
    let minusH = LineGroup(repeating: -h)
    let plusH = LineGroup(repeating: h)
    system.elimination.withUnsafeBufferPointer { elimination in
      source.constant.withUnsafeBufferPointer { constant in
        source.linear.withUnsafeBufferPointer { linear in
          source.quadratic.withUnsafeBufferPointer { quadratic in
            for row in 0..<rows {
              for e in 0..<m {
                let node = row * m + e
                let base = node * width
                let alpha = LineGroup(repeating: h * constant[node])
                let beta = LineGroup(repeating: h * linear[node])
                let gamma = LineGroup(repeating: h * quadratic[node])
                for group in 0..<width {
                  let y = holdings[group]
                  var value = fused(fused(gamma, y, beta), y, alpha)
                  value = fused(c1, recent[base + group], value)
                  value = fused(c2, older[base + group], value)
                  value = fused(minusH, multiplier[base + group], value)
                  if let explicit { value = fused(plusH, explicit[base + group], value) }
                  if row > 0 {
                    for f in 0..<m {
                      let factor = LineGroup(repeating: -elimination[node * m + f])
                      value = fused(factor, older[((row - 1) * m + f) * width + group], value)
                    }
                  }
                  older[base + group] = value
                }
              }
            }
          }
        }
      }
    }
  }

  private func backSubstitute(
    older: UnsafeMutablePointer<LineGroup>, multiplier: UnsafeMutablePointer<LineGroup>, scheme: BackwardDifference,
    projection: Projection
  ) {
    let m = system.regimes
    let rows = system.rows
    let width = LineSweep.tile
    let lag = LineGroup(repeating: scheme.step / scheme.leading)
    let rate = LineGroup(repeating: scheme.leading / scheme.step)
    // `solved` holds Ũ of the row above, `partial` the right-hand side of the row at hand: [regime × group of the tile].
    withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: 2 * m * width) { scratch in
      let solved = scratch.baseAddress!
      let partial = solved + m * width
      solved.initialize(repeating: .zero, count: 2 * m * width)
      system.inverse.withUnsafeBufferPointer { inverse in
        system.above.withUnsafeBufferPointer { above in
          for row in stride(from: rows - 1, through: 0, by: -1) {
            for e in 0..<m {
              let node = row * m + e
              let coefficient = LineGroup(repeating: -above[node])
              for local in 0..<width {
                partial[e * width + local] = fused(
                  coefficient, solved[e * width + local], older[node * width + local])
              }
            }
            for e in 0..<m {
              let node = row * m + e
              let base = node * width
              for local in 0..<width {
                var value = LineGroup(repeating: inverse[node * m]) * partial[local]
                for f in 1..<m {
                  value = fused(LineGroup(repeating: inverse[node * m + f]), partial[f * width + local], value)
                }
                solved[e * width + local] = value
                let predictor = fused(lag, multiplier[base + local], value)
                switch projection {
                case .deferred:
                  older[base + local] = predictor
                case .clip(let lower, let upper):
                  let floor = LineGroup(repeating: -lower[node])
                  let ceiling = LineGroup(repeating: upper[node])
                  var clipped = predictor.replacing(with: floor, where: predictor .< floor)
                  clipped = clipped.replacing(with: ceiling, where: predictor .> ceiling)
                  older[base + local] = clipped
                  multiplier[base + local] = rate * (predictor - clipped)
                }
              }
            }
          }
        }
      }
    }
  }
}

/// `a b + c`, fused where the machine does it in one instruction.
@inline(__always)
func fused(_ a: LineGroup, _ b: LineGroup, _ c: LineGroup) -> LineGroup {
  #if FUSED_MULTIPLY_ADD
    return c.addingProduct(a, b)
  #else
    return c + a * b
  #endif
}
