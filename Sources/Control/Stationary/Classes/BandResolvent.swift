import Formulation
import LinearAlgebra

/// Sums up to an exponential time of any rate, for a process that jumps: all rates share one reduction.
///
/// Collocation on a fixed mesh gives `(A − (ρ + s)B) W = r₀ + s r₁`, with B the square of an element's half length over `½η²` at
/// interior points and zero at the ends of elements, where W and W′ are continuous or W is an edge's. One rate s₀ is solved for every
/// right-hand side, and every other follows from it:
///
///     A₀ = A − (ρ + s₀)B,   K = A₀⁻¹B,   W = A₀⁻¹(r₀ + s r₁) + (s − s₀) K W.
///
/// K has columns at interior points alone, and in Hessenberg form costs n² operations for every complex s instead of the (2n)³ of the
/// same system in real numbers (`ScaledTracking.doubled`). Jumps tie every point to every other, so that there are no zeros to make
/// use of. It is K that is reduced and not `B⁻¹A`: what an element costs is no larger the shorter it is, and elements may be as short
/// as two edges of two regimes are near. Error: that of the degree, and rounding of the order of `n ε |s − s₀|‖K‖`, where
/// `‖K‖ ≤ 1/(ρ + s₀)` for the process itself. *Verified by* `ClockedBandTests`, `TrackingHybridTests`.
struct BandResolvent: Sendable {
  private let form: HessenbergForm
  /// s₀.
  private let shift: Double
  /// A₀⁻¹r₀ and A₀⁻¹r₁ at interior points, turned into the form's basis, by rows.
  private let fixed: [Double]
  private let proportional: [Double]
  private let sumCount: Int
  /// Values and slopes at the points: what they are of `(s − s₀)W` at interior points, turned, `[reading][row]` …
  private let readings: [[Double]]
  /// … and of A₀⁻¹r₀ and A₀⁻¹r₁, `[reading][sum]`.
  private let constants: [(fixed: [Double], proportional: [Double])]

  /// - Parameters:
  ///   - sums: stop at trades.
  ///   - points: where they are asked for.
  ///   - shift: s₀, no smaller than the real part of any rate that is asked for.
  init(
    problem: ScaledTracking, mesh: StationaryMesh, basis: ChebyshevBasis, sums: [FixedTime.Sum],
    at points: [(regime: Int, deviation: Double)], shift: Double
  ) throws(StationaryError) {
    self.shift = shift
    sumCount = sums.count
    let evaluation = BandEvaluation(
      problem: problem, mesh: mesh, basis: basis, discount: problem.discount + shift,
      functionals: sums.map(\.functional))
    let system = evaluation.coupledSystem()
    let inside = system.killing.indices.filter { system.killing[$0] > 0 }
    do {
      let factors = try LUFactorisation(evaluation.discounted(system))
      let known = try factors.solve(Self.right(evaluation, system))
      let payoffs = try factors.solve(Self.payoffs(evaluation, system, sums))
      var killed = Matrix(rows: system.size, columns: inside.count)
      for (j, row) in inside.enumerated() { killed[row, j] = system.killing[row] }
      let resolvent = try factors.solve(killed)
      let form = try HessenbergForm(resolvent.selecting(rows: inside))
      fixed = try form.rotated(known.selecting(rows: inside)).transposed.storage
      proportional = try form.rotated(payoffs.selecting(rows: inside)).transposed.storage
      var rows = Matrix(rows: inside.count, columns: 2 * points.count)
      var constants: [(fixed: [Double], proportional: [Double])] = []
      for (place, point) in points.enumerated() {
        for (order, row) in Self.reading(evaluation, system, point).enumerated() {
          for (i, value) in resolvent.transposeMultiplied(by: row).enumerated() { rows[i, 2 * place + order] = value }
          constants.append((known.transposeMultiplied(by: row), payoffs.transposeMultiplied(by: row)))
        }
      }
      let turned = try form.rotated(rows)
      readings = (0..<(2 * points.count)).map { turned.column($0) }
      self.constants = constants
      self.form = form
    } catch { throw .singular }
  }

  /// U at the rate s = a + ib ≠ s₀: value and slope, each with its imaginary part, `[sum][point]`.
  func values(
    _ a: Double, _ b: Double
  ) throws(StationaryError) -> [[(value: (Double, Double), slope: (Double, Double))]] {
    // (K − τ) W = −τ A₀⁻¹r with τ = 1/(s − s₀).
    let ahead = a - shift
    let square = ahead * ahead + b * b
    let (real, imaginary) = (ahead / square, -b / square)
    var columns = HessenbergForm.ComplexColumns(real: fixed, imaginary: fixed)
    for index in fixed.indices {
      let (x, y) = (fixed[index] + a * proportional[index], b * proportional[index])
      columns.real[index] = imaginary * y - real * x
      columns.imaginary[index] = -real * y - imaginary * x
    }
    let found: HessenbergForm.ComplexColumns
    do { found = try form.solve(real: real, imaginary: imaginary, columns, columns: sumCount) } catch {
      throw .singular
    }
    func read(_ reading: Int, _ sum: Int) -> (Double, Double) {
      var (x, y) = (0.0, 0.0)
      for (row, weight) in readings[reading].enumerated() {
        x += weight * found.real[row * sumCount + sum]
        y += weight * found.imaginary[row * sumCount + sum]
      }
      let constant = constants[reading]
      return (
        constant.fixed[sum] + a * constant.proportional[sum] + ahead * x - b * y,
        b * constant.proportional[sum] + ahead * y + b * x
      )
    }
    return (0..<sumCount).map { sum in
      (0..<(readings.count / 2)).map { (value: read(2 * $0, sum), slope: read(2 * $0 + 1, sum)) }
    }
  }

  // MARK: Set-up

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

  /// r₁: less the payoff.
  private static func payoffs(
    _ evaluation: BandEvaluation, _ system: BandEvaluation.CoupledSystem, _ sums: [FixedTime.Sum]
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
    var payoffs = Matrix(rows: system.size, columns: sums.count)
    for (k, sum) in sums.enumerated() {
      for (row, killing) in system.killing.enumerated() where killing > 0 {
        payoffs[row, k] = -killing * sum.payoff(places[row].regime, places[row].deviation)
      }
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
