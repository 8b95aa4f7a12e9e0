import Calibration
import Formulation

/// Calibrated volatility regimes as a market file holds them: estimates with standard errors, the sample they come from,
/// how they were found, and the numbers that a streaming filter needs.
///
/// Plain data: what is written is what is read. *Verified by* `ModelFileTests`.
public struct MarketCalibration: Equatable, Sendable {
  /// One regime.
  public struct Regime: Equatable, Sendable {
    public var name: String
    /// σ [1/√year].
    public var volatility: Calibration.Estimate
    /// Growth of the price's mean [1/year].
    public var drift: Calibration.Estimate
    /// Long-run share of time.
    public var stationaryProbability: Calibration.Estimate
    /// Mean sojourn [years].
    public var expectedYears: Calibration.Estimate
    /// Probability at the end of the sample, given every return up to it.
    public var probability: Double
  }

  /// The prices behind it.
  public struct Sample: Equatable, Sendable {
    /// The file's name, without a directory.
    public var source: String
    public var sha256: String
    public var column: String
    public var rows: Int
    public var returns: Int
    /// Opening instants of the first and the last bar.
    public var from: Instant
    public var to: Instant
    public var bridgedGaps: Int
    public var droppedGaps: Int
    public var missingBars: Int
    /// `calendar` or `tradingDays`.
    public var clock: String
    /// Length of a step [s].
    public var step: Double
    public var stepsPerYear: Double
    public var lastPrice: Double
  }

  /// One count of regimes in the comparison by BIC.
  public struct Candidate: Equatable, Sendable {
    public var regimes: Int
    public var freeParameters: Int
    public var logLikelihood: Double
    public var bic: Double
    public var converged: Bool
  }

  /// How it was found.
  public struct Method: Equatable, Sendable {
    public var seed: Int
    public var starts: Int
    public var logLikelihood: Double
    public var converged: Bool
    /// `logarithm`, `adjustedLogarithm` or `firstOrder`.
    public var generator: String
    /// The largest change of a rate by the adjustment [1/year].
    public var generatorAdjustment: Double
    public var candidates: [Candidate]
  }

  /// Parameters of the regime filter, per step of the sample.
  public struct Filter: Equatable, Sendable {
    /// Mean and variance of a step's log return, per regime.
    public var means: [Double]
    public var variances: [Double]
    /// `[from][to]`.
    public var transition: [[Double]]
    /// The law before the first return, and after a long hole.
    public var stationary: [Double]
    /// The longest hole that is bridged [steps].
    public var longestGap: Int
    /// The law after the last return of the sample.
    public var probabilities: [Double]
  }

  public var regimes: [Regime]
  /// Rates [1/year], `[from][to]`.
  public var generator: [[Calibration.Estimate]]
  /// The most probable regime at the end of the sample.
  public var currentRegime: Int
  public var sample: Sample
  public var method: Method
  public var filter: Filter

  /// What a fit found. `source` and `sha256` are those of the price file.
  public init(_ fit: MarketFit, source: String, sha256: String) {
    let model = fit.model
    regimes = model.regimes.indices.map { index in
      let regime = model.regimes[index]
      return Regime(
        name: regime.name, volatility: regime.volatility, drift: regime.drift,
        stationaryProbability: regime.stationaryProbability, expectedYears: fit.expectedYears(index),
        probability: model.lastProbabilities[index])
    }
    generator = fit.generator
    currentRegime = Self.mostProbable(model.lastProbabilities)
    let facts = fit.sample
    let clock: String
    switch facts.clock {
    case .calendar: clock = "calendar"
    case .tradingDays: clock = "tradingDays"
    }
    sample = Sample(
      source: source, sha256: sha256, column: facts.priceColumn, rows: facts.bars, returns: facts.returns,
      from: Instant(seconds: facts.firstOpen), to: Instant(seconds: facts.lastOpen), bridgedGaps: facts.bridgedGaps,
      droppedGaps: facts.droppedGaps, missingBars: facts.missingBars, clock: clock, step: facts.interval,
      stepsPerYear: model.stepsPerYear, lastPrice: facts.lastPrice)
    let construction: String
    switch fit.generatorMethod {
    case .logarithm: construction = "logarithm"
    case .adjustedLogarithm: construction = "adjustedLogarithm"
    case .firstOrder: construction = "firstOrder"
    }
    method = Method(
      seed: Int(fit.options.seed), starts: fit.options.starts, logLikelihood: model.logLikelihood,
      converged: model.converged, generator: construction, generatorAdjustment: fit.generatorAdjustment,
      candidates: model.selection.map {
        Candidate(
          regimes: $0.regimes, freeParameters: $0.freeParameters, logLikelihood: $0.logLikelihood, bic: $0.bic,
          converged: $0.converged)
      })
    let online = fit.filter
    filter = Filter(
      means: online.means, variances: online.variances, transition: online.transition, stationary: online.stationary,
      longestGap: online.longestGap, probabilities: model.lastProbabilities)
  }

  init(
    regimes: [Regime], generator: [[Calibration.Estimate]], currentRegime: Int, sample: Sample, method: Method,
    filter: Filter
  ) {
    self.regimes = regimes
    self.generator = generator
    self.currentRegime = currentRegime
    self.sample = sample
    self.method = method
    self.filter = filter
  }

  /// The first of equally probable regimes is the calmer one.
  static func mostProbable(_ law: [Double]) -> Int {
    law.indices.max { (law[$0], -$0) < (law[$1], -$1) } ?? 0
  }
}
