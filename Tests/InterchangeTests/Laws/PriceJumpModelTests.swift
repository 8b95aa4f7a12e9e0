import Formulation
import Interchange
import Testing

/// Jumps, switches that move the price, factors and delta conventions in model files.
@Suite struct PriceJumpModelTests {
  private func problem(_ replacements: [(String, String)]) throws -> OptionBookProblem {
    var text = ModelText.text
    for (part, other) in replacements {
      precondition(text.contains(part), part)
      text = text.replacing(part, with: other)
    }
    guard case .optionBook(let problem) = try ModelFile(bytes: Array(text.utf8)).problem else {
      throw ModelFileError.unreadable(file: "", reason: "not an option book")
    }
    return problem
  }

  @Test func reads() throws {
    let problem = try problem([
      ("volatility: 0.55,", "volatility: 0.55, jumps: { merton: { intensity: 12, mean: -0.03, deviation: 0.06 } },"),
      (
        "volatility: 1.20,",
        "volatility: 1.20, jumps: { kou: { intensity: 40, scaleUp: 0.05, scaleDown: '7%', probabilityUp: 0.4 } },"
      ),
      ("[24, -24]] }", "[24, -24]], priceJump: [[0, -0.05], [0.02, 0]] }"),
      ("settlement: 'cash'", "settlement: 'cash', deltaConvention: 'premiumAdjusted'"),
    ])
    let chain = problem.environment
    #expect(chain.regimes[0].jumps == PriceJumps(intensity: 12, law: .merton(mean: -0.03, deviation: 0.06)))
    #expect(
      chain.regimes[1].jumps
        == PriceJumps(intensity: 40, law: .kou(scaleUp: 0.05, scaleDown: 0.07, probabilityUp: 0.4)))
    #expect(chain.switchJump(from: 0, to: 1) == -0.05 && chain.switchJump(from: 1, to: 0) == 0.02)
    #expect(problem.convention == .premiumAdjusted)
  }

  @Test func factorsMultiply() throws {
    let problem = try problem([
      (
        "[24, -24]] },",
        """
        [24, -24]] }, currentRegime: 'stressed/high',
        factors: [{ name: 'gas', perYear: [[-50, 50], [200, -200]],
          states: [{ name: 'low' }, { name: 'high', fixedCostMultiple: 5 }] }],
        """
      )
    ])
    #expect(problem.environment.regimes.map(\.name) == ["calm/low", "calm/high", "stressed/low", "stressed/high"])
    #expect(problem.market.currentRegime == 3)
    #expect(problem.costs.map(\.fixed) == [1, 5, 2, 10])
    #expect(problem.book.legs[1].impliedVolatilities == [0.8, 0.8, 1.1, 1.1])
  }

  @Test(arguments: [
    ("volatility: 0.55,", "volatility: 0.55, jumps: { mertn: {} },", "market.regimes[0].jumps"),
    (
      "volatility: 0.55,", "volatility: 0.55, jumps: { merton: { intensity: 1, deviation: 9 } },",
      "market.regimes[0].jumps.merton.deviation"
    ),
    ("[24, -24]] }", "[24, -24]], priceJump: [[0, 4], [0, 0]] }", "market.switching.priceJump[0][1]"),
    ("[24, -24]] }", "[24, -24]], priceJump: [[0.1, 0], [0, 0]] }", "market.switching.priceJump[0][0]"),
    (
      "[24, -24]] },", "[24, -24]] }, factors: [{ name: 'g', states: [{ name: 'a', gas: 2 }], perYear: [[0]] }],",
      "market.factors[0].states[0]"
    ),
    (
      "[24, -24]] },",
      "[24, -24]] }, factors: [{ name: 'g', states: [{ name: 'a' }, { name: 'a' }], perYear: [[0, 0], [0, 0]] }],",
      "market.factors[0].states[1].name"
    ),
  ]) func refuses(_ part: String, _ other: String, _ path: String) {
    do throws(ModelFileError) {
      _ = try ModelFile(bytes: ModelText.replacing(part, with: other))
      Issue.record("\(other) was accepted")
    } catch { #expect(error.path == path, "\(error)") }
  }

  /// Clocks that stand still and moves of nothing leave the digest what it was; those that run do not.
  @Test func digests() throws {
    func digest(_ part: String, _ other: String) throws -> String {
      try ModelFile(bytes: ModelText.replacing(part, with: other)).problemDigest
    }
    let plain = try digest("name: 'small'", "name: 'small'")
    let volatility = "volatility: 0.55,"
    #expect(
      try plain == digest(volatility, volatility + " jumps: { merton: { intensity: 0, mean: 0, deviation: 0.1 } },"))
    #expect(
      try plain != digest(volatility, volatility + " jumps: { merton: { intensity: 1, mean: 0, deviation: 0.1 } },"))
    #expect(try plain == digest("[24, -24]] }", "[24, -24]], priceJump: [[0, 0], [0, 0]] }"))
    #expect(try plain != digest("[24, -24]] }", "[24, -24]], priceJump: [[0, 0.1], [0, 0]] }"))
  }

  /// The convention moves bands and the deltas they are held against alike: the inventories they mean stay.
  @Test(arguments: DeltaConvention.allCases) func conventionsShift(_ convention: DeltaConvention) throws {
    let problem = try problem([
      ("volatility: 0.55,", "volatility: 0.55, jumps: { merton: { intensity: 12, mean: -0.03, deviation: 0.06 } },"),
      ("settlement: 'cash'", "settlement: 'cash', deltaConvention: '\(convention.rawValue)'"),
    ])
    let band = Band(lower: -1, upper: 2, targetLower: -0.5, targetUpper: 1)
    let greeks = problem.book.greeks(time: 0, spot: 61_000, regime: 0)
    let emitted = problem.emitted(band, time: 0, spot: 61_000, regime: 0)
    let delta = problem.conventionDelta(time: 0, spot: 61_000, regime: 0)
    #expect(abs((emitted.lower - delta) - (band.lower - greeks.delta)) < 1e-9)
    switch convention {
    case .blackScholes: #expect(emitted == band)
    case .premiumAdjusted: #expect(abs(delta - (greeks.delta - greeks.value / 61_000)) < 1e-9)
    case .minimumVariance:
      let least = problem.hedgedVariance(time: 0, spot: 61_000, regime: 0).leastInventory
      #expect(abs(delta + least) < 1e-9 && abs(delta - greeks.delta) > 1e-3)
    }
  }
}
