import Glibc

// Volatility regimes of a return series: the fit, its search, and what it says.

/// How many regimes to fit.
public enum RegimeCount: Equatable, Sendable {
  /// This many.
  case fixed(Int)
  /// The count from 1 to this one with the least BIC.
  case automatic(upTo: Int)
}

/// Settings of a regime fit. Defaults explain themselves at each member.
public struct RegimeOptions: Equatable, Sendable {
  /// How many regimes; by default BIC chooses among one to four.
  public var count: RegimeCount = .automatic(upTo: 4)
  /// Searches per count of regimes: two at quantiles of the data, one at a fixed ratio of variances, and their
  /// perturbations.
  public var starts = 6
  /// Seed of the perturbations.
  public var seed: UInt64 = 0
  /// An iteration that gains less than this share of the log likelihood ends every search. That ranks the searches;
  /// the best one is continued by Newton steps until it is within `newtonTolerance` of the maximum, which takes over
  /// where expectation–maximisation becomes slow.
  public var tolerance = 1e-6
  /// Iterations of a search before it is given up as not converged.
  public var mostIterations = 500
  /// Newton steps end when the distance to the maximum is below this share of a standard error.
  public var newtonTolerance = 1e-6
  /// Least variance of a regime as a share of the sample's: a volatility of one hundredth. Unchanged prices would
  /// otherwise draw one regime's variance to zero and the likelihood to infinity.
  public var varianceFloorShare = 1e-4

  /// The defaults.
  public init(count: RegimeCount = .automatic(upTo: 4), starts: Int = 6, seed: UInt64 = 0) {
    self.count = count
    self.starts = starts
    self.seed = seed
  }
}

/// One count of regimes in the comparison by BIC.
public struct RegimeCandidate: Equatable, Sendable {
  /// The number of regimes m.
  public let regimes: Int
  /// Free parameters: m means, m variances, m(m−1) transitions.
  public let freeParameters: Int
  /// Largest log likelihood found.
  public let logLikelihood: Double
  /// `k log n − 2 log L` (G. Schwarz, "Estimating the dimension of a model", Annals of Statistics 6 (1978)).
  public let bic: Double
  /// Whether the best search converged.
  public let converged: Bool
  /// Whether a regime lies on the variance floor.
  public let onFloor: Bool
  /// Log likelihood at which each search stopped, in the order of the starts.
  public let searches: [Double]

  /// Difference between the best and the worst search.
  public var spread: Double { (searches.max() ?? 0) - (searches.min() ?? 0) }
}

/// One regime as estimated.
public struct Regime: Equatable, Sendable {
  /// `only`; `calm`, `stressed`; `calm`, `normal`, `stressed`; or `regime1`… in ascending order of volatility.
  public let name: String
  /// Volatility σ = √(v/Δ) [per √year].
  public let volatility: Estimate
  /// Mean growth of log S, m/Δ [per year].
  public let logDrift: Estimate
  /// Mean growth of S, μ = m/Δ + σ²/2 [per year]: the drift of dS = μ S dt + σ S dW.
  public let drift: Estimate
  /// Long-run share of time.
  public let stationaryProbability: Estimate
  /// Mean sojourn 1/(1 − P_ee) [steps].
  public let expectedSteps: Estimate
  /// Mean of the smoothed probabilities: share of the sample.
  public let sampleShare: Double
  /// Excess kurtosis of the standardised returns, weighted by the smoothed probabilities; 0 where the model is right.
  public let excessKurtosis: Double
}

/// A fitted chain of volatility regimes.
///
/// Returns r_n over τ_n steps are N(m_e τ_n, v_e τ_n) given the regime e, which moves by P each step; the first regime
/// and each one after a long hole follow the stationary law. Over a bridged hole of k steps the regime moves by P^k and
/// the last one is deemed to have held throughout, an approximation that vanishes with (sojourn length)/k.
/// *Verified by* `SimulatedChainTests`, `ExpectationMaximisationTests`, `EnumerationTests`.
public struct RegimeModel: Sendable {
  /// The recursion's vectors hold at most eight states.
  public static let mostRegimes = 8

