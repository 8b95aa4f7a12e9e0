import Formulation
import LinearAlgebra

/// Sums up to an exponential time of any rate, for a process that jumps: all rates share one reduction.
///
/// Collocation on a fixed mesh gives `(A − (ρ + s)B) W = r₀ + s r₁`, with B the identity at interior points and zero at the ends of
/// elements, where W and W′ are continuous or W is an edge's. The ends follow from the interior, `W_E = A_EE⁻¹(r_E − A_EI W_I)`, which
/// leaves
///
///     (M − ρ − s) W_I = r₀′ + s r₁′,     M = A_II − A_IE A_EE⁻¹ A_EI,
///
/// and M in Hessenberg form costs n² operations for every complex s instead of the (2n)³ of the same system in real numbers
/// (`ScaledTracking.doubled`). Jumps tie every point to every other, so that there are no zeros to make use of. Error: that of
/// the degree, and rounding of the order of ε times the largest coefficient, `½η² p⁴/6` over the square of the shortest half element.
/// *Verified by* `ClockedBandTests`, `TrackingHybridTests`.
struct BandResolvent: Sendable {
  private let form: HessenbergForm
  private let discount: Double
  /// r₀′ and r₁′ turned into the form's basis, by rows.
  private let fixed: [Double]
  private let proportional: [Double]
  private let sumCount: Int
  /// Values and slopes at the points, turned: what they are of W at interior points, `[reading][row]` …
  private let readings: [[Double]]
  /// … and what the edges add, `[reading][sum]`.
  private let constants: [[Double]]

  /// - Parameters:
  ///   - sums: stop at trades.
  ///   - points: where they are asked for.
  init(
    problem: ScaledTracking, mesh: StationaryMesh, basis: ChebyshevBasis, sums: [FixedTime.Sum],
    at points: [(regime: Int, deviation: Double)]
  ) throws(StationaryError) {
    discount = problem.discount
    sumCount = sums.count
    let evaluation = BandEvaluation(
      problem: problem, mesh: mesh, basis: basis, discount: 0, functionals: sums.map(\.functional))
    let system = evaluation.coupledSystem()
    let parts = Parts(system)
    let right = Self.right(evaluation, system)
    do {
      let matrix = try Matrix(rows: system.size, columns: system.size, byColumns: system.matrix)
      let ends = try LUFactorisation(parts.slice(matrix, parts.ends, parts.ends))
      let coupling = parts.slice(matrix, parts.inside, parts.ends)
      let follow = try ends.solve(parts.slice(matrix, parts.ends, parts.inside))
      let known = try ends.solve(parts.slice(right, parts.ends, Array(sums.indices)))
      let reduced = parts.scaled(parts.slice(matrix, parts.inside, parts.inside) - coupling * follow)
      form = try HessenbergForm(reduced)
      let own = parts.scaled(parts.slice(right, parts.inside, Array(sums.indices)) - coupling * known)
      fixed = try form.rotated(own).transposed.storage
      let payoffs = Self.payoffs(evaluation, system, sums, parts.inside)
      proportional = try form.rotated(payoffs).transposed.storage
      var rows = Matrix(rows: parts.inside.count, columns: 2 * points.count)
      var constants: [[Double]] = []
      for (place, point) in points.enumerated() {
        for (order, row) in Self.reading(evaluation, system, point).enumerated() {
          let column = 2 * place + order
          // W_E = known − follow W_I.
          let atEnds = parts.ends.map { row[$0] }
          let followed = follow.transposeMultiplied(by: atEnds)
          for (i, index) in parts.inside.enumerated() { rows[i, column] = row[index] - followed[i] }
          constants.append(known.transposeMultiplied(by: atEnds))
        }
      }
      let turned = try form.rotated(rows)
      readings = (0..<(2 * points.count)).map { turned.column($0) }
      self.constants = constants
    } catch { throw .singular }
  }

  /// U at the rate a + ib: value and slope, each with its imaginary part, `[sum][point]`.
  func values(
    _ a: Double, _ b: Double
  ) throws(StationaryError) -> [[(value: (Double, Double), slope: (Double, Double))]] {
    var columns = HessenbergForm.ComplexColumns(real: fixed, imaginary: proportional.map { b * $0 })
    for index in columns.real.indices { columns.real[index] += a * proportional[index] }
    let found: HessenbergForm.ComplexColumns
    do {
      found = try form.solve(real: discount + a, imaginary: b, columns, columns: sumCount)
    } catch { throw .singular }
    func read(_ reading: Int, _ sum: Int) -> (Double, Double) {
      var (real, imaginary) = (constants[reading][sum], 0.0)
      for (row, weight) in readings[reading].enumerated() {
        real += weight * found.real[row * sumCount + sum]
        imaginary += weight * found.imaginary[row * sumCount + sum]
      }
      return (real, imaginary)
    }
    return (0..<sumCount).map { sum in
      (0..<(readings.count / 2)).map { (value: read(2 * $0, sum), slope: read(2 * $0 + 1, sum)) }
    }
  }

