/// Minimises a smooth function of a few parameters, some of which may not fall below zero.
///
/// Damped BFGS from a given Hessian (Nocedal and Wright 2006, algorithms 6.1 and 18.2's damping), with steps that minimise the
/// model within a box, and backtracking. The iteration ends when the decrease that its model still predicts is below the tolerance.
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
    // Where the given Hessian knows of no curvature, the first step would be without bound.
    let scale = reach(start)
    for i in 0..<n where scale[i] > 0 { matrix[i][i] = max(matrix[i][i], abs(first.gradient[i]) / scale[i]) }
    var idle = 0
    for _ in 0..<stepLimit {
      let free = (0..<n).filter { !(nonNegative.contains($0) && point.parameters[$0] <= 0 && point.gradient[$0] >= 0) }
      let limits = reach(point.parameters)
      let step = QuasiNewton.step(matrix, point.gradient, free, limits)
      let descent = zip(step, point.gradient).reduce(0) { $0 + $1.0 * $1.1 }
      // At the model's minimum at least half of what its slope promises; a step down the gradient has no better measure.
      point.predicted = max(QuasiNewton.decrease(matrix, point.gradient, step), -0.5 * descent)
      if point.predicted <= tolerance * abs(point.value) {
        point.converged = true
        return point
      }
      var length = 1.0
      var next: Point?
      while length > QuasiNewton.shortest {
        var trial = zip(point.parameters, step).map { $0 + length * $1 }
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
      let move = zip(next.parameters, point.parameters).map { $0 - $1 }
      let change = zip(next.gradient, point.gradient).map { $0 - $1 }
      QuasiNewton.update(&matrix, move, change)
      idle = point.value - next.value > QuasiNewton.rounding * abs(point.value) ? 0 : idle + 1
      let predicted = point.predicted
      point = next
      point.predicted = predicted
      if idle == QuasiNewton.idleLimit { return point }
    }
    return point
  }

  /// What the model says a step brings.
  private static func decrease(_ matrix: [[Double]], _ gradient: [Double], _ step: [Double]) -> Double {
    zip(step, zip(gradient, matrix)).reduce(0) { sum, term in
      let image = zip(term.1.1, step).reduce(0) { $0 + $1.0 * $1.1 }
      return sum - term.0 * (term.1.0 + 0.5 * image)
    }
  }

  /// The minimum of the model over the free parameters within their limits: what would go too far is held at its limit, and
  /// the others follow from it. Cutting every parameter for itself could point uphill.
  private static func step(
    _ matrix: [[Double]], _ gradient: [Double], _ free: [Int], _ limits: [Double]
  ) -> [Double] {
    let ridge = regularisation * (free.map { abs(matrix[$0][$0]) }.max() ?? 0)
    var result = [Double](repeating: 0, count: gradient.count)
    var moving = free
    while !moving.isEmpty {
      let n = moving.count
      let held = free.filter { !moving.contains($0) }
      let system = UnsafeMutablePointer<Double>.allocate(capacity: n * (n + 1))
      defer { system.deallocate() }
      for (row, i) in moving.enumerated() {
        for (column, j) in moving.enumerated() {
          system[row * (n + 1) + column] = matrix[i][j] + (i == j ? ridge : 0)
        }
        system[row * (n + 1) + n] = -held.reduce(gradient[i]) { $0 + matrix[i][$1] * result[$1] }
      }
      guard (try? DenseElimination.solve(system, rows: n, columns: 1)) != nil else { break }
      for (row, i) in moving.enumerated() { result[i] = system[row * (n + 1) + n] }
      let beyond = moving.filter { !(abs(result[$0]) <= limits[$0]) }
      if beyond.isEmpty { break }
      for i in beyond { result[i] = result[i] < 0 ? -limits[i] : limits[i] }
      moving.removeAll { beyond.contains($0) }
    }
    if zip(result, gradient).reduce(0, { $0 + $1.0 * $1.1 }) < 0, decrease(matrix, gradient, result) > 0 {
      return result
    }
    // A model that is not convex, or without a curvature at all, points uphill: then down the gradient.
    for i in gradient.indices { result[i] = 0 }
    for i in free {
      let newton = gradient[i] / max(abs(matrix[i][i]), ridge)
      result[i] = -(newton.isFinite ? min(max(newton, -limits[i]), limits[i]) : 0)
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
