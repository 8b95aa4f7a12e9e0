import Formulation
import Glibc

/// A regime alone, without drift, about where its running cost is least: the scale of its band, and where searches for it begin.
///
/// Where coefficients vary, λ and η are those of the parabola and the Brownian motion that cost and move as much on average over
/// the band,
///
///     λ(h) = 3/(2h³) ∫_{c−h}^{c+h} (ℓ − ℓ(c)) dx,   η²(h) = 1/(2h) ∫_{c−h}^{c+h} η² dx,   h the band of λ(h) and η(h).
struct FrozenRegime {
  /// With jumps counted as variance.
  let form: StationaryClosedForm
  /// η² without jumps [deviation²/time].
  let variance: Double
  /// c [deviation].
  let centre: Double

  init(_ problem: TrackingProblem, regime: Int) {
    let (cost, state) = (problem.costs[regime], problem.regimes[regime])
    let jumpVariance = state.jumps.map { $0.intensity * $0.secondMoment } ?? 0
    func form(_ weight: Double, _ variance: Double) -> StationaryClosedForm {
      StationaryClosedForm(
        runningCost: weight, volatility: (variance + jumpVariance).squareRoot(), fixed: cost.fixed,
        proportional: 0.5 * (cost.proportionalBuy + cost.proportionalSell))
    }
    guard !state.isPlain else {
      (variance, centre) = (state.volatility * state.volatility, state.runningCost.least)
      self.form = form(0.5 * (state.runningCost.below + state.runningCost.above), variance)
      return
    }
    let centre = FrozenRegime.least(of: state)
    func means(_ half: Double) -> (weight: Double, variance: Double) {
      var (excess, square) = (0.0, 0.0)
      let least = state.runningCost(at: centre)
      for cell in 0..<FrozenRegime.cells {
        let x = centre + half * ((2 * Double(cell) + 1) / Double(FrozenRegime.cells) - 1)
        excess += state.runningCost(at: x) - least
        square += state.volatility(at: x) * state.volatility(at: x)
      }
      let share = 1 / Double(FrozenRegime.cells)
      return (max(3 * excess * share / (half * half), .leastNormalMagnitude), square * share)
    }
    /// By how much the band of what is within h exceeds h, as a logarithm.
    func excess(_ place: Double) -> Double {
      let found = means(exp(place))
      return log(form(found.weight, found.variance).optimum.outer) - place
    }
    // From the narrowest outwards to the first width that is its own band.
    var (low, high) = (FrozenRegime.narrowest, FrozenRegime.narrowest)
    while high < FrozenRegime.widest, !(excess(high) <= 0) { (low, high) = (high, high + FrozenRegime.stride) }
    for _ in 0..<FrozenRegime.halvings {
      let middle = 0.5 * (low + high)
      if excess(middle) > 0 { low = middle } else { high = middle }
    }
    let found = means(exp(high))
    self.centre = centre
    variance = found.variance
    self.form = form(found.weight, found.variance)
  }

  /// Of the means: a start needs two digits.
  private static let cells = 64
  /// As logarithms: the whole range that a deviation may have, with room to spare.
  private static let (narrowest, widest, stride) = (-28.0, 28.0, 0.5)
  private static let halvings = 20

  /// Where ℓ is least: the best of many places on either side of its parabola's least and of every knot, and then between the
  /// best one's neighbours.
  private static func least(of state: TrackingRegime) -> Double {
    let usual = state.runningCost
    let middle = usual.above > 0 || usual.below > 0 ? usual.least : usual.center
    let origins = [middle.isFinite ? middle : usual.center, 0] + state.variation.runningCost.knots
    let distances = Swift.stride(from: narrowest, through: widest, by: spacing).map { exp($0) }
    let places = Set(origins.flatMap { origin in [origin] + distances.flatMap { [origin - $0, origin + $0] } }).sorted()
    let costs = places.map { state.runningCost(at: $0) }
    let best = costs.indices.min { costs[$0] < costs[$1] }!
    var (low, high) = (places[max(best - 1, 0)], places[min(best + 1, places.count - 1)])
    for _ in 0..<thirds {
      let (left, right) = (low + (high - low) / 3, high - (high - low) / 3)
      if state.runningCost(at: left) < state.runningCost(at: right) { high = right } else { low = left }
    }
    let between = 0.5 * (low + high)
    return state.runningCost(at: between) < costs[best] ? between : places[best]
  }

  private static let spacing = 0.1
  private static let thirds = 80
}
