import LinearAlgebra

// From transition probabilities over a step to rates per year.

/// How a generator was obtained from a transition matrix.
public enum GeneratorMethod: Equatable, Sendable {
  /// The principal logarithm is a generator: P = exp(QΔ) to rounding.
  case logarithm
  /// The principal logarithm had negative rates, which the weighted adjustment removed.
  case adjustedLogarithm
  /// There is no real principal logarithm: Q = (P − I)/Δ, first order in Δ.
  case firstOrder
}

/// The generator Q of a Markov chain from its transition matrix over one step Δ.
///
/// `Q = log(P)/Δ`, with rows that sum to zero and rates q_ij ≥ 0 [per year]. A transition matrix need not be the
/// exponential of any generator (the *embedding problem*): where the logarithm has a negative rate, it is set to zero
/// and its amount is taken from the row's other entries in proportion to their sizes, the *weighted adjustment* of
/// R. B. Israel, J. S. Rosenthal and J. Z. Wei, "Finding generators for Markov chains via empirical transition
/// matrices", Mathematical Finance 11 (2001), §5. What this changes is reported: `largestAdjustment` and
/// `transitionError`.
/// *Verified by* `GeneratorTests`.
public struct GeneratorEstimate: Equatable, Sendable {
  /// Rates [per year], `[from][to]`; the diagonal makes each row sum to zero.
  public let rates: [[Double]]
  /// How they were obtained.
  public let method: GeneratorMethod
  /// The largest change of an entry by the adjustment [per year].
  public let largestAdjustment: Double
  /// max |exp(QΔ) − P|: what the emitted chain loses against the estimated one.
  public let transitionError: Double

  /// Negative rates of this size per step are rounding: entries of P carry errors of some 1e-16, amplified by the
  /// logarithm.
  static let rounding = 1e-13

  /// The generator of a transition matrix over a step of 1/`stepsPerYear` years.
  ///
  /// Throws `wrongShape`, `notStochastic`, and `outOfRange` for a step that is not positive.
  public init(transition: [[Double]], stepsPerYear: Double) throws(CalibrationError) {
    guard stepsPerYear > 0, stepsPerYear.isFinite else {
      throw .outOfRange(argument: "stepsPerYear", value: stepsPerYear, lowest: 0, highest: .infinity)
    }
    for (index, row) in transition.enumerated() {
      guard row.count == transition.count else { throw .wrongShape(expected: transition.count, found: row.count) }
      try MarkovChain.check(row: row, index: index)
    }
    self.init(checked: transition, stepsPerYear: stepsPerYear)
  }

  init(checked transition: [[Double]], stepsPerYear: Double) {
    var perStep: [[Double]]
    var method = GeneratorMethod.logarithm
    var adjustment = 0.0
    let states = transition.count
    // Checked rows are square and finite: what is left to refuse is a spectrum without a principal logarithm.
    let matrix = try? Matrix(transition)
    if let logarithm = try? matrix?.logarithm() {
      let before = (0..<states).map { logarithm.row($0) }
      perStep = before.indices.map { Self.adjusted(before[$0], diagonal: $0) }
      for from in 0..<states {
        for to in 0..<states {
          if from != to, before[from][to] < -Self.rounding { method = .adjustedLogarithm }
          adjustment = max(adjustment, abs(before[from][to] - perStep[from][to]))
        }
      }
    } else {
      method = .firstOrder
      perStep = transition
      for state in 0..<states { perStep[state][state] = Self.remainder(transition[state], except: state) }
    }
    rates = perStep.map { row in row.map { $0 * stepsPerYear } }
    self.method = method
    largestAdjustment = adjustment * stepsPerYear
    let emitted = try? Matrix(perStep).exponential()
    transitionError = if let matrix, let emitted { (emitted - matrix).maximumAbsolute } else { .infinity }
  }

  /// A row with its negative rates removed and their amount taken from the other entries in proportion to their size.
  ///
  /// With G = |q_ii| + Σ_{j≠i} max(q_ij, 0) and B = Σ_{j≠i} max(−q_ij, 0): q_ij ← 0 where negative, else
  /// q_ij − B |q_ij|/G. The diagonal is then set so that the row sums to zero, which it does up to rounding.
  private static func adjusted(_ row: [Double], diagonal: Int) -> [Double] {
    var good = abs(row[diagonal])
    var bad = 0.0
    for (index, rate) in row.enumerated() where index != diagonal {
      good += max(rate, 0)
      bad += max(-rate, 0)
    }
    var result = row
    for index in row.indices where index != diagonal {
      result[index] = row[index] <= 0 ? 0 : row[index] - bad * row[index] / good
    }
    result[diagonal] = remainder(result, except: diagonal)
    return result
  }

  private static func remainder(_ row: [Double], except diagonal: Int) -> Double {
    var sum = 0.0
    for (index, rate) in row.enumerated() where index != diagonal { sum += rate }
    return 0 - sum
  }
}
