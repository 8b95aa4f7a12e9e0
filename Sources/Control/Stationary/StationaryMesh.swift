import Formulation

/// Elements on which every regime either holds or trades throughout, and on which the value is analytic.
///
/// Breakpoints are the edges of all bands, the points where a running cost changes its polynomial, the places from which
/// a jump of the mean size would reach an edge, when jumps vary so little that this shows, and the anchor. An element longer than `resolvedExponent` decay lengths is divided
/// geometrically from both ends, because the layers sit at breakpoints.
struct StationaryMesh: Sendable {
  /// The bands with edges moved onto shared breakpoints.
  let bands: [Band]
  /// Where the value need not be analytic, ascending.
  let breakpoints: [Double]
  /// Ends of the elements, ascending.
  let nodes: [Double]
  /// The regimes that hold on each element.
  let active: [[Int]]
  /// The node at the point that reversion pulls to, where the way from there to an edge is steep.
  let anchor: Int?

  var elementCount: Int { nodes.count - 1 }

  /// An element of ℓ decay lengths carries e^{−ℓ}; its Chebyshev coefficients fall as I_p(ℓ/2), at ℓ = 8 and p = 20
  /// about 4·10⁻¹³.
  static let resolvedExponent = 8.0
  /// Successive pieces of a divided element grow by this factor: at distance d from the layer a piece is about d long.
  static let growth = 2.0

  init(bands: [Band], problem: ScaledTracking, discount: Double, mergeTolerance: Double) {
    let narrowest = bands.map(\.width).min()!
    var snapped = bands
    let edges = bands.indices.flatMap {
      [(bands[$0].lower, $0, BandSide.lower), (bands[$0].upper, $0, BandSide.upper)]
    }
    .sorted { $0.0 < $1.0 }
    var breakpoints: [Double] = []
    for (x, regime, side) in edges {
      if breakpoints.isEmpty || x - breakpoints.last! > mergeTolerance * narrowest { breakpoints.append(x) }
      switch side {
      case .lower: snapped[regime].lower = breakpoints.last!
      case .upper: snapped[regime].upper = breakpoints.last!
      }
      // Where the targets are the edges, they move with them.
      let band = bands[regime]
      switch side {
      case .lower where problem.reflects[regime] || band.targetLower == band.lower:
        snapped[regime].targetLower = breakpoints.last!
      case .upper where problem.reflects[regime] || band.targetUpper == band.upper:
        snapped[regime].targetUpper = breakpoints.last!
      default: break
      }
    }
    let (first, last) = (breakpoints.first!, breakpoints.last!)
    for x in problem.kinks + StationaryMesh.images(snapped, problem) {
      let isApart = breakpoints.allSatisfy { abs($0 - x) > mergeTolerance * narrowest }
      if isApart, x > first, x < last { breakpoints.append(x) }
    }
    var pulled = problem.steepCentre(snapped)
    if let x = pulled, x > first, x < last {
      let nearest = breakpoints.min { abs($0 - x) < abs($1 - x) }!
      if abs(nearest - x) > mergeTolerance * narrowest { breakpoints.append(x) } else { pulled = nearest }
    } else {
      pulled = nil
    }
    breakpoints.sort()
    if pulled == first || pulled == last { pulled = nil }
    var nodes = [breakpoints[0]]
    var active: [[Int]] = []
    for (left, right) in zip(breakpoints, breakpoints.dropFirst()) {
      let holding = snapped.indices.filter { snapped[$0].lower <= left && snapped[$0].upper >= right }
      let decay = holding.map { problem.decay($0, left, right, discount: discount) }.max() ?? 0
      for node in StationaryMesh.divide(left, right, decay: decay) {
        let parts = StationaryMesh.parts(nodes.last!, node) { left, right in
          holding.map { problem.varianceFactor($0, left, right) }.max() ?? 1
        }
        for part in parts {
          nodes.append(part)
          active.append(holding)
        }
      }
    }
    self.bands = snapped
    self.breakpoints = breakpoints
    self.nodes = nodes
    self.active = active
    anchor = pulled.flatMap { nodes.firstIndex(of: $0) }
  }

  /// Jumps of nearly one size carry what happens at an edge to one jump before it. Jumps that vary by more than this part
  /// of the band smear it out.
  static let sharpJump = 0.25

  private static func images(_ bands: [Band], _ problem: ScaledTracking) -> [Double] {
    bands.indices.flatMap { e -> [Double] in
      guard case .normal(let mean, let deviation)? = problem.jumps[e]?.law, deviation < sharpJump * bands[e].width,
        abs(mean) > deviation
      else { return [] }
      return [bands[e].lower - mean, bands[e].upper - mean].filter { $0 > bands[e].lower && $0 < bands[e].upper }
    }
  }

  /// The right ends of the pieces of one element.
  private static func divide(_ left: Double, _ right: Double, decay: Double) -> [Double] {
    let length = right - left
    guard decay * length > resolvedExponent else { return [right] }
    var offsets: [Double] = []
    var piece = resolvedExponent / decay
    var offset = 0.0
    // Grow towards the middle; what is left between the two halves is shorter than the next piece on either side.
    while offset + piece < length / 2 {
      offset += piece
      offsets.append(offset)
      piece *= growth
    }
    let fromLeft = offsets.map { left + $0 }
    let fromRight = offsets.reversed().map { right - $0 }
    if offsets.isEmpty { return [left + length / 2, right] }
    return fromLeft + fromRight + [right]
  }

  /// 1/η² is a polynomial's inverse: where it changes by no more than this, its poles are so far from the element that the degree
  /// resolves them.
  static let mostFactor = 4.0
  /// Halvings of an element: beyond them η vanishes.
  private static let mostHalvings = 30

  /// The right ends of the pieces on which ½η² varies little.
  private static func parts(
    _ left: Double, _ right: Double, halvings: Int = 0, _ factor: (Double, Double) -> Double
  ) -> [Double] {
    guard factor(left, right) > mostFactor, halvings < mostHalvings else { return [right] }
    let middle = 0.5 * (left + right)
    return parts(left, middle, halvings: halvings + 1, factor) + parts(middle, right, halvings: halvings + 1, factor)
  }

  /// The element that contains x; at a breakpoint the one on the given side.
  func element(at x: Double, from side: BandSide = .upper) -> Int {
    var (low, high) = (0, elementCount - 1)
    while low < high {
      let middle = (low + high) / 2
      let goesRight = side == .upper ? nodes[middle + 1] < x : nodes[middle + 1] <= x
      if goesRight { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
