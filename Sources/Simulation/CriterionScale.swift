import Formulation
import Glibc

/// From the mean of the criterion's column to the criterion in quote currency.
///
/// With quadratic gamma risk the column is money and the scale is the identity. With exponential utility the column is the
/// disutility of each path, `d = (e^{−γ(W − W*)} − 1)/γ`, plus gains of mean zero (see `TerminalWealth`), and the criterion is the certainty
/// equivalent of the loss,
///
///     J(d̄) = e^{−rT} (Λ₀ + ln(1 + γ d̄)/γ),   J'(d̄) = e^{−rT}/(1 + γ d̄)
///
/// with γ [1/quote at the horizon] and Λ₀ a loss that W* is taken to have suffered already: nothing, or where it is known beforehand
/// the loss itself, without which no exponential of γJ = 10³ could be held. For a combination `w₁J₁ + w₂J₂` of two means over the same n paths the delta method gives
/// the standard error
///
///     √(Var(w₁J'(d̄₁) d₁ + w₂J'(d̄₂) d₂)/n) = √((a₁²Var d₁ + a₂²Var d₂ + 2a₁a₂ Cov(d₁, d₂))/n),   a_i = w_i J'(d̄_i)
///
/// and its bias, `−½ e^{−rT} s²/γ` with s the relative standard error of `E e^{−γ(W − W*)}`, is s/2 standard errors. A mean
/// that a few paths decide has no standard error: the one returned is then infinite, and so is the mean when the
/// exponential cannot be held; `doubt` says which.
/// *Verified by* `CertaintyEquivalentTests`.
public enum CriterionScale: Sendable, Equatable {
  case money
  /// γ [1/quote at the horizon], `e^{−rT}` and Λ₀ [quote at the horizon].
  case certaintyEquivalent(riskAversion: Double, discount: Double, reference: Double)

  /// Why a certainty equivalent cannot be estimated from the paths at hand.
  public enum Doubt: Sendable, Equatable {
    /// A path's loss is so great that its exponential, squared, is beyond a double.
    case overflow
    /// The relative standard error of the mean exponential is above `largestRelativeError`: a few paths decide.
    case fewPathsDecide
  }

  /// Exponents are held below this: squares of deviations, summed over any number of paths, stay below e^709.
  static let largestExponent = 340.0
  /// A mean above this can only come from exponents that were held: they are larger by the logarithm of the number of
  /// paths, which is below 30 for any number that fits a run.
  private static let largestMean = exp(310.0)
  /// At ¼ the bias of the logarithm is an eighth of a standard error; beyond it the expansion is not to be trusted.
  public static let largestRelativeError = 0.25

  /// - Parameter reference: Λ₀ [quote at the horizon].
  init(_ problem: OptionBookProblem, reference: Double = 0) {
    switch problem.preference {
    case .quadratic: self = .money
    case .exponential(let riskAversion):
      self = .certaintyEquivalent(
        riskAversion: riskAversion, discount: exp(-problem.market.rate * problem.horizon), reference: reference)
    }
  }

  /// d of a path, from its excess wealth `W − W*`.
  static func disutility(excessWealth: Double, riskAversion: Double) -> Double {
    expm1(min(largestExponent, -riskAversion * excessWealth)) / riskAversion
  }

  /// What stands in the way of an estimate; nil: nothing.
  public func doubt(_ sample: Moments) -> Doubt? {
    guard case .certaintyEquivalent(let riskAversion, _, _) = self else { return nil }
    let growth = 1 + riskAversion * sample.mean
    guard growth < CriterionScale.largestMean else { return .overflow }
    let error = riskAversion * sample.estimate.standardError
    return error <= CriterionScale.largestRelativeError * growth ? nil : .fewPathsDecide
  }

  /// The criterion [quote] from the sample of its column.
  public func estimate(_ sample: Moments) -> Estimate {
    guard case .certaintyEquivalent = self else { return sample.estimate }
    switch doubt(sample) {
    case .overflow: return Estimate(mean: .infinity, standardError: .infinity)
    case .fewPathsDecide: return Estimate(mean: value(sample.mean), standardError: .infinity)
    case nil:
      return Estimate(
        mean: value(sample.mean), standardError: slope(sample.mean) * sample.estimate.standardError)
    }
  }

  /// `w₁J₁ + w₂J₂` [quote] from two columns on the same paths.
  public func combination(_ pair: PairedMoments, _ firstWeight: Double, _ secondWeight: Double) -> Estimate {
    guard case .certaintyEquivalent = self else { return pair.combination(firstWeight, secondWeight) }
    let (first, second) = (estimate(pair.first), estimate(pair.second))
    let mean = firstWeight * first.mean + secondWeight * second.mean
    guard first.standardError.isFinite, second.standardError.isFinite else {
      // Two infinite criteria have no difference that is known.
      return Estimate(mean: mean.isNaN ? 0 : mean, standardError: .infinity)
    }
    let error = pair.combination(firstWeight * slope(pair.first.mean), secondWeight * slope(pair.second.mean))
    return Estimate(mean: mean, standardError: error.standardError)
  }

  private func value(_ mean: Double) -> Double {
    guard case .certaintyEquivalent(let riskAversion, let discount, let reference) = self else { return mean }
    return discount * (reference + log1p(riskAversion * mean) / riskAversion)
  }

  private func slope(_ mean: Double) -> Double {
    guard case .certaintyEquivalent(let riskAversion, let discount, _) = self else { return 1 }
    return discount / (1 + riskAversion * mean)
  }
}
