import Control
import Formulation

/// Why what a better policy might save is told and not asked: the bound from below itself leaves open more than a threshold on it
/// would ask for.
public enum GapNotAsked: String, Sendable {
  /// Reviews are far apart: fewer than `CertificationSettings.leastReviewsOfGap` until the horizon.
  case fewReviews
  /// Between the two reviews around an expiry V is read linearly in time, which loosens the penalty.
  case reviewedExpiries
  /// The bound is one for trades of any size: what coarse lots cost no policy can save.
  case coarseLots

  /// - Parameter band: at the reference state [units].
  init?(_ problem: OptionBookProblem, band: Band) {
    if let years = DecisionTiming(problem).reviewPeriod,
      problem.horizon < CertificationSettings.leastReviewsOfGap * years
    {
      self = .fewReviews
    } else if problem.book.expiries.count > 1, DecisionTiming(problem).reviewPeriod != nil {
      self = .reviewedExpiries
    } else if !(problem.execution.lot <= CertificationSettings.fineLot * band.width) {
      self = .coarseLots
    } else {
      return nil
    }
  }
}

extension OptionBookAnswer {
  /// Nil where the gap was asked, and where there is no bound.
  public func gapNotAsked(regime e: Int) -> GapNotAsked? {
    guard case .found = bounds else { return nil }
    return GapNotAsked(problem, band: regimes[e].band)
  }
}
