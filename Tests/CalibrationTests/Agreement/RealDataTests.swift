import Calibration
import Glibc
import Testing

/// Where real prices lie, if they do.
enum RealData {
  static let bitcoinFile = "btc_usd_kraken_1h.csv"
  static let indexFile = "sp500_index_1990_2022_1d.csv"

  static func path(_ file: String) -> String? {
    let directories = [environmentValue("DEADBAND_DATA"), "../shared/data"].compactMap { $0 }
    return directories.map { $0 + "/" + file }.first { access($0, R_OK) == 0 }
  }
}

/// Fits to real prices, where the files are present: in the directory that DEADBAND_DATA names, or beside the package.
struct RealDataTests {
  /// Processor time: the machine may be shared.
  static func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  static func show(_ title: String, _ data: LogReturns, _ model: RegimeModel, _ elapsed: Double) {
    func text(_ estimate: Estimate) -> String {
      "\(estimate.value) ± \(estimate.standardError.map { "\($0)" } ?? "none")"
    }
    print("== \(title): \(data.count) returns, bridged \(data.bridgedGaps), dropped \(data.droppedGaps), \(elapsed) s")
    for row in model.selection {
      print("  BIC \(row.regimes): \(row.bic) logL \(row.logLikelihood) spread \(row.spread) \(row.searches)")
    }
    print(
      "  iterations \(model.iterations) + \(model.newtonSteps), decrement \(model.newtonDecrement),",
      "kurtosis data \(model.dataExcessKurtosis) mixture \(model.mixtureExcessKurtosis)")
    for regime in model.regimes {
      print(
        "  \(regime.name): σ \(text(regime.volatility)), log drift \(text(regime.logDrift)),",
        "π \(text(regime.stationaryProbability)), steps \(text(regime.expectedSteps)), kurtosis \(regime.excessKurtosis)"
      )
    }
    for row in model.transition { print("  P", row.map { text($0) }.joined(separator: " | ")) }
    let generator = try? GeneratorEstimate(
      transition: model.parameters.transitionRows, stepsPerYear: model.stepsPerYear)
    print("  last \(model.lastProbabilities), generator \(generator.map { "\($0)" } ?? "none")")
  }

  /// Two volatilities beat one by BIC; the numbers are printed, for they belong to the file and not to the code.
  @Test(.enabled(if: RealData.path(RealData.bitcoinFile) != nil), arguments: ["2018-01-01", "2016-01-01"])
  func bitcoin(from start: String) throws {
    let file = try #require(RealData.path(RealData.bitcoinFile))
    let begin = Self.seconds()
    let options = PriceOptions(
      from: PriceOptions.seconds(of: start), upTo: PriceOptions.seconds(of: "2021-10-20T21:24:34Z"))
    let series = try PriceSeries(path: file, options: options)
    let read = Self.seconds()
    print("read \(series.count) bars in \(read - begin) s; last open \(series.openTimes[series.count - 1])")
    // The last bar that had closed by 21:24:34 opened at 20:00.
    #expect(series.openTimes[series.count - 1] == PriceOptions.seconds(of: "2021-10-20T20:00:00Z"))
    #expect(series.interval == 3600)
    let data = try LogReturns(series)
    for most in 2...3 {
      let begin = Self.seconds()
      let model = try RegimeModel.fit(data, options: RegimeOptions(count: .fixed(most)))
      Self.show("BTC \(start) \(most)", data, model, Self.seconds() - begin)
      #expect(model.converged && model.newtonDecrement < 1e-3)
      #expect(model.mixtureExcessKurtosis > 0 && model.mixtureExcessKurtosis < model.dataExcessKurtosis)
      for pair in zip(model.regimes, model.regimes.dropFirst()) {
        #expect(pair.0.volatility.value < pair.1.volatility.value)
      }
    }
    let market = try MarketFit.fit(series, options: RegimeOptions(count: .fixed(2)))
    print("  rates", market.generator.joined().map { "\($0.value) ± \($0.standardError ?? -1)" })
    #expect(market.generatorMethod == .logarithm)
    let begun = Self.seconds()
    let chosen = try RegimeModel.fit(data)
    Self.show("BTC \(start) automatic", data, chosen, Self.seconds() - begun)
    #expect(chosen.selection[1].bic < chosen.selection[0].bic)
  }

  @Test(.enabled(if: RealData.path(RealData.indexFile) != nil), arguments: ["1990-01-01", "2010-01-01"])
  func index(from start: String) throws {
    let file = try #require(RealData.path(RealData.indexFile))
    let options = PriceOptions(from: PriceOptions.seconds(of: start), upTo: PriceOptions.seconds(of: "2022-07-16"))
    let series = try PriceSeries(path: file, options: options)
    #expect(series.priceColumn == "SP500")
    let data = try LogReturns(series, clock: .tradingDays(perYear: 252))
    for most in 2...3 {
      let begin = Self.seconds()
      let model = try RegimeModel.fit(data, options: RegimeOptions(count: .fixed(most)))
      Self.show("S&P \(start) \(most)", data, model, Self.seconds() - begin)
    }
    let begun = Self.seconds()
    let chosen = try RegimeModel.fit(data)
    Self.show("S&P \(start) automatic", data, chosen, Self.seconds() - begun)
    #expect(chosen.selection[1].bic < chosen.selection[0].bic)
    #expect(chosen.lastProbabilities.count == chosen.regimes.count)
  }
}
