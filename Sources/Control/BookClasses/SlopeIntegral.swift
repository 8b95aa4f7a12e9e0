/// `∫ W dy` at a node, W cubic between the lines inside the band, linear next to the edges, constant beyond.
struct SlopeIntegral {
  private let buffers: EvaluationBuffers
  /// W of every functional at the two ends of a piece.
  private let left: NodeArray<Double>
  private let right: NodeArray<Double>

  /// 1/√3.
  private static let gaussPoint = 0.577_350_269_189_625_8

  init(_ buffers: EvaluationBuffers) {
    self.buffers = buffers
    left = NodeArray(repeating: 0, count: buffers.functionals)
    right = NodeArray(repeating: 0, count: buffers.functionals)
  }

  func deallocate() {
    left.deallocate()
    right.deallocate()
  }

  /// Adds a multiple of the integrals of all functionals.
  func add(
    _ slice: UnsafeMutablePointer<LineGroup>, _ store: LevelStore, _ node: Int, from start: Double, to end: Double,
    times factor: Double, to sums: UnsafeMutablePointer<Double>
  ) {
    if start == end { return }
    if start > end { return add(slice, store, node, from: end, to: start, times: -factor, to: sums) }
    let count = buffers.functionals
    let (low, high) = (store.low[node], store.high[node])
    let (below, beyond) = (min(end, low) - start, end - max(start, high))
    if below > 0 { for k in 0..<count { sums[k] += factor * below * store.lowConstant[node * count + k] } }
    if beyond > 0 { for k in 0..<count { sums[k] += factor * beyond * store.highConstant[node * count + k] } }
    let (a, b) = (max(start, low), min(end, high))
    guard a < b else { return }
    let plain = EvaluationBuffers.plain(slice)
    let lines = buffers.inside(store, node)
    func place(_ line: Int) -> Double {
      line < lines.lowerBound ? low : line >= lines.upperBound ? high : buffers.origin + Double(line) * buffers.spacing
    }
    func fill(_ values: NodeArray<Double>, _ line: Int) {
      for k in 0..<count {
        values[k] =
          line < lines.lowerBound
          ? store.lowConstant[node * count + k]
          : line >= lines.upperBound
            ? store.highConstant[node * count + k]
            : plain[buffers.position(node, line) + k * LineGroup.scalarCount]
      }
    }
    // Pieces between knots, from the one that holds a.
    var line = max(
      lines.lowerBound - 1,
      min(lines.upperBound - 1, Int(((a - buffers.origin) / buffers.spacing).rounded(.down))))
    while line < lines.upperBound {
      let (from, to) = (place(line), place(line + 1))
      let (p, q) = (max(a, from), min(b, to))
      if q > p, to > from {
        if line > lines.lowerBound, line + 2 < lines.upperBound {
          // The cubic through four lines, exactly by Gauss's two points.
          let (middle, reach) = (0.5 * (p + q), 0.5 * (q - p) * SlopeIntegral.gaussPoint)
          func weights(_ y: Double) -> SIMD4<Double> {
            CubicInterpolation.weights(at: (y - buffers.origin) / buffers.spacing - Double(line - 1))
          }
          let both = 0.5 * (q - p) * factor * (weights(middle - reach) + weights(middle + reach))
          for k in 0..<count { sums[k] += buffers.cubic(plain, node, line - 1, k, weights: both) }
        } else {
          fill(left, line)
          fill(right, line + 1)
          let share = (0.5 * (p + q) - from) / (to - from)
          for k in 0..<count { sums[k] += factor * (q - p) * (left[k] + share * (right[k] - left[k])) }
        }
      }
      if to >= b { break }
      line += 1
    }
  }
}
