import Formulation
import LinearAlgebra

extension BandEvaluation {
  /// One dense system over all elements, `(matrix − discount·killing) W = right`.
  ///
  /// Rows: the equation at interior points; at the ends of elements continuity of W and W′, or W = U at an edge.
  struct CoupledSystem {
    /// Where an element's points begin, regime by regime.
    let offsets: [Int]
    let size: Int
    /// By columns, without the discount.
    let matrix: [Double]
    /// By row, what the discount is multiplied by on the diagonal: zero at the ends of elements.
    let killing: [Double]
    /// By columns: U, g, the values at the anchor and the functionals.
    let right: [Double]
  }

  /// W at the nodes as a function of U, g and the functionals.
  func coupledTables() throws(StationaryError) -> [[Double]] {
    let system = coupledSystem()
    let (size, offsets) = (system.size, system.offsets)
    let solution: [Double]
    do {
      solution = try LUFactorisation(discounted(system))
        .solve(Matrix(rows: size, columns: columnCount, byColumns: system.right)).storage
    } catch { throw .singular }
    return (0..<mesh.elementCount).map { element in
      let rows = mesh.active[element].count * points
      var table = [Double](repeating: 0, count: rows * columnCount)
      for row in 0..<rows {
        for column in 0..<columnCount {
          table[row * columnCount + column] = solution[offsets[element] + row + column * size]
        }
      }
      return table
    }
  }

  /// The matrix with the discount.
  func discounted(_ system: CoupledSystem) throws(LinearAlgebraError) -> Matrix {
    var matrix = try Matrix(rows: system.size, columns: system.size, byColumns: system.matrix)
    for row in 0..<system.size { matrix[row, row] -= discount * system.killing[row] }
    return matrix
  }

  func coupledSystem() -> CoupledSystem {
    var offsets: [Int] = []
    var size = 0
    for element in 0..<mesh.elementCount {
      offsets.append(size)
      size += mesh.active[element].count * points
    }
    var matrix = [Double](repeating: 0, count: size * size)
    var right = [Double](repeating: 0, count: size * columnCount)
    var killing = [Double](repeating: 0, count: size)
    // Both by columns, as LAPACK wants them.
    func add(_ value: Double, _ row: Int, _ column: Int) { matrix[row + column * size] += value }
    func add(_ value: Double, _ row: Int, shared column: Int) { right[row + column * size] += value }
    for element in 0..<mesh.elementCount {
      let active = mesh.active[element]
      let (left, end) = (mesh.nodes[element], mesh.nodes[element + 1])
      let half = 0.5 * (end - left)
      for (a, e) in active.enumerated() {
        let own = offsets[element] + a * points
        for j in 1..<basis.degree {
          let row = own + j
          let x = 0.5 * (left + end) + half * basis.nodes[j]
          let halfVariance = problem.halfVariance(e, x)
          let scale = half * half / halfVariance
          let transport = problem.drift(e, x) * half / halfVariance
          for l in 0..<points {
            add(basis.second[j * points + l] + transport * basis.first[j * points + l], row, own + l)
          }
          add(scale * problem.rate(e, e), row, row)
          killing[row] = scale
          add(scale, row, shared: rateColumn)
          for s in functionals.indices {
            add(-scale * source(s, e, x), row, shared: functionalColumn + s)
          }
          for other in 0..<regimeCount where other != e && problem.rate(e, other) != 0 {
            let rate = scale * problem.rate(e, other)
            if let b = active.firstIndex(of: other) {
              add(rate, row, offsets[element] + b * points + j)
            } else {
              let (side, edge) = landing(other, left)
              add(-rate, row, shared: 2 * other + side.rawValue)
              for (s, functional) in functionals.enumerated() {
                add(-rate * functional.beyond(side, other, x, edge: edge), row, shared: functionalColumn + s)
              }
            }
          }
          guard let jumps = problem.jumps[e] else { continue }
          let rate = scale * jumps.intensity
          add(-rate, row, row)
          for there in 0..<mesh.elementCount {
            guard let b = mesh.active[there].firstIndex(of: e),
              let weights = jumps.weights(
                from: x, left: mesh.nodes[there], right: mesh.nodes[there + 1], basis: basis)
            else { continue }
            for l in 0..<points { add(rate * weights[l], row, offsets[there] + b * points + l) }
          }
          for side in BandSide.allCases {
            add(-rate * jumps.tail(side, from: x, mesh.bands[e]), row, shared: 2 * e + side.rawValue)
            for (s, functional) in functionals.enumerated() {
              let mean = functional.landingMean(side, e, from: x, mesh.bands[e], jumps)
              add(-rate * mean, row, shared: functionalColumn + s)
            }
          }
        }
        // The left end: continuous with the element before, or the lower edge.
        add(1, own, own)
        if element > 0, let b = mesh.active[element - 1].firstIndex(of: e) {
          add(-1, own, offsets[element - 1] + b * points + basis.degree)
        } else {
          add(1, own, shared: 2 * e + BandSide.lower.rawValue)
        }
        // The right end: slopes agree with the element after, or the upper edge.
        let last = own + basis.degree
        if element + 1 == anchor, holding(across: element + 1).contains(e) {
          add(1, last, last)
          add(1, last, shared: anchorColumn + e)
        } else if element + 1 < mesh.elementCount, let b = mesh.active[element + 1].firstIndex(of: e) {
          let next = offsets[element + 1] + b * points
          let nextHalf = 0.5 * (mesh.nodes[element + 2] - mesh.nodes[element + 1])
          for l in 0..<points {
            add(basis.first[basis.degree * points + l], last, own + l)
            add(-basis.first[l] * half / nextHalf, last, next + l)
          }
        } else {
          add(1, last, last)
          add(1, last, shared: 2 * e + BandSide.upper.rawValue)
        }
      }
    }
    return CoupledSystem(offsets: offsets, size: size, matrix: matrix, killing: killing, right: right)
  }
}