  /// The regimes, in ascending order of volatility.
  public let regimes: [Regime]
  /// Transition probabilities per step, `[from][to]`, with standard errors.
  public let transition: [[Estimate]]
  /// The same numbers in units of one step.
  public let parameters: RegimeParameters
  /// Steps in a year.
  public let stepsPerYear: Double
  /// Largest log likelihood found.
  public let logLikelihood: Double
  /// Expectation–maximisation iterations of the best search, and Newton steps after them.
  public let iterations: Int
  public let newtonSteps: Int
  /// Distance to the maximum in standard errors, √(scoreᵀ information⁻¹ score); infinite without an information.
  public let newtonDecrement: Double
  /// Whether the best search met its tolerance.
  public let converged: Bool
  /// The comparison by BIC, one row per count of regimes tried.
  public let selection: [RegimeCandidate]
  /// Regime probabilities given every return up to the last one.
  public let lastProbabilities: [Double]
  /// Excess kurtosis of the returns per √τ, and of the fitted mixture under the stationary law: their difference is
  /// what normal regimes leave unexplained.
  public let dataExcessKurtosis: Double
  public let mixtureExcessKurtosis: Double

  let information: ObservedInformation

  /// The regime names for a count of regimes.
  public static func names(_ count: Int) -> [String] {
    switch count {
    case 1: ["only"]
    case 2: ["calm", "stressed"]
    case 3: ["calm", "normal", "stressed"]
    default: (1...count).map { "regime\($0)" }
    }
  }

  /// Fits regimes by maximum likelihood.
  ///
  /// Throws `outOfRange` for a count outside 1…8 or fewer than one start, `tooFewObservations` for fewer than ten
  /// returns per free parameter of the largest model tried, `noVariation`.
  public static func fit(_ data: LogReturns, options: RegimeOptions = .init()) throws(CalibrationError) -> RegimeModel {
    let counts: ClosedRange<Int>
    switch options.count {
    case .fixed(let count): counts = count...max(count, count)
    case .automatic(let most): counts = 1...max(1, most)
    }
    guard counts.lowerBound >= 1, counts.upperBound <= mostRegimes else {
      throw .outOfRange(
        argument: "regimes", value: Double(counts.upperBound), lowest: 1, highest: Double(mostRegimes))
    }
    guard options.starts >= 1 else {
      throw .outOfRange(argument: "starts", value: Double(options.starts), lowest: 1, highest: .infinity)
    }
    let needed = returnsPerParameter * freeParameters(counts.upperBound)
    guard data.count >= needed else { throw .tooFewObservations(found: data.count, needed: needed) }
    let starting = StartingValues(data)
    guard starting.variance > 0 else { throw .noVariation }

    var recursion = ForwardBackward(data)
    var candidates: [RegimeCandidate] = []
    var best: Maximum?
    var bestBIC = Double.infinity
    for count in counts {
      let (maximum, searches) = maximise(&recursion, starting, states: count, options)
      let bic = Double(freeParameters(count)) * log(Double(data.count)) - 2 * maximum.logLikelihood
      candidates.append(
        RegimeCandidate(
          regimes: count, freeParameters: freeParameters(count), logLikelihood: maximum.logLikelihood, bic: bic,
          converged: maximum.converged, onFloor: maximum.onFloor, searches: searches))
      if bic < bestBIC {
        bestBIC = bic
        best = maximum
      }
    }
    guard let best else { throw .noVariation }
    return RegimeModel(best, &recursion, data, selection: candidates)
  }

  /// Ten returns per parameter are the least for which asymptotic standard errors mean anything.
  private static let returnsPerParameter = 10

  private static func freeParameters(_ states: Int) -> Int { 2 * states + states * (states - 1) }

  /// The best point found for one count of regimes.
  private struct Maximum {
    var logLikelihood: Double
    var information: ObservedInformation
    var iterations: Int
    var newtonSteps: Int
    var converged: Bool
    var onFloor: Bool
  }

  /// Newton steps after the searches: each squares the distance, so a handful suffices or none helps.
  private static let mostNewtonSteps = 6

  /// Relative rounding of a log likelihood that is summed over some 10⁴ to 10⁵ returns.
  private static let likelihoodRounding = 1e-13
  /// The best search is continued to this share of the tolerance before Newton's steps.
  private static let finalShare = 0.1

