import Formulation
import Glibc

/// How many nodes and steps a problem gets, and which inventories they span.
struct GridCounts {
  let spots: Int
  let holdings: Int
  let steps: Int
  /// Inventories that the grid must hold [units].
  let range: ClosedRange<Double>

  /// Room beyond the book's deltas, in half-widths of the band.
  private static let paddingInHalfWidths = 2.5
  /// Room beyond the book's deltas is never more than this many gross positions: a band that is wider is never left, and lines
  /// out there would be taken from where the position is. Edges up to four positions away are still on the grid, which is as far as a
  /// certificate asks.
  private static let mostPaddingInPositions = 4.5
  /// Room beyond the book's deltas, as a share of their range.
  private static let paddingShare = 0.05
  /// Where prices spread by a factor e and more within the horizon, strongly averse utilities need rows in proportion, up to this.
  private static let mostSpread = 2.0
  /// Places at which the book's delta is looked at to find its range.
  private static let probes = 60
  /// Times at which it is looked at, as shares of the horizon.
  private static let moments = [0.0, 0.5, 0.9, 0.999]

  init(problem: OptionBookProblem, settings: GridSettings) {
    let survey = GridCounts.survey(problem: problem, settings: settings)
    range = survey.range
    var wanted = (
      spots: Double(settings.spots ?? GridSettings.standardSpots),
      holdings: Double(settings.holdings ?? GridSettings.standardHoldings),
      steps: Double(settings.steps ?? GridSettings.standardSteps)
    )
    let width = range.upperBound - range.lowerBound
    let hasStrip = GridCounts.hasStrip(problem)
    let standard = FiniteHorizonGrid.centralSpacing(
      problem: problem, settings: settings, count: GridSettings.standardSpots)
    let spread = problem.environment.widestDeviation * problem.horizon.squareRoot()
    if settings.spots == nil, problem.preference.isExponential, spread > FiniteHorizonGrid.leastWideDeviation {
      wanted.spots *= min(GridCounts.mostSpread, max(1, spread))
    }
    for band in survey.bands {
      let spacing = band.halfWidth / GridSettings.nodesPerHalfWidth
      let finer = spacing / (1 + GridSettings.mostNarrowing * min(1, band.growth * band.diffusionTime))
      if settings.holdings == nil { wanted.holdings = max(wanted.holdings, width / finer) }
      if settings.spots == nil {
        let convected = GridSettings.convectionPerRow / (band.exposure * band.halfWidth)
        wanted.spots = max(
          wanted.spots, Double(GridSettings.standardSpots) * standard * max(band.logGamma / spacing, 1 / convected))
      }
      if settings.steps == nil {
        let step = min(
          GridSettings.stepPerDiffusionTime * band.diffusionTime, GridSettings.stepPerGrowthTime / band.growth)
        let steps = FiniteHorizonGrid.timeGrading * problem.horizon / step
        wanted.steps = max(wanted.steps, steps)
        // Towards the expiry Γ grows, and a band that is narrow against the book narrows in spot as well: rows follow the
        // inventories, as far as diffusion in a step tells them apart. At a = 100 on the straddle of `UnresolvedBandTests` they
        // alone decide: twice the rows have a quarter of the error, twice the inventories or steps have it unchanged.
        if settings.spots == nil, hasStrip, !problem.preference.isExponential {
          let narrowness = width / spacing / Double(GridSettings.standardHoldings)
          let ratio = min((steps / Double(GridSettings.standardSteps)).squareRoot(), narrowness)
          wanted.spots = max(wanted.spots, Double(GridSettings.standardSpots) * ratio)
        }
      }
    }
    if settings.steps == nil {
      wanted.steps = max(wanted.steps, problem.environment.jumpRate * problem.horizon / GridSettings.jumpsPerStep)
    }
    let most = GridSettings.mostOverStandard
    wanted.spots = min(wanted.spots, most * Double(GridSettings.standardSpots))
    wanted.holdings = min(wanted.holdings, most * Double(GridSettings.standardHoldings))
    wanted.steps = min(wanted.steps, most * Double(GridSettings.standardSteps))
    // Too much of everything is cut back in proportion, never below the standard.
    let total = wanted.spots * wanted.holdings * wanted.steps * Double(problem.environment.count)
    let cut = total > GridSettings.budget ? cbrt(GridSettings.budget / total) : 1
    func rounded(_ value: Double, given: Int?, standard: Int) -> Int {
      given ?? max(standard, Int((value * cut).rounded()))
    }
    spots = rounded(wanted.spots, given: settings.spots, standard: GridSettings.standardSpots)
    steps = rounded(wanted.steps, given: settings.steps, standard: GridSettings.standardSteps)
    let cutHoldings = rounded(wanted.holdings, given: settings.holdings, standard: GridSettings.standardHoldings)
    let least =
      problem.preference.isExponential ? GridSettings.nodesPerHalfWidth : GridCounts.leastNodesPerHalfWidth
    let resolving = wanted.holdings * min(1, least / GridSettings.nodesPerHalfWidth)
    let affordable =
      GridCounts.budgetOfLines / (Double(spots) * Double(steps) * Double(problem.environment.count))
    holdings =
      settings.holdings != nil || !hasStrip
      ? cutHoldings : max(cutHoldings, Int(min(resolving, affordable).rounded()))
  }

