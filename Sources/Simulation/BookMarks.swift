import Formulation
import VectorMath

// The book on the paths of a block. A pass per option over all paths: the distribution function's chain of operations is
// long, and in a loop that does nothing else the next paths' chains fill the wait.

extension BookTerms {
  /// One number of one option, chosen by regime.
  @inline(__always)
  private func term(_ option: Int, _ part: OptionTerm, _ regime: Lanes) -> Lanes {
    let offset = option * OptionTerm.count + part.rawValue
    var value = Lanes(repeating: terms[offset])
    for mark in 1..<max(1, markCount) {
      value.replace(with: terms[mark * stride + offset], where: regime .== Double(mark))
    }
    return value
  }

  /// `start + Σ w N(a x + b)` for eight paths, with the offsets and weights of one of the two sums.
  @inline(__always)
  private func sum(_ start: Double, _ offset: OptionTerm, _ weight: OptionTerm, logSpot: Lanes, regime: Lanes) -> Lanes
  {
    var total = Lanes(repeating: start)
    for option in 0..<active {
      let distance = fusedMultiplyAdd(term(option, .slope, regime), logSpot, term(option, offset, regime))
      total = fusedMultiplyAdd(term(option, weight, regime), fastNormalCumulative(distance), total)
    }
    return total
  }

  /// V and Δ_book for eight paths.
  func mark(logSpot: Lanes, spot: Lanes, regime: Lanes) -> (value: Lanes, delta: Lanes) {
    let delta = delta(logSpot: logSpot, regime: regime)
    return (spot * delta - sum(0, .strikeOffset, .strikeWeight, logSpot: logSpot, regime: regime), delta)
  }

  /// Δ_book for eight paths.
  func delta(logSpot: Lanes, regime: Lanes) -> Lanes {
    sum(forwardUnits, .offset, .weight, logSpot: logSpot, regime: regime)
  }

  /// The same sum for a block. `mark`: the one that holds for all paths; nil: each path's regime chooses.
  @inline(__always)
  private func sum(
    _ start: Double, _ offsetPart: OptionTerm, _ weightPart: OptionTerm, state: BlockState, mark: Int?,
    into target: UnsafeMutablePointer<Lanes>
  ) {
    if active == 0 { target.update(repeating: Lanes(repeating: start), count: BlockState.vectorCount) }
    let logSpots = state.logSpot
    for option in 0..<active {
      let isFirst = option == 0
      if let mark {
        let numbers = terms + (mark * stride + option * OptionTerm.count)
        let slope = Lanes(repeating: numbers[OptionTerm.slope.rawValue])
        let offset = Lanes(repeating: numbers[offsetPart.rawValue])
        let weight = Lanes(repeating: numbers[weightPart.rawValue])
        for vector in 0..<BlockState.vectorCount {
          let total = isFirst ? Lanes(repeating: start) : target[vector]
          let distance = fusedMultiplyAdd(slope, logSpots[vector], offset)
          target[vector] = fusedMultiplyAdd(weight, fastNormalCumulative(distance), total)
        }
      } else {
        for vector in 0..<BlockState.vectorCount {
          let regime = state.regime[vector]
          let total = isFirst ? Lanes(repeating: start) : target[vector]
          let distance = fusedMultiplyAdd(
            term(option, .slope, regime), logSpots[vector], term(option, offsetPart, regime))
          target[vector] = fusedMultiplyAdd(
            term(option, weightPart, regime), fastNormalCumulative(distance), total)
        }
      }
    }
  }

  /// Δ_book on every path of a block as it stands and, where `valued`, V.
  func mark(_ state: BlockState, still: Int?, valued: Bool) {
    let mark = markCount == 1 ? 0 : still
    sum(forwardUnits, .offset, .weight, state: state, mark: mark, into: state.bookDelta)
    guard valued else { return }
    sum(0, .strikeOffset, .strikeWeight, state: state, mark: mark, into: state.bookValue)
    for vector in 0..<BlockState.vectorCount {
      state.bookValue[vector] = state.spot[vector] * state.bookDelta[vector] - state.bookValue[vector]
    }
  }

  /// Δ_book alone, to another place.
  func deltas(_ state: BlockState, still: Int?, into target: UnsafeMutablePointer<Lanes>) {
    sum(forwardUnits, .offset, .weight, state: state, mark: markCount == 1 ? 0 : still, into: target)
  }

  /// `S Γ = Σ w a φ(a x + b)` on every path of a block.
  func gammaExposures(_ state: BlockState, into target: UnsafeMutablePointer<Lanes>) {
    for vector in 0..<BlockState.vectorCount {
      var total = Lanes()
      for option in 0..<active {
        let regime = state.regime[vector]
        let slope = term(option, .slope, regime)
        let distance = fusedMultiplyAdd(slope, state.logSpot[vector], term(option, .offset, regime))
        let exponent = laneMaximum(-0.5 * distance * distance, Lanes(repeating: BookTerms.vanishingExponent))
        total = fusedMultiplyAdd(term(option, .weight, regime) * slope, fastExponential(exponent), total)
      }
      target[vector] = total * BookTerms.densityAtZero
    }
  }

  /// e to this is the smallest normal double, nothing beside any gamma.
  private static let vanishingExponent = -708.0
  private static let densityAtZero = NormalLaw.density(0)
}
