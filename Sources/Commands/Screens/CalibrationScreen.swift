import Calibration
import Formulation
import Interchange

/// Fitted regimes, with standard errors.
struct CalibrationScreen {
  let fit: MarketFit
  let calibration: MarketCalibration

  private var sample: MarketCalibration.Sample { calibration.sample }

  func draw(on screen: inout Screen) {
    screen.title(sample.source, "\(sample.from.text) → \(sample.to.text)")
    drawSample(on: &screen)
    drawRegimes(on: &screen)
    drawGenerator(on: &screen)
    drawSelection(on: &screen)
  }

  private func drawSample(on screen: inout Screen) {
    screen.section("The sample")
    var table = TextTable("<", "<")
    table.add(
      "prices",
      "\(Figures.decimals(Double(sample.rows), 0)) in the column \(sample.column), every \(Figures.duration(sample.step))"
    )
    table.add(
      "returns",
      "\(Figures.decimals(Double(sample.returns), 0)) on the clock \(sample.clock), \(Figures.significant(sample.stepsPerYear, 6)) a year"
    )
    table.add(
      "holes",
      "\(sample.bridgedGaps) bridged, \(sample.droppedGaps) left out, \(sample.missingBars) bars missing in all")
    table.add("last price", Figures.significant(sample.lastPrice, 8))
    screen.add(table)
  }

  private func estimate(_ estimate: Calibration.Estimate, scale: Double = 1) -> String {
    guard let error = estimate.standardError else { return Figures.significant(estimate.value * scale) }
    return Figures.measured(estimate.value * scale, error * abs(scale))
  }

  private func drawRegimes(on screen: inout Screen) {
    screen.section("The regimes (▸ at the end of the sample), with standard errors")
    var table = TextTable("<regime", "volatility %", "drift %", "of the time %", "lasts", "± ", "kurtosis", "now")
    for (e, regime) in calibration.regimes.enumerated() {
      let years = regime.expectedYears
      table.add(
        [
          (e == calibration.currentRegime ? "▸ " : "  ") + regime.name, estimate(regime.volatility, scale: 100),
          estimate(regime.drift, scale: 100), estimate(regime.stationaryProbability, scale: 100),
          years.value.isFinite ? Figures.duration(years.value * Figures.year) : "for ever",
          years.standardError.map { Figures.duration($0 * Figures.year) } ?? "–",
          Figures.decimals(fit.model.regimes[e].excessKurtosis, 2), Figures.percent(regime.probability),
        ], strong: e == calibration.currentRegime)
    }
    screen.add(table)
    screen.note(
      "kurtosis: excess, of the standardised returns; 0 where the model is right. All returns have "
        + "\(Figures.decimals(fit.model.dataExcessKurtosis, 2)), the fitted chain \(Figures.decimals(fit.model.mixtureExcessKurtosis, 2))."
    )
  }

  private func drawGenerator(on screen: inout Screen) {
    guard calibration.regimes.count > 1 else { return }
    screen.section("Switching rates per year, from row to column, with standard errors")
    let names = calibration.regimes.map(\.name)
    var table = TextTable([.init(head: "from", alignment: .left)] + names.map { .init(head: $0) })
    for (from, row) in calibration.generator.enumerated() {
      table.add([names[from]] + row.map { estimate($0) })
    }
    screen.add(table)
    let method = calibration.method
    switch method.generator {
    case "logarithm": screen.note("By the logarithm of the transition matrix.")
    case "adjustedLogarithm":
      screen.note(
        "By the logarithm of the transition matrix, whose negative rates were removed; the largest change of a rate is "
          + "\(Figures.significant(method.generatorAdjustment, 3)) per year.")
    default: screen.note("By first order in the step: the transition matrix has no real logarithm.")
    }
  }

  private func drawSelection(on screen: inout Screen) {
    screen.section("How many regimes: the least BIC")
    var table = TextTable("regimes", "parameters", "log likelihood", "BIC", "above the least", "<converged")
    let candidates = calibration.method.candidates
    let least = candidates.map(\.bic).min() ?? 0
    for candidate in candidates {
      table.add(
        [
          String(candidate.regimes), String(candidate.freeParameters), Figures.decimals(candidate.logLikelihood, 2),
          Figures.decimals(candidate.bic, 2), Figures.decimals(candidate.bic - least, 2),
          candidate.converged ? "yes" : "no",
        ], strong: candidate.regimes == calibration.regimes.count)
    }
    screen.add(table)
  }
}
