import Formulation
import Glibc

/// What a solver has to know of coefficients that vary: where reversion is strong, and how far a regime moves at all.
extension ScaledTracking {
  /// Mean time to an edge grows as e^c, c = κ(edge − centre)²/η²: values found as differences of such times lose as many
  /// digits. Up to here it is less than one.
  static let steep = 3.0

  /// Where reversion pulls to, in a regime whose edges are steep to reach from there: the steepest one's centre.
  func steepCentre(_ bands: [Band]) -> Double? {
    let climbs = bands.indices.compactMap { climb($0, bands[$0]) }
    guard let most = climbs.max(by: { $0.climb < $1.climb }), most.climb > ScaledTracking.steep else { return nil }
    return most.centre
  }

  /// Where the drift changes from up to down, and `∫ −m/(½η²) dx` from there to the nearer edge, halved as κ(edge − centre)²/η² is.
  private func climb(_ e: Int, _ band: Band) -> (climb: Double, centre: Double)? {
    guard variation[e] != nil else {
      guard reversion[e] > 0 else { return nil }
      let centre = drift[e] / reversion[e]
      let way = max(0, min(band.upper - centre, centre - band.lower))
      return (0.5 * reversion[e] * way * way / plainHalfVariance(e), centre)
    }
    let step = band.width / Double(ScaledTracking.cells)
    let places = (0...ScaledTracking.cells).map { band.lower + Double($0) * step }
    let pulls = places.map { -drift(e, $0) / halfVariance(e, $0) }
    // Heights of the hill on which the deviation lies, by the trapezoidal rule.
    var heights = [0.0]
    for (left, right) in zip(pulls, pulls.dropFirst()) { heights.append(heights.last! + 0.5 * step * (left + right)) }
    let lowest = heights.indices.min { heights[$0] < heights[$1] }!
    guard lowest > 0, lowest < ScaledTracking.cells else { return nil }
    return (min(heights.first!, heights.last!) - heights[lowest], places[lowest])
  }

  private static let cells = 128

  /// The interval about a point in which a regime's η does not vanish, up to what matters to a band of this width.
  func movingRange(_ e: Int, around centre: Double, width: Double) -> ClosedRange<Double> {
    guard let more = variation[e], !more.volatility.isZero else { return -.infinity ... .infinity }
    let here = volatility(e, centre)
    func end(_ sign: Double) -> Double {
      var last = centre
      for step in 1...ScaledTracking.cells {
        let next = centre + sign * ScaledTracking.farthest * width * Double(step) / Double(ScaledTracking.cells)
        if volatility(e, next) * here <= 0 {
          var (inside, outside) = (last, next)
          for _ in 0..<ScaledTracking.halvings {
            let middle = 0.5 * (inside + outside)
            if volatility(e, middle) * here > 0 { inside = middle } else { outside = middle }
          }
          return inside
        }
        last = next
      }
      return sign * .infinity
    }
    return end(-1)...end(1)
  }

  /// In widths; further away edges do not go at one step.
  private static let farthest = 8.0
  private static let halvings = 50

  /// Where a band holds a deviation that does not move; the regime in the problem's numbering and its units.
  func degenerate(_ bands: [Band]) -> StationaryError? {
    for e in bands.indices where variation[e] != nil {
      let places = (0...ScaledTracking.cells).map {
        bands[e].lower + bands[e].width * Double($0) / Double(ScaledTracking.cells)
      }
      let signs = places.map { volatility(e, $0) }
      if let still = signs.indices.first(where: { !(signs[$0] * signs[0] > 0) }) {
        return .motionless(regime: members[e], deviation: places[still] * units.deviation)
      }
    }
    return nil
  }

  /// Where the search for a band ended because its regime does not move further out.
  func motionless(_ bands: [Band]) -> StationaryError? {
    for (e, band) in bands.enumerated() {
      let range = movingRange(e, around: 0.5 * (band.lower + band.upper), width: band.width)
      for (edge, end) in [(band.lower, range.lowerBound), (band.upper, range.upperBound)]
      where abs(edge - end) < ScaledTracking.near * band.width {
        return .motionless(regime: members[e], deviation: end * units.deviation)
      }
    }
    return nil
  }

  /// Of a band's width.
  private static let near = 0.05

  /// The largest decay rate on an element.
  func decay(_ e: Int, _ left: Double, _ right: Double, discount: Double) -> Double {
    (variation[e] == nil ? [left, right] : samples(left, right)).map { decay(e, at: $0, discount: discount) }.max()!
  }

  /// By which factor ½η² varies on an element.
  func varianceFactor(_ e: Int, _ left: Double, _ right: Double) -> Double {
    guard variation[e] != nil else { return 1 }
    let variances = samples(left, right).map { halfVariance(e, $0) }
    return variances.max()! / variances.min()!
  }

  private func samples(_ left: Double, _ right: Double) -> [Double] {
    (0...ScaledTracking.samples).map { left + (right - left) * Double($0) / Double(ScaledTracking.samples) }
  }

  private static let samples = 16
}
