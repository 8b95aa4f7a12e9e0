import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// What following a formula is certified to cost.
@Suite(.serialized) struct FormulaCertificateTests {
  /// A short call at the money, 30 days, σ = 0.8, S = 1.
  private func problem(
    cost: TradeCost = .proportional(0.0005), quantity: Double = -1, implied: Double = 0.8,
    preference: Preference = .quadratic(riskAversion: 10), volatilities: [Double] = [0.8]
  ) throws -> OptionBookProblem {
    let valuation = Instant(year: 2024, month: 1, day: 1)!
    let regimes = volatilities.enumerated().map { Regime(name: "regime \($0.offset)", volatility: $0.element) }
    let generator = volatilities.count == 1 ? Generator.frozen(count: 1) : try Generator([[-20, 20], [30, -30]])
    let call = Position(
      name: "call",
      instrument: .option(kind: .call, strike: 1, expiry: valuation.adding(seconds: 30 * 86_400)), quantity: quantity,
      impliedVolatilities: [implied])
    return try OptionBookProblem(
      name: "call", valuation: valuation,
      market: Market(
        underlying: "X", quote: "USD", spot: 1, rate: 0,
        environment: EnvironmentChain(regimes: regimes, generator: generator)), positions: [call],
      costs: volatilities.map { _ in cost }, preference: preference, settlement: .none)
  }

  private func certifier(_ problem: OptionBookProblem) -> OptionBookCertifier {
    OptionBookCertifier(
      problem: problem, grid: GridSettings(spots: 360, holdings: 181, steps: 720),
      settings: CertificationSettings(paths: 4096, checksPerPath: 1024, seed: 3, threads: 2))
  }

  private func followed(_ formula: Formula, _ problem: OptionBookProblem) throws -> (FormulaAnswer, Certificate, Double)
  {
    let certificate = try FormulaCertifier(formula: formula, certifier: certifier(problem)).run()
    guard case .optionBook(let answer) = certificate.answer, let formula = answer.formula else {
      throw CertificationError.simulation(.tooFewSamples(found: 0, needed: 1))
    }
    return (formula, certificate, answer.regimes[0].value.value)
  }

  /// Losses as they are: small costs and a lasting gamma make Whalley and Wilmott's band right to some per cent, the clock's rules
  /// cost half as much again, and nothing is cheaper than the optimum. The emitted table is what was rolled out.
  @Test func losses() throws {
    for (formula, least, most) in [
      (Formula.whalleyWilmott, -0.005, 0.05), (.zakamouline, -0.005, 0.15), (.leland, 0.2, 1.0),
      (.hoggardWhalleyWilmott, 0.2, 1.0),
    ] {
      let (answer, certificate, value) = try followed(formula, problem())
      #expect(certificate.isCertified, "\(formula) \(certificate.failures)")
      let loss = answer.regimes[0].loss.mean / value
      #expect(loss > least && loss < most, "\(formula): \(loss)")
      #expect(abs(answer.regimes[0].total.mean - value - answer.regimes[0].loss.mean) < 0.02 * value, "\(formula)")
    }
  }

  /// Under review looks are the problem: the loss is what the formula costs more than the optimum from review to review, and a rule
  /// of the clock differs from the band by what both are said to cost.
  @Test func reviewed() throws {
    let problem = try problem().replacing(execution: Execution(checkEvery: 86_400))
    let certificate = try FormulaCertifier(formula: .whalleyWilmott, certifier: certifier(problem)).run()
    guard case .optionBook(let answer) = certificate.answer, let formula = answer.formula?.regimes[0] else {
      Issue.record("no answer")
      return
    }
    let regime = answer.regimes[0]
    let optimum = regime.rollOut.result[.criterion].mean
    #expect(abs(formula.total.mean - optimum - formula.loss.mean) < 1e-9 * optimum)
    #expect(formula.loss.mean > 0 && formula.total.mean > regime.value.value - regime.value.error)
    let daily = try #require(answer.rivals.first { $0.name == "daily" })
    #expect(abs(daily.total.mean - optimum - daily.excess.mean) < 1e-9 * optimum, "\(daily)")
  }

  /// A fixed cost alone, and two regimes with bands of their own.
  @Test func fixedCostAndRegimes() throws {
    let (fixed, certificate, value) = try followed(.smallFixedCost, problem(cost: .fixed(0.0002)))
    #expect(certificate.isCertified, "\(certificate.failures)")
    // A third more: near expiry the gamma vanishes away from the strike, and the formula's narrow band buys tickets for nothing.
    #expect(fixed.regimes[0].loss.mean > 0.1 * value && fixed.regimes[0].loss.mean < 0.6 * value)
    let (two, both, _) = try followed(.whalleyWilmott, problem(volatilities: [0.6, 1.0]))
    #expect(both.isCertified && two.regimes.count == 2, "\(both.failures)")
    // One mark, one cost: the formula gives the regimes one band.
    #expect(two.regimes[0].band == two.regimes[1].band)
  }

  /// A formula that is cheaper than what claims to be the optimum refuses the claim: here the solution of ten times the cost.
  @Test func refutesASolutionThatIsNone() throws {
    let truth = try problem()
    let dear = try certifier(problem(cost: .proportional(0.005))).solve()
    let claimed = try certifier(truth).certify(dear)
    let rule = try Formula.whalleyWilmott.rule(truth, grid: dear.fine.grid)
    let certificate = try FormulaCertifier(formula: .whalleyWilmott, certifier: certifier(truth)).certify(
      rule, beside: claimed)
    #expect(certificate.failures.contains { $0.kind == .formulaBelowOptimum }, "\(certificate.checks)")
  }

  /// Refused before anything is solved, each with its reason.
  @Test func obstacles() throws {
    func reason(_ formula: Formula, _ problem: OptionBookProblem) -> CertificationError? {
      do {
        _ = try FormulaCertifier(formula: formula, certifier: certifier(problem)).run()
        return nil
      } catch { return error }
    }
    func unsupported(_ formula: Formula, _ feature: String) -> CertificationError {
      .control(.unsupported(method: formula.rawValue, feature: feature))
    }
    #expect(
      reason(.whalleyWilmott, try problem(cost: .fixed(1)))
        == unsupported(.whalleyWilmott, "costs other than proportional ones"))
    #expect(reason(.leland, try problem(volatilities: [0.6, 1])) == unsupported(.leland, "several regimes"))
    #expect(
      reason(.sepp, try problem(implied: 0.7))
        == unsupported(.sepp, "a book without a profit before costs: its marks promise none"))
    #expect(
      reason(.leland, try problem(cost: .proportional(0.05), quantity: 1, preference: .quadratic(riskAversion: 1e4)))
        == unsupported(.leland, "long gamma whose hedge costs more than it earns"))
  }
}
