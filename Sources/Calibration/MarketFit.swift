// Everything a market file says about volatility regimes, as plain data.

/// The sample behind a fit.
public struct SampleFacts: Equatable, Sendable {
  /// Opening instants of the first and last bar [s since 1970].
  public let firstOpen: Double
  public let lastOpen: Double
  /// The bars' length [s].
  public let interval: Double
  /// Bars read, and returns used.
  public let bars: Int
  public let returns: Int
  /// Holes bridged by one longer return, holes left out, bars missing in both, and spacings off the grid.
  public let bridgedGaps: Int
  public let droppedGaps: Int
  public let missingBars: Int
  public let offGrid: Int
  /// Longest hole that is bridged [steps].
  public let longestGap: Int
  /// How time passes between rows.
  public let clock: Clock
  /// Name of the price column, and the last price [quote/unit].
  public let priceColumn: String
  public let lastPrice: Double
}

/// A calibrated market: regimes, their generator, and the facts behind them.
///
/// Year: 365 × 86 400 s on the calendar clock, the stated number of rows on the trading-day clock.
/// *Verified by* `MarketFitTests`.
public struct MarketFit: Sendable {
  /// The sample.
  public let sample: SampleFacts
  /// The fitted chain: regimes, transition matrix per step, likelihood, BIC table, last probabilities.
  public let model: RegimeModel
  /// Rates [per year], `[from][to]`, with standard errors by the delta method through the same construction.
  public let generator: [[Estimate]]
  /// How the generator was obtained, the size of its adjustment [per year], and max |exp(QΔ) − P|.
  public let generatorMethod: GeneratorMethod
  public let generatorAdjustment: Double
  public let generatorTransitionError: Double
  /// The settings used, the seed among them.
  public let options: RegimeOptions
  /// Where the prices come from, in the caller's words.
  public let provenance: [String]

  /// Fits regimes to prices.
  ///
  /// Throws what `LogReturns.init` and `RegimeModel.fit` throw.
  public static func fit(
    _ series: PriceSeries, clock: Clock = .calendar, longestGap: Int = LogReturns.defaultLongestGap,
    options: RegimeOptions = .init(), provenance: [String] = []
  ) throws(CalibrationError) -> MarketFit {
    let data = try LogReturns(series, clock: clock, longestGap: longestGap)
    let model = try RegimeModel.fit(data, options: options)
    return MarketFit(series, data, model, options, provenance)
  }

  private init(
    _ series: PriceSeries, _ data: LogReturns, _ model: RegimeModel, _ options: RegimeOptions, _ provenance: [String]
  ) {
    sample = SampleFacts(
      firstOpen: data.firstOpen, lastOpen: data.lastOpen, interval: series.interval, bars: series.count,
      returns: data.count, bridgedGaps: data.bridgedGaps, droppedGaps: data.droppedGaps,
      missingBars: data.missingSteps, offGrid: data.offGrid, longestGap: data.longestGap, clock: data.clock,
      priceColumn: series.priceColumn, lastPrice: series.prices[series.count - 1])
    self.model = model
    self.options = options
    self.provenance = provenance
    let estimate = GeneratorEstimate(
      checked: model.parameters.transitionRows, stepsPerYear: data.stepsPerYear)
    generatorMethod = estimate.method
    generatorAdjustment = estimate.largestAdjustment
    generatorTransitionError = estimate.transitionError
    let states = model.parameters.states
    let errors = model.information.standardErrors { parameters in
      GeneratorEstimate(checked: parameters.transitionRows, stepsPerYear: data.stepsPerYear).rates.flatMap { $0 }
    }
    generator = (0..<states).map { from in
      (0..<states).map { to in
        // A rate that is zero is at its bound: no standard error describes it.
        let value = estimate.rates[from][to]
        return Estimate(value, standardError: value == 0 ? nil : errors[from * states + to])
      }
    }
  }

  /// The streaming filter of this fit, as a production rebalancer starts it.
  public var filter: OnlineFilter { OnlineFilter(model.parameters, longestGap: sample.longestGap) }

  /// Mean sojourn in a regime [years]; on the calendar clock × 8 760 gives hours.
  public func expectedYears(_ regime: Int) -> Estimate {
    model.regimes[regime].expectedSteps.scaled(by: 1 / model.stepsPerYear)
  }
}
