import VectorMath

/// The regimes of one row in the elimination of `EntropicSweep`: a matrix among them for every line, held in registers.
/// For one regime and for two; more are eliminated in memory (`EntropicSweep+Coupled.swift`). *Verified by* `RegimeSplitTests`,
/// where two regimes in registers are three in memory.
protocol RegimeBlock {
  /// A number per regime.
  associatedtype Numbers: RegimeNumbers

  static var zero: Self { get }

  /// Adds to a diagonal matrix and a right-hand side the switching between the regimes of a row, linearised about a guess.
  static func coupled(
    diagonal: Numbers, right: inout Numbers, guess: Numbers, switching: EntropicSweep.Switching
  ) -> Self

  /// `M − diag(factors) other`.
  func minus(_ factors: Numbers, times other: Self) -> Self

  /// `M⁻¹`; the blocks are diagonally dominant.
  var inverse: Self { get }

  /// `M diag(factors)`.
  func times(diagonal factors: Numbers) -> Self

  /// `M v + c`.
  func times(_ numbers: Numbers, plus other: Numbers) -> Numbers

  /// `M v`.
  func times(_ numbers: Numbers) -> Numbers
}

/// See `RegimeBlock`.
protocol RegimeNumbers {
  static var zero: Self { get }

  /// Two sets of three numbers per regime and one of each.
  static func gather(_ equation: (_ regime: Int) -> EntropicSweep.NodeEquation) -> (
    below: Self, above: Self, right: Self
  )

  /// Applied regime by regime.
  static func map(_ a: Self, _ b: Self, _ c: Self, _ body: (LineGroup, LineGroup, LineGroup) -> LineGroup) -> Self

  subscript(regime: Int) -> LineGroup { get }

  /// The greatest magnitude.
  func largest(_ other: Self) -> LineGroup
}

/// One regime.
struct SoleRegime: RegimeBlock, RegimeNumbers {
  var value: LineGroup

  static let zero = SoleRegime(value: .zero)

  @inline(__always)
  static func gather(
    _ equation: (Int) -> EntropicSweep.NodeEquation
  ) -> (below: SoleRegime, above: SoleRegime, right: SoleRegime) {
    let only = equation(0)
    return (SoleRegime(value: only.below), SoleRegime(value: only.above), SoleRegime(value: only.right))
  }

  @inline(__always)
  static func map(
    _ a: SoleRegime, _ b: SoleRegime, _ c: SoleRegime, _ body: (LineGroup, LineGroup, LineGroup) -> LineGroup
  ) -> SoleRegime { SoleRegime(value: body(a.value, b.value, c.value)) }

  @inline(__always)
  static func coupled(
    diagonal: SoleRegime, right: inout SoleRegime, guess: SoleRegime, switching: EntropicSweep.Switching
  ) -> SoleRegime { diagonal }

  @inline(__always)
  func minus(_ factors: SoleRegime, times other: SoleRegime) -> SoleRegime {
    SoleRegime(value: fused(-factors.value, other.value, value))
  }

  @inline(__always)
  var inverse: SoleRegime { SoleRegime(value: 1 / value) }

  @inline(__always)
  func times(diagonal factors: SoleRegime) -> SoleRegime { times(factors) }

  @inline(__always)
  func times(_ numbers: SoleRegime, plus other: SoleRegime) -> SoleRegime {
    SoleRegime(value: fused(value, numbers.value, other.value))
  }

  @inline(__always)
  func times(_ numbers: SoleRegime) -> SoleRegime { SoleRegime(value: value * numbers.value) }

  @inline(__always)
  subscript(regime: Int) -> LineGroup { value }

  @inline(__always)
  func largest(_ other: SoleRegime) -> LineGroup { absolute(value - other.value) }
}

/// Numbers of two regimes.
struct NumberPair: RegimeNumbers {
  var first: LineGroup
  var second: LineGroup

  static let zero = NumberPair(first: .zero, second: .zero)

  @inline(__always)
  static func gather(
    _ equation: (Int) -> EntropicSweep.NodeEquation
  ) -> (below: NumberPair, above: NumberPair, right: NumberPair) {
    let (one, two) = (equation(0), equation(1))
    return (
      NumberPair(first: one.below, second: two.below), NumberPair(first: one.above, second: two.above),
      NumberPair(first: one.right, second: two.right)
    )
  }

  @inline(__always)
  static func map(
    _ a: NumberPair, _ b: NumberPair, _ c: NumberPair, _ body: (LineGroup, LineGroup, LineGroup) -> LineGroup
  ) -> NumberPair {
    NumberPair(first: body(a.first, b.first, c.first), second: body(a.second, b.second, c.second))
  }

  @inline(__always)
  subscript(regime: Int) -> LineGroup { regime == 0 ? first : second }

  @inline(__always)
  func largest(_ other: NumberPair) -> LineGroup {
    laneMaximum(absolute(first - other.first), absolute(second - other.second))
  }
}

/// Two regimes.
struct RegimePair: RegimeBlock {
  /// By rows.
  var upper: NumberPair
  var lower: NumberPair

  static let zero = RegimePair(upper: .zero, lower: .zero)

  @inline(__always)
  static func coupled(
    diagonal: NumberPair, right: inout NumberPair, guess: NumberPair, switching: EntropicSweep.Switching
  ) -> RegimePair {
    let gap = guess.second - guess.first
    let there = switching.linearised(from: 0, to: 1, gap: gap, growth: switching.growth(from: 0, to: 1, gap: gap))
    // The way back grows by the reciprocal: the jump of the book and the gap have the other sign.
    let back = switching.linearised(from: 1, to: 0, gap: -gap, growth: 1 / there.growth)
    right.first += there.right
    right.second += back.right
    return RegimePair(
      upper: NumberPair(first: diagonal.first + there.coupling, second: -there.coupling),
      lower: NumberPair(first: -back.coupling, second: diagonal.second + back.coupling))
  }

  @inline(__always)
  func minus(_ factors: NumberPair, times other: RegimePair) -> RegimePair {
    RegimePair(
      upper: NumberPair(
        first: fused(-factors.first, other.upper.first, upper.first),
        second: fused(-factors.first, other.upper.second, upper.second)),
      lower: NumberPair(
        first: fused(-factors.second, other.lower.first, lower.first),
        second: fused(-factors.second, other.lower.second, lower.second)))
  }

  @inline(__always)
  var inverse: RegimePair {
    // Both products of the determinant are known to a rounding, and the diagonal one is the greater.
    let scale = 1 / fused(-upper.second, lower.first, upper.first * lower.second)
    return RegimePair(
      upper: NumberPair(first: lower.second * scale, second: -upper.second * scale),
      lower: NumberPair(first: -lower.first * scale, second: upper.first * scale))
  }

  @inline(__always)
  func times(diagonal factors: NumberPair) -> RegimePair {
    RegimePair(
      upper: NumberPair(first: upper.first * factors.first, second: upper.second * factors.second),
      lower: NumberPair(first: lower.first * factors.first, second: lower.second * factors.second))
  }

  @inline(__always)
  func times(_ numbers: NumberPair, plus other: NumberPair) -> NumberPair {
    NumberPair(
      first: fused(upper.first, numbers.first, fused(upper.second, numbers.second, other.first)),
      second: fused(lower.first, numbers.first, fused(lower.second, numbers.second, other.second)))
  }

  @inline(__always)
  func times(_ numbers: NumberPair) -> NumberPair {
    NumberPair(
      first: fused(upper.first, numbers.first, upper.second * numbers.second),
      second: fused(lower.first, numbers.first, lower.second * numbers.second))
  }
}
