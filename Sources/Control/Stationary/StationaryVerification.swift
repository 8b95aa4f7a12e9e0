import Formulation

extension StationaryResidual {
  static let none = StationaryResidual(equation: 0, obstacle: 0, trading: 0)

  /// Points per element, between the collocation points.
  static let pointsPerElement = 41
  /// Trade regions are checked this many widths beyond the outermost edges; further out the convex ℓ dominates.
  static let marginWidths = 2.0
  static let pointsPerMargin = 200

  /// Whether nothing is violated by more.
  func holds(_ tolerance: Double) -> Bool { max(equation, obstacle, trading) <= tolerance }

  /// The worse of two parts of a chain.
  func merged(with other: StationaryResidual) -> StationaryResidual {
    StationaryResidual(
      equation: max(equation, other.equation), obstacle: max(obstacle, other.obstacle),
      trading: max(trading, other.trading))
  }

  /// Checks the quasi-variational inequalities of a value on points that the solver did not use.
  init(_ value: BandValue) {
    let (mesh, problem) = (value.mesh, value.problem)
    let points = StationaryResidual.points(mesh)
    var (equation, obstacle, trading) = (0.0, 0.0, 0.0)
    for e in 0..<problem.count {
      let band = mesh.bands[e]
      let heights = points.map { value.value(e, $0) }
      var (lowest, highest, runningScale) = (Double.infinity, -Double.infinity, 0.0)
      for (x, height) in zip(points, heights) where x > band.lower && x < band.upper {
        (lowest, highest) = (min(lowest, height), max(highest, height))
        runningScale = max(runningScale, abs(problem.runningCost(e, x)))
      }
      let spread = highest - lowest
      // Selling moves down: the running minimum of W(y) + k_sell (x − y) over y < x; buying likewise from above.
      var best = Double.infinity
      for i in points.indices {
        if i > 0 { best += problem.slope[1][e] * (points[i] - points[i - 1]) }
        obstacle = max(obstacle, (heights[i] - best - problem.fixed[e]) / spread)
        best = min(best, heights[i])
      }
      best = .infinity
      for i in points.indices.reversed() {
        if i + 1 < points.count { best += problem.slope[0][e] * (points[i + 1] - points[i]) }
        obstacle = max(obstacle, (heights[i] - best - problem.fixed[e]) / spread)
        best = min(best, heights[i])
      }
      for x in points {
        let balance = value.balance(e, x)
        if x > band.lower && x < band.upper {
          let diffusion = problem.halfVariance(e, x) * StationaryResidual.secondDerivative(value, e, x)
          let scale = max(abs(diffusion), abs(value.rate), runningScale)
          let element = mesh.element(at: x)
          let share = (mesh.nodes[element + 1] - mesh.nodes[element]) / band.width
          equation = max(equation, share * abs(diffusion + balance) / scale)
        } else {
          trading = max(trading, -balance / runningScale)
        }
      }
    }
    self.init(equation: equation, obstacle: obstacle, trading: trading)
  }

  /// Points inside the elements and on both sides of the outermost edges, ascending.
  private static func points(_ mesh: StationaryMesh) -> [Double] {
    var points: [Double] = []
    for element in 0..<mesh.elementCount {
      let (left, right) = (mesh.nodes[element], mesh.nodes[element + 1])
      for i in 0..<pointsPerElement {
        points.append(left + (right - left) * (Double(i) + 0.5) / Double(pointsPerElement))
      }
    }
    let (first, last) = (mesh.nodes.first!, mesh.nodes.last!)
    let step = marginWidths * (last - first) / Double(pointsPerMargin)
    let outside = (1...pointsPerMargin).map { Double($0) * step }
    return outside.reversed().map { first - $0 } + points + outside.map { last + $0 }
  }

  /// The bands with edges moved out to the last point where holding beats trading; nil when there is none.
  static func widened(_ value: BandValue, tolerance: Double) -> [Band]? {
    let points = StationaryResidual.points(value.mesh)
    var bands = value.mesh.bands
    var changed = false
    for e in bands.indices {
      let band = bands[e]
      let scale = max(
        abs(value.problem.runningCost(e, band.lower)), abs(value.problem.runningCost(e, band.upper)))
      let better = points.filter { ($0 > band.upper || $0 < band.lower) && value.balance(e, $0) < -tolerance * scale }
      if let last = better.last, last > band.upper {
        bands[e].upper = last
        changed = true
      }
      if let first = better.first, first < band.lower {
        bands[e].lower = first
        changed = true
      }
      if value.problem.reflects[e] {
        bands[e].targetLower = bands[e].lower
        bands[e].targetUpper = bands[e].upper
      }
    }
    return changed ? bands : nil
  }

  /// d²W/dx² by differentiating the polynomial: independent of the equation.
  private static func secondDerivative(_ value: BandValue, _ e: Int, _ x: Double) -> Double {
    let (mesh, p) = (value.mesh, value.basis.degree)
    let element = mesh.element(at: x)
    let (left, right) = (mesh.nodes[element], mesh.nodes[element + 1])
    let half = 0.5 * (right - left)
    let cardinals = value.basis.cardinals(at: (x - 0.5 * (left + right)) / half)
    let offset = mesh.active[element].firstIndex(of: e)! * (p + 1)
    var sum = 0.0
    for j in 0...p {
      var second = 0.0
      for l in 0...p { second += value.basis.first[j * (p + 1) + l] * value.slopes[element][offset + l] }
      sum += cardinals[j] * second
    }
    return sum / half
  }
}