  /// What is cut back keeps so many nodes per half-width in inventory: the solution half as fine, from which errors are estimated,
  /// then has a band of five spacings, which it resolves (`CertificationSettings.leastSpacings`). Under exponential utility the scale
  /// is wider than bands are, and nothing is cut back in inventory.
  private static let leastNodesPerHalfWidth = 5.0
  /// Lines beside the band are not stepped: they cost memory and their share of a row, a fourth of what unknowns cost or less.
  private static let budgetOfLines = 4 * GridSettings.budget

  /// Whether steps leave out what lies beside the band (`Strip`).
  private static func hasStrip(_ problem: OptionBookProblem) -> Bool {
    let timing = DecisionTiming(problem)
    return !problem.environment.hasPriceJumps && timing.reviewPeriod == nil && !timing.needsGeneralOperator(problem)
  }

  /// A band at today's spot, roughly.
  private struct BandSurvey {
    let halfWidth: Double
    /// |Γ|S [units]: what the deviation moves per unit of log-spot.
    let logGamma: Double
    let volatility: Double
    /// γS under exponential utility [1/unit], zero otherwise: what a deviation convects the loss by, in units of what diffuses it.
    let exposure: Double

    /// In which the deviation diffuses through a half-width [years].
    var diffusionTime: Double {
      let deviations = halfWidth / (logGamma * volatility)
      return deviations * deviations
    }

    /// `γσ²S · |Γ|S`, at which deviations grow where exponential utility weighs the outcomes that they make worse [1/year].
    var growth: Double { exposure * volatility * volatility * logGamma }
  }

  private static func survey(
    problem: OptionBookProblem, settings: GridSettings
  ) -> (range: ClosedRange<Double>, bands: [BandSurvey]) {
    var lowest = min(0, problem.inventory)
    var highest = max(0, problem.inventory)
    var widest = 0.0
    var bands: [BandSurvey] = []
    let justBefore = problem.book.expiries.map { $0 * (1 - 1e-9) }
    let times = moments.map { $0 * problem.horizon } + justBefore
    let half = FiniteHorizonGrid.halfRange(problem: problem, settings: settings)
    let typical = problem.environment.widestDeviation * problem.horizon.squareRoot()
    for regime in 0..<problem.environment.count {
      let scale = BandScale(problem: problem, regime: regime)
      for time in times {
        for probe in 0...probes {
          let shift = half * (2 * Double(probe) / Double(probes) - 1)
          let spot = problem.market.spot * exp(shift)
          let greeks = problem.book.greeks(time: time, spot: spot, regime: regime)
          // Where jumps and switches would have the inventory, which is not where the delta would.
          let least =
            problem.environment.hasPriceJumps
            ? problem.hedgedVariance(time: time, spot: spot, regime: regime).leastInventory : -greeks.delta
          let target = scale.target(spot: spot) + least
          lowest = min(lowest, target)
          highest = max(highest, target)
          if time == 0, abs(shift) <= typical {
            widest = max(widest, scale.halfWidth(spot: spot, gamma: greeks.gamma, remaining: problem.horizon))
          }
        }
      }
      let here = problem.book.greeks(time: 0, spot: problem.market.spot, regime: regime)
      let width = scale.halfWidth(spot: problem.market.spot, gamma: here.gamma, remaining: problem.horizon)
      let logGamma = abs(here.gamma) * problem.market.spot
      // Without gamma the deviation stays where it is: only inventories need to resolve the band.
      if width > 0 {
        bands.append(
          BandSurvey(
            halfWidth: width, logGamma: logGamma, volatility: problem.environment.regimes[regime].volatility,
            exposure: problem.preference.isExponential
              ? problem.preference.riskAversion * problem.market.spot : 0))
      }
    }
    let least = 1e-9
    let position = problem.book.grossQuantity + abs(problem.inventory)
    let most = position > 0 ? mostPaddingInPositions * position : .infinity
    let padding = max(min(paddingInHalfWidths * widest, most), paddingShare * (highest - lowest), least)
    return ((lowest - padding)...(highest + padding), bands)
  }
}