  private static func maximise(
    _ data: inout ForwardBackward, _ starting: StartingValues, states: Int, _ options: RegimeOptions
  ) -> (Maximum, searches: [Double]) {
    let floor = options.varianceFloorShare * starting.variance
    var searches: [Double] = []
    var best: EMRun?
    for number in 0..<(states == 1 ? 1 : options.starts) {
      let run = ExpectationMaximisation.run(
        &data, from: starting.start(number, states: states, seed: options.seed), tolerance: options.tolerance,
        most: options.mostIterations, varianceFloor: floor)
      searches.append(run.logLikelihood)
      if run.logLikelihood > (best?.logLikelihood ?? -.infinity) { best = run }
    }
    guard var best else { preconditionFailure("at least one search is run") }
    // The searches stop early; Newton's steps need to start near the maximum.
    let continued = ExpectationMaximisation.run(
      &data, from: best.parameters, tolerance: options.tolerance * finalShare, most: options.mostIterations,
      varianceFloor: floor)
    best.parameters = continued.parameters
    best.converged = continued.converged
    best.onFloor = continued.onFloor
    best.trace += continued.trace
    let ordered = best.parameters.orderedByVariance
    var expectations = data.expectations(ordered)
    var information = ObservedInformation(
      &data, UnboundedCoordinates(ordered, expectations, varianceFloor: floor), expectations)
    var steps = 0
    while information.newtonDecrement > options.newtonTolerance, information.newtonDecrement.isFinite,
      steps < mostNewtonSteps
    {
      let trial = information.coordinates.parameters(at: information.newtonStep)
      let trialExpectations = data.expectations(trial)
      // Near the maximum a step gains less than the likelihood's own rounding.
      let rounding = Self.likelihoodRounding * abs(expectations.logLikelihood)
      guard trialExpectations.logLikelihood >= expectations.logLikelihood - rounding else { break }
      expectations = trialExpectations
      steps += 1
      information = ObservedInformation(
        &data, UnboundedCoordinates(trial, expectations, varianceFloor: floor), expectations)
    }
    let maximum = Maximum(
      logLikelihood: expectations.logLikelihood, information: information, iterations: best.iterations,
      newtonSteps: steps, converged: best.converged, onFloor: best.onFloor)
    return (maximum, searches)
  }

  private init(
    _ best: Maximum, _ recursion: inout ForwardBackward, _ data: LogReturns, selection: [RegimeCandidate]
  ) {
    let parameters = best.information.coordinates.origin
    let states = parameters.states
    let perYear = data.stepsPerYear
    self.parameters = parameters
    stepsPerYear = perYear
    logLikelihood = best.logLikelihood
    iterations = best.iterations
    newtonSteps = best.newtonSteps
    newtonDecrement = best.information.newtonDecrement
    converged = best.converged
    self.selection = selection
    information = best.information
    let posteriors = recursion.posteriors(parameters)
    lastProbabilities = posteriors.filtered[data.count - 1]
    let diagnostics = KurtosisDiagnostics(data, parameters, posteriors.smoothed)
    dataExcessKurtosis = diagnostics.data
    mixtureExcessKurtosis = diagnostics.mixture

    func quantities(_ p: RegimeParameters) -> [Double] {
      let law = p.stationary
      var result: [Double] = []
      for e in 0..<states {
        let rate = p.variances[e] * perYear
        let growth = p.means[e] * perYear
        result.append(sqrt(rate))
        result.append(growth)
        result.append(growth + 0.5 * rate)
        result.append(law[e])
        result.append(1 / (1 - p.transition[e * states + e]))
      }
      return result + p.transition
    }
    let values = quantities(parameters)
    let errors = best.information.standardErrors(of: quantities)
    func estimate(_ index: Int) -> Estimate { Estimate(values[index], standardError: errors[index]) }
    let names = Self.names(states)
    regimes = (0..<states).map { e in
      let base = e * 5
      return Regime(
        name: names[e], volatility: estimate(base), logDrift: estimate(base + 1), drift: estimate(base + 2),
        stationaryProbability: estimate(base + 3), expectedSteps: estimate(base + 4),
        sampleShare: diagnostics.shares[e], excessKurtosis: diagnostics.regimes[e])
    }
    transition = (0..<states).map { from in
      (0..<states).map { to in
        let index = states * 5 + from * states + to
        return best.information.coordinates.isFree(from: from, to: to)
          ? estimate(index) : Estimate(values[index], standardError: nil)
      }
    }
  }
}
