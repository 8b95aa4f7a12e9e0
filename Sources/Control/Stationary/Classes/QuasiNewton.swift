/// Minimises a smooth function of a few parameters, some of which may not fall below zero.
///
/// Damped BFGS from a given Hessian (Nocedal and Wright 2006, algorithms 6.1 and 18.2's damping), with backtracking. The
/// iteration ends when the decrease that its model still predicts is below the tolerance.
struct QuasiNewton {
  struct Point {
    var parameters: [Double]
    var value: Double
    var gradient: [Double]
    /// The decrease that a full step would still bring, by the model.
    var predicted = Double.infinity
    var converged = false
  }

  /// Whether parameters may follow others in one step.
  var isAdmissible: (_ from: [Double], _ to: [Double]) -> Bool = { _, _ in true }
  /// How far each parameter may move in one step: one that hardly matters must not hold up the others.
  var reach: (_ from: [Double]) -> [Double]
  /// Which parameters are at least zero.
  var nonNegative: Set<Int> = []
  /// The iteration ends when the predicted decrease is below this share of the value …
  var tolerance = 1e-14
  /// … or after so many steps.
  var stepLimit = 100
  /// So many steps in a row that gain nothing but rounding end it too.
  private static let idleLimit = 3

  /// Armijo's constant, and Powell's for damping (Nocedal and Wright 2006, sections 3.1 and 18.3).
  private static let sufficientDecrease = 1e-4
  private static let damping = 0.2
  /// A step is not shortened further than this: rounding then decides.
  private static let shortest = 1e-10
  /// Differences of the value below this share of it are rounding.
  private static let rounding = 1e-13
  /// Added to the Hessian's diagonal as a share of its largest entry: parameters that nothing depends on stay.
  private static let regularisation = 1e-12

  func minimise(
    from start: [Double], hessian: [[Double]], _ evaluate: ([Double]) -> (value: Double, gradient: [Double])?
  ) -> Point? {
    guard let first = evaluate(start) else { return nil }
    var point = Point(parameters: start, value: first.value, gradient: first.gradient)
    var matrix = hessian
    let n = start.count
    var idle = 0
    for _ in 0..<stepLimit {
      let free = (0..<n).filter { !(nonNegative.contains($0) && point.parameters[$0] <= 0 && point.gradient[$0] >= 0) }
      guard let direction = QuasiNewton.direction(matrix, point.gradient, free) else { return point }
      let slope = zip(direction, point.gradient).reduce(0) { $0 + $1.0 * $1.1 }
      point.predicted = -0.5 * slope
      if point.predicted <= tolerance * abs(point.value) {
        point.converged = true
        return point
      }
      let limits = reach(point.parameters)
      let clipped = zip(direction, limits).map { min(max($0, -$1), $1) }
      let descent = zip(clipped, point.gradient).reduce(0) { $0 + $1.0 * $1.1 }
      guard descent < 0 else { return point }
      var length = 1.0
      var next: Point?
      while length > QuasiNewton.shortest {
        var trial = zip(point.parameters, clipped).map { $0 + length * $1 }
        for i in nonNegative { trial[i] = max(0, trial[i]) }
        if isAdmissible(point.parameters, trial), let found = evaluate(trial), found.value.isFinite,
          found.value <= point.value + QuasiNewton.sufficientDecrease * length * descent
            + QuasiNewton.rounding * abs(point.value)
        {
          next = Point(parameters: trial, value: found.value, gradient: found.gradient)
          break
        }
        length /= 2
      }
      guard let next else { return point }
      let step = zip(next.parameters, point.parameters).map { $0 - $1 }
      let change = zip(next.gradient, point.gradient).map { $0 - $1 }
      QuasiNewton.update(&matrix, step, change)
      idle = point.value - next.value > QuasiNewton.rounding * abs(point.value) ? 0 : idle + 1
      let predicted = point.predicted
      point = next
      point.predicted = predicted
      if idle == QuasiNewton.idleLimit { return point }
    }
    return point
  }

  /// `−B⁻¹∇f` over the free parameters.
  private static func direction(_ matrix: [[Double]], _ gradient: [Double], _ free: [Int]) -> [Double]? {
    let n = free.count
    guard n > 0 else { return gradient.map { _ in 0 } }
    let ridge = regularisation * free.map { abs(matrix[$0][$0]) }.max()!
    let system = UnsafeMutablePointer<Double>.allocate(capacity: n * (n + 1))
    defer { system.deallocate() }
    for (row, i) in free.enumerated() {
      for (column, j) in free.enumerated() {
        system[row * (n + 1) + column] = matrix[i][j] + (i == j ? ridge : 0)
      }
      system[row * (n + 1) + n] = -gradient[i]
    }
    guard (try? DenseElimination.solve(system, rows: n, columns: 1)) != nil else { return nil }
    var result = [Double](repeating: 0, count: gradient.count)
    for (row, i) in free.enumerated() { result[i] = system[row * (n + 1) + n] }
    // A model that is not convex points uphill: then down the gradient, in units of the diagonal.
    if zip(result, gradient).reduce(0, { $0 + $1.0 * $1.1 }) >= 0 {
      for i in free { result[i] = -gradient[i] / max(abs(matrix[i][i]), ridge) }
    }
    return result
  }

  private static func update(_ matrix: inout [[Double]], _ step: [Double], _ change: [Double]) {
    let image = matrix.map { row in zip(row, step).reduce(0) { $0 + $1.0 * $1.1 } }
    let own = zip(step, image).reduce(0) { $0 + $1.0 * $1.1 }
    let across = zip(step, change).reduce(0) { $0 + $1.0 * $1.1 }
    guard own > 0 else { return }
    let weight = across >= damping * own ? 1 : (1 - damping) * own / (own - across)
    let damped = zip(change, image).map { weight * $0 + (1 - weight) * $1 }
    let product = zip(step, damped).reduce(0) { $0 + $1.0 * $1.1 }
    guard product > 0 else { return }
    for i in step.indices {
      for j in step.indices { matrix[i][j] += damped[i] * damped[j] / product - image[i] * image[j] / own }
    }
  }
}
