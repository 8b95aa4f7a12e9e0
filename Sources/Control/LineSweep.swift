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

  /// The rate r at which J grows while y is held, with `v = A₂y² + 2A₁y + A₀` the variance rate of the hedged book and b what a
  /// unit of net delta earns: `½ a v − b (Δ + y) + f S y`.
  mutating func setRunning(
    node: Int, aversion: Double, variance: (quadratic: Double, linear: Double, constant: Double), earned: Double,
    funding: Double, delta: Double
  ) {
    constant[node] = 0.5 * aversion * variance.constant - earned * delta
    linear[node] = aversion * variance.linear - earned + funding
    quadratic[node] = 0.5 * aversion * variance.quadratic
  }

  /// Its derivative in y.
  var slope: QuadraticSource {
    var result = self
    result.differentiate()
    return result
  }

  /// Becomes its own derivative in y.
  mutating func differentiate() {
    for node in constant.indices {
      constant[node] = linear[node]
      linear[node] = 2 * quadratic[node]
      quadratic[node] = 0
    }
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
  enum Projection: Sendable {
    /// Left in `older`, for an intervention that looks across lines.
    case deferred
    /// Clipped to `[−lower_row, upper_row]` at once, per (row, regime), and the multiplier updated.
    case clip(lower: NodeArray<Double>, upper: NodeArray<Double>)
  }

  /// - Parameters:
  ///   - recent: `U^n`, read.
  ///   - older: `U^{n−1}`, overwritten with `U*`, or with `U^{n+1}` when clipped.
  ///   - multiplier: `λ^n`, overwritten with `λ^{n+1}` when clipped.
  ///   - holdings: y per line group.
  ///   - explicit: further terms of f, `[tile × row × regime × group]`; nil: none.
  ///   - strip: the rows of each tile that are unknowns.
  ///   - surroundings: what is known of Ũ beside them.
  ///   - tiles: the tiles to advance.
  func advance<Surroundings: StripSurroundings>(
    recent: UnsafePointer<LineGroup>, older: UnsafeMutablePointer<LineGroup>,
    multiplier: UnsafeMutablePointer<LineGroup>, holdings: UnsafePointer<LineGroup>, source: QuadraticSource,
    explicit: UnsafePointer<LineGroup>? = nil, scheme: BackwardDifference, projection: Projection, strip: Strip,
    surroundings: Surroundings, tiles: StrideTo<Int>
  ) {
    let size = system.rows * system.regimes * LineSweep.tile
    for tile in tiles where !strip.active[tile].isEmpty {
      let start = tile * size
      let part = Part(
        tile: tile, rows: strip.active[tile], surroundings: surroundings, holdings: holdings + tile * LineSweep.tile)
      // With their number known beforehand, loops over regimes are unrolled.
      switch system.regimes {
      case 1: run(1)
      case 2: run(2)
      default: run(system.regimes)
      }
      @inline(__always)
      func run(_ regimes: Int) {
        eliminate(
          recent: recent + start, older: older + start, multiplier: multiplier + start, part: part, source: source,
          explicit: explicit.map { $0 + start }, scheme: scheme, regimes: regimes)
        backSubstitute(
          older: older + start, multiplier: multiplier + start, part: part, scheme: scheme, projection: projection,
          regimes: regimes)
      }
    }
  }

  /// The unknowns of a tile and what lies beside them.
  private struct Part<Surroundings: StripSurroundings> {
    let tile: Int
    let rows: Range<Int>
    let surroundings: Surroundings
    let holdings: UnsafePointer<LineGroup>

    @inline(__always)
    func predictor(_ node: Int, _ group: Int) -> LineGroup {
      surroundings.predictor(node: node, tile: tile, group: group, inventories: holdings[group])
    }
  }

  @inline(__always)
  private func eliminate<Surroundings: StripSurroundings>(
    recent: UnsafePointer<LineGroup>, older: UnsafeMutablePointer<LineGroup>,
    multiplier: UnsafePointer<LineGroup>, part: Part<Surroundings>, source: QuadraticSource,
    explicit: UnsafePointer<LineGroup>?, scheme: BackwardDifference, regimes m: Int
  ) {
    let width = LineSweep.tile
    let (rows, holdings) = (part.rows, part.holdings)
    let h = scheme.step
    let c1 = LineGroup(repeating: scheme.recent)
    let c2 = LineGroup(repeating: -scheme.older)
    let minusH = LineGroup(repeating: -h)
    let plusH = LineGroup(repeating: h)
    system.elimination.withUnsafeBufferPointer { elimination in
      source.constant.withUnsafeBufferPointer { constant in
        source.linear.withUnsafeBufferPointer { linear in
          source.quadratic.withUnsafeBufferPointer { quadratic in
            for row in rows {
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
                  if row > rows.lowerBound {
                    for f in 0..<m {
                      let factor = LineGroup(repeating: -elimination[node * m + f])
                      value = fused(factor, older[((row - 1) * m + f) * width + group], value)
                    }
                  }
                  older[base + group] = value
                }
              }
              if row == rows.lowerBound, row > 0 { join(older, part: part, step: h) }
            }
          }
        }
      }
    }
  }

  /// Makes the first row's right-hand side what elimination from the grid's own first row would have made it, if the row
  /// below and the first row itself were as the surroundings say: the eliminated row below is then
  /// `B' Ũ_{−1} + C Ũ₀`, and the elimination matrix times B' is that of the row itself.
  private func join<Surroundings: StripSurroundings>(
    _ older: UnsafeMutablePointer<LineGroup>, part: Part<Surroundings>, step: Double
  ) {
    let (m, width) = (system.regimes, LineSweep.tile)
    let first = part.rows.lowerBound * m
    for e in 0..<m {
      let link = LineGroup(repeating: step * system.lower[first + e])
      for group in 0..<width {
        var value = fused(link, part.predictor(first - m + e, group), older[(first + e) * width + group])
        for f in 0..<m {
          let factor = -system.elimination[(first + e) * m + f] * system.above[first - m + f]
          value = fused(LineGroup(repeating: factor), part.predictor(first + f, group), value)
        }
        older[(first + e) * width + group] = value
      }
    }
  }

  @inline(__always)
  private func backSubstitute<Surroundings: StripSurroundings>(
    older: UnsafeMutablePointer<LineGroup>, multiplier: UnsafeMutablePointer<LineGroup>, part: Part<Surroundings>,
    scheme: BackwardDifference, projection: Projection, regimes m: Int
  ) {
    let rows = part.rows
    let width = LineSweep.tile
    let lag = LineGroup(repeating: scheme.step / scheme.leading)
    let rate = LineGroup(repeating: scheme.leading / scheme.step)
    // `solved` holds Ũ of the row above, `partial` the right-hand side of the row at hand: [regime × group of the tile].
    withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: 2 * m * width) { scratch in
      let solved = scratch.baseAddress!
      let partial = solved + m * width
      solved.initialize(repeating: .zero, count: 2 * m * width)
      if rows.upperBound < system.rows {
        for e in 0..<m {
          for local in 0..<width { solved[e * width + local] = part.predictor(rows.upperBound * m + e, local) }
        }
      }
      system.inverse.withUnsafeBufferPointer { inverse in
        system.above.withUnsafeBufferPointer { above in
          for row in rows.reversed() {
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