  // MARK: Set-up

  /// Rows of interior points and of ends of elements.
  private struct Parts {
    let inside: [Int]
    let ends: [Int]
    let killing: [Double]

    init(_ system: BandEvaluation.CoupledSystem) {
      killing = system.killing
      inside = killing.indices.filter { system.killing[$0] > 0 }
      ends = killing.indices.filter { system.killing[$0] == 0 }
    }

    func slice(_ matrix: Matrix, _ rows: [Int], _ columns: [Int]) -> Matrix {
      var part = Matrix(rows: rows.count, columns: columns.count)
      for (j, column) in columns.enumerated() {
        for (i, row) in rows.enumerated() { part[i, j] = matrix[row, column] }
      }
      return part
    }

    /// Interior rows over what the discount is multiplied by.
    func scaled(_ matrix: Matrix) -> Matrix {
      var result = matrix
      for j in 0..<matrix.columns {
        for (i, row) in inside.enumerated() { result[i, j] = matrix[i, j] / killing[row] }
      }
      return result
    }
  }

  /// r₀ by functional, W at the edges being known.
  private static func right(_ evaluation: BandEvaluation, _ system: BandEvaluation.CoupledSystem) -> Matrix {
    let bands = evaluation.mesh.bands
    var right = Matrix(rows: system.size, columns: evaluation.functionals.count)
    for (k, functional) in evaluation.functionals.enumerated() {
      let own = (evaluation.functionalColumn + k) * system.size
      for row in 0..<system.size { right[row, k] = system.right[own + row] }
      for e in bands.indices {
        for side in BandSide.allCases {
          let value = functional.atEdge(side, e, bands[e])
          let column = (2 * e + side.rawValue) * system.size
          if value != 0 { for row in 0..<system.size { right[row, k] += value * system.right[column + row] } }
        }
      }
    }
    return right
  }

  /// r₁′: less the payoff.
  private static func payoffs(
    _ evaluation: BandEvaluation, _ system: BandEvaluation.CoupledSystem, _ sums: [FixedTime.Sum], _ inside: [Int]
  ) -> Matrix {
    let mesh = evaluation.mesh
    var places = [(regime: Int, deviation: Double)](repeating: (0, 0), count: system.size)
    for element in 0..<mesh.elementCount {
      let (left, end) = (mesh.nodes[element], mesh.nodes[element + 1])
      for (a, e) in mesh.active[element].enumerated() {
        for j in 0..<evaluation.points {
          let x = 0.5 * (left + end) + 0.5 * (end - left) * evaluation.basis.nodes[j]
          places[system.offsets[element] + a * evaluation.points + j] = (e, x)
        }
      }
    }
    var payoffs = Matrix(rows: inside.count, columns: sums.count)
    for (k, sum) in sums.enumerated() {
      for (i, row) in inside.enumerated() { payoffs[i, k] = -sum.payoff(places[row].regime, places[row].deviation) }
    }
    return payoffs
  }

  /// W and W′ at a point as rows over W at all nodes.
  private static func reading(
    _ evaluation: BandEvaluation, _ system: BandEvaluation.CoupledSystem, _ point: (regime: Int, deviation: Double)
  ) -> [[Double]] {
    let (mesh, basis, points) = (evaluation.mesh, evaluation.basis, evaluation.points)
    let (e, x) = point
    let element = mesh.element(at: x, from: x == mesh.bands[e].lower ? .lower : .upper)
    let (left, end) = (mesh.nodes[element], mesh.nodes[element + 1])
    let cardinals = basis.cardinals(at: ((x - left) - (end - x)) / (end - left))
    let first = system.offsets[element] + mesh.active[element].firstIndex(of: e)! * points
    var rows = [[Double]](repeating: [Double](repeating: 0, count: system.size), count: 2)
    for j in 0..<points {
      rows[0][first + j] += cardinals[j]
      for l in 0..<points {
        // Of differences, as everywhere: the derivative of a constant is zero to the last digit.
        let weight = cardinals[j] * basis.first[j * points + l] / (0.5 * (end - left))
        rows[1][first + l] += weight
        rows[1][first + j] -= weight
      }
    }
    return rows
  }
}
