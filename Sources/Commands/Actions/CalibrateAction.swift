import Calibration
import Formulation
import Interchange

/// `deadband calibrate`: volatility regimes from prices.
enum CalibrateAction {
  static func run(_ parsed: ParsedCommand, _ console: Console) throws(Failure) -> ExitStatus {
    if parsed.has(.out), parsed.operands.count > 1 {
      throw Failure(
        Explainer.message(UsageError.severalResults(command: .calibrate, inputs: parsed.operands.count)), .usage)
    }
    var results: [JSONValue] = []
    for path in parsed.operands {
      let market = try fit(path, parsed, console)
      let text: String
      do { text = try market.text() } catch { throw Failure(Explainer.message(error), .failed) }
      if let out = parsed.text(.out) {
        do { try AtomicFile.write(text, to: out) } catch { throw Failure(Explainer.message(error), .failed) }
        if !parsed.has(.quiet) { console.words("written to \(out)\n") }
      }
      results.append(market.encoded)
      if !parsed.has(.json) { console.output(screen(market, path: path, console)) }
    }
    if parsed.has(.json) { try console.output(json: results.count == 1 ? results[0] : .array(results)) }
    return .done
  }

  /// As in a model file that asks for a calibration, so that both find the same regimes.
  private static let standardSeed: UInt64 = 0

  /// Days of trading in a year: the convention of `tradingDays`.
  private static let tradingDaysPerYear = 252.0

  private static func fit(
    _ path: String, _ parsed: ParsedCommand, _ console: Console
  ) throws(Failure) -> MarketCalibration {
    let options = PriceOptions(
      priceColumn: parsed.text(.column), from: parsed.text(.from).flatMap(PriceOptions.seconds),
      upTo: parsed.text(.upTo).flatMap(PriceOptions.seconds))
    let clock: Clock =
      parsed.text(.clock) == "tradingDays" ? .tradingDays(perYear: tradingDaysPerYear) : .calendar
    let count = parsed.text(.regimes).flatMap { Int($0) }
    do {
      let series = try PriceSeries(path: path, options: options)
      let fit = try MarketFit.fit(
        series, clock: clock,
        options: RegimeOptions(
          count: count.map { .fixed($0) } ?? .automatic(upTo: 4),
          seed: parsed.integer(.seed).map(UInt64.init) ?? standardSeed))
      let name = path.split(separator: "/").last.map(String.init) ?? path
      do { return MarketCalibration(fit, source: name, sha256: try Digest.sha256(ofFile: path)) } catch {
        throw Failure(Explainer.message(error), .badData)
      }
    } catch let error as Failure { throw error } catch let error as CalibrationError {
      throw Failure(Explainer.message(error, file: path), .badData)
    } catch { throw Failure("\(error)", .failed) }
  }

  private static func estimate(_ value: Calibration.Estimate, percent: Bool = false) -> String {
    let scale = percent ? 100.0 : 1
    guard let error = value.standardError else { return Figures.significant(scale * value.value, 4) }
    return Figures.measured(scale * value.value, scale * error)
  }

  private static func screen(_ market: MarketCalibration, path: String, _ console: Console) -> String {
    var screen = Screen(style: Style(isColoured: console.usesColour))
    let sample = market.sample
    screen.title(
      "\(market.regimes.count) \(market.regimes.count == 1 ? "regime" : "regimes")  \(sample.source)",
      "\(sample.from.text) – \(sample.to.text)")
    screen.line(
      "  \(sample.returns) returns of \(sample.rows) rows; \(sample.missingBars) bars missing, \(sample.bridgedGaps) gaps "
        + "bridged, \(sample.droppedGaps) dropped; clock \(sample.clock)")
    screen.section("Regimes  ± standard error")
    var table = TextTable("<", "volatility % /√y", "drift % /y", "share of time %", "mean sojourn", "± s.e.", "now")
    for (index, regime) in market.regimes.enumerated() {
      table.add(
        [
          (index == market.currentRegime ? "▸ " : "  ") + regime.name, estimate(regime.volatility, percent: true),
          estimate(regime.drift, percent: true), estimate(regime.stationaryProbability, percent: true),
          regime.expectedYears.value.isFinite
            ? Figures.duration(regime.expectedYears.value * Figures.year) : "for ever",
          regime.expectedYears.standardError.map { Figures.duration($0 * Figures.year) } ?? "–",
          Figures.percent(regime.probability),
        ], strong: index == market.currentRegime)
    }
    screen.add(table)
    if market.regimes.count > 1 {
      screen.section("Switching per year  ± standard error, from row to column")
      var rates = TextTable(
        [TextTable.Column(head: "", alignment: .left)] + market.regimes.map { TextTable.Column(head: $0.name) })
      for (index, row) in market.generator.enumerated() {
        rates.add(["  " + market.regimes[index].name] + row.map { estimate($0) })
      }
      screen.add(rates)
      screen.line(
        "  generator by \(market.method.generator)"
          + (market.method.generator == "adjustedLogarithm"
            ? ", moved by at most \(Figures.significant(market.method.generatorAdjustment, 2)) per year to be one" : "")
      )
    }
    screen.section("How many regimes  least BIC is best")
    var candidates = TextTable("regimes", "parameters", "log-likelihood", "BIC", "above the least", "<")
    let least = market.method.candidates.map(\.bic).min()
    for candidate in market.method.candidates {
      candidates.add(
        "\(candidate.regimes)", "\(candidate.freeParameters)", Figures.decimals(candidate.logLikelihood, 1),
        Figures.decimals(candidate.bic, 1), Figures.decimals(candidate.bic - (least ?? candidate.bic), 1),
        (candidate.regimes == market.regimes.count ? "← fitted" : "") + (candidate.converged ? "" : " not converged"))
    }
    screen.add(candidates)
    return screen.text
  }
}
