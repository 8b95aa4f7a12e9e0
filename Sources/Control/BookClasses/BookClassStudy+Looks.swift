import Formulation
import Glibc

/// A band that is looked at only at multiples of a least gap.
extension BookClassStudy {
  /// Looks until the horizon that are evaluated at most: more often is told from gaps that are longer.
  private static let mostLooks = 300.0
  /// Where the search for the gap begins, in best blind intervals.
  private static let firstLook = 0.1
  private static let trials = 3
  /// A gap found within this factor of those evaluated needs no others.
  private static let nearby = 2.0
  /// Multiples of the shortest gap of a fit.
  private static let multiples = [1.0, 2, 4]

  /// What gaps of m intervals cost, `V(m) = V₀ + A m + B m²`: with edges moved inwards by 0.58 η√δ nothing of the order √δ is left.
  ///
  /// Through three gaps, each twice the one before.
  struct LookCurve {
    let linear: Double
    let square: Double
    /// A by the two shortest gaps alone.
    let chord: Double

    init(shortest m: Double, values: [Double]) {
      let (first, second) = (values[1] - values[0], values[2] - values[0])
      // first = A m + 3 B m², second = 3 A m + 15 B m².
      square = (second - 3 * first) / (6 * m * m)
      linear = first / m - 3 * square * m
      chord = first / m
    }

    func added(_ m: Double) -> Double { (linear + square * m) * m }

    /// The gap that adds so much; nil where none does.
    func gap(adding cost: Double) -> Double? {
      guard cost > 0 else { return nil }
      if abs(square) * cost <= 1e-9 * linear * linear { return linear > 0 ? cost / linear : nil }
      let discriminant = linear * linear + 4 * square * cost
      guard discriminant >= 0 else { return nil }
      let root = 2 * cost / (linear + discriminant.squareRoot())
      return root.isFinite && root > 0 ? root : nil
    }
  }

  /// - Parameter price: what looking away may cost [quote].
  func looked(_ base: BookClassCandidate, price: Double) throws(Refusal) -> BookClassCandidate {
    guard fine.looks?.period == nil else { throw Refusal(reason: .periodicReview) }
    let intervals = BookClassLocal(self).intervals
    let horizon = problem.horizon
    func candidate(_ multiple: Double) -> BookClassCandidate {
      let gaps = intervals.map { min(horizon, multiple * $0) }
      return BookClassCandidate(
        bookClass: .hybridAll, rule: .looked(rule: base.rule, gaps: gaps), parameters: base.parameters, clock: .looked,
        gaps: gaps)
    }
    let least = horizon / (Self.mostLooks * intervals.min()!)
    let most = horizon / (Self.multiples.last! * intervals.max()!)
    guard least < most else { throw Refusal(reason: .tooFrequent) }
    var shortest = min(most, max(least, Self.firstLook))
    for _ in 0..<Self.trials {
      let curve = LookCurve(
        shortest: shortest, values: Self.multiples.map { weighted(total(candidate($0 * shortest), on: scout)) })
      guard let wanted = curve.gap(adding: price) else { throw Refusal(reason: .notConverged) }
      let next = min(most, max(least, wanted / Self.multiples[1]))
      if max(next / shortest, shortest / next) <= Self.nearby { break }
      shortest = next
    }
    let functionals = candidate(shortest).functionals(problem)
    /// `[functional × regime]`.
    func curves(_ functionals: [PolicyFunctional], _ nodes: EvaluationNodes, _ leastSteps: Int) -> [[LookCurve]] {
      let outcomes = Self.multiples.map {
        candidate($0 * shortest).evaluate(functionals, on: nodes, leastSteps: leastSteps)
      }
      return functionals.indices.map { k in
        (0..<regimes).map { e in LookCurve(shortest: shortest, values: outcomes.map { $0[k].values[e] }) }
      }
    }
    let rough = curves(functionals, scout, Self.leastSteps.coarse)
    let better = curves([functionals[0]], coarse, Self.leastSteps.fine)
    let joint = LookCurve(
      linear: weighted(better[0].map(\.linear)), square: weighted(better[0].map(\.square)),
      chord: weighted(better[0].map(\.chord)))
    guard let multiple = joint.gap(adding: price), multiple <= most else { throw Refusal(reason: .notConverged) }
    var found = candidate(multiple)
    found.increment = BookClassCandidate.Increment(
      base: base.bookClass,
      parts: [
        zip(rough[0], better[0]).map { rough, better in
          let limit = Self.increment(rough.added(multiple), better.added(multiple))
          // What the square makes of it stands for what a third power would.
          return Approximation(
            value: limit.value, error: limit.error + abs(better.added(multiple) - better.chord * multiple))
        }
      ] + rough.dropFirst().map { $0.map { Approximation(value: $0.added(multiple), error: 0) } })
    // A look away costs something in every regime: what is not known better than by itself comes from ticks that the nodes do not
    // resolve.
    guard let costs = found.increment?.parts[0], costs.allSatisfy({ $0.error <= $0.value }) else {
      throw Refusal(reason: .inaccurate)
    }
    return found
  }
}

extension BookClassStudy.LookCurve {
  init(linear: Double, square: Double, chord: Double) {
    (self.linear, self.square, self.chord) = (linear, square, chord)
  }
}
