import Control
import Formulation
import Glibc
import Simulation
import TestKit
import Testing

@testable import Certification

/// Inputs at the ends of what a desk can ask: the answer is certified, which includes an independent simulation, and is right where a
/// closed form or a limit is known; or it is refused with a reason.
@Suite(.serialized) struct HardInputTests {
  private static let valuation = Instant("2026-01-01T08:00:00Z")!
  private static let year = DayCount.calendar365.secondsPerYear

  struct Book {
    var legs: [(kind: OptionKind, strike: Double, days: Double, quantity: Double)] = [(.call, 100, 30, -1)]
    var forward = 0.0
    var implied: Double? = nil
    var volatilities = [0.8]
    var rate = 0.0
    var cost = TradeCost.proportional(0.0005)
    var riskAversion = 0.1
    var settlement = Settlement.none
    var inventory = 0.0
    var horizon: Double? = nil
    /// Every regime leads to every other so many times a year.
    var switching = 0.0

    func problem() throws -> OptionBookProblem {
      func instant(_ days: Double) -> Instant { HardInputTests.valuation.adding(seconds: days * 86_400) }
      var positions = legs.enumerated().map { index, leg in
        Position(
          name: "\(index)", instrument: .option(kind: leg.kind, strike: leg.strike, expiry: instant(leg.days)),
          quantity: leg.quantity, impliedVolatilities: [implied ?? volatilities[0]])
      }
      if forward != 0 { positions.append(Position(name: "forward", instrument: .forward, quantity: forward)) }
      let m = volatilities.count
      let rates = (0..<m).map { from in (0..<m).map { $0 == from ? -switching * Double(m - 1) : switching } }
      let chain = try EnvironmentChain(
        regimes: volatilities.enumerated().map { Regime(name: "\($0.offset)", volatility: $0.element, drift: rate) },
        generator: Generator(rates))
      return try OptionBookProblem(
        name: "hard", valuation: HardInputTests.valuation,
        market: Market(underlying: "X", quote: "USD", spot: 100, rate: rate, environment: chain), positions: positions,
        costs: volatilities.map { _ in cost }, preference: .quadratic(riskAversion: riskAversion),
        settlement: settlement, inventory: inventory, horizon: horizon.map(instant))
    }
  }

  private func certify(
    _ book: Book, spots: Int = 240, holdings: Int = 121, steps: Int = 400, paths: Int = 4096
  ) throws -> (answer: OptionBookAnswer, certificate: Certificate) {
    let certificate = try OptionBookCertifier(
      problem: book.problem(), grid: GridSettings(spots: spots, holdings: holdings, steps: steps),
      settings: CertificationSettings(paths: paths, checksPerPath: 512, seed: 11, threads: 2)
    ).run()
    guard case .optionBook(let answer) = certificate.answer else { fatalError("an option book has such an answer") }
    return (answer, certificate)
  }

  /// A certificate is long: only its failures are printed.
  private func expectCertified(_ certificate: Certificate, sourceLocation: SourceLocation = #_sourceLocation) {
    let failures = words(certificate)
    #expect(failures == "", sourceLocation: sourceLocation)
  }

  private func words(_ certificate: Certificate) -> String {
    certificate.failures.map { "\($0.kind) \($0.regime ?? ""): \($0.measured) against \($0.threshold)" }
      .joined(separator: "; ")
  }

  /// Volatilities of 5 % and of 300 %. With marks at the realised volatility only a and the variance set the scale: J of a fixed
  /// standard deviation of the payoff stays of one order.
  @Test(arguments: [0.05, 3.0]) func volatilityAtTheEnds(_ volatility: Double) throws {
    let (answer, certificate) = try certify(
      Book(volatilities: [volatility], riskAversion: 0.1), spots: 480, holdings: 241, steps: 800)
    expectCertified(certificate)
    #expect(answer.regimes[0].band.width > 0)
  }

  /// One minute before expiry at the money nothing is worth a trade: `½aσ²S²Δ²τ` with Δ between 0 and 1.
  @Test func oneMinuteToExpiry() throws {
    let (answer, certificate) = try certify(Book(legs: [(.call, 100, 1.0 / 1440, -1)]))
    expectCertified(certificate)
    let most = 0.05 * 0.64 * 10_000 * 60 / Self.year
    let value = answer.regimes[0].value.value
    // Δ is ½ on average and Δ² between ¼ and ½: it ends at 0 or 1.
    #expect(value > 0.25 * most && value < 0.5 * most, "\(value), \(most)")
    #expect(answer.regimes[0].band.lower < -1 && answer.regimes[0].band.upper > 1)
  }

  /// Regimes that never switch are those alone, and regimes that switch 10⁴ times a year are one of the mean variance.
  @Test func switchingAtTheEnds() throws {
    let pair = Book(implied: 0.8, volatilities: [0.4, 1.2])
    let (frozen, first) = try certify(pair)
    expectCertified(first)
    for (e, volatility) in pair.volatilities.enumerated() {
      let alone = try certify(Book(implied: 0.8, volatilities: [volatility])).answer.regimes[0]
      let other = frozen.regimes[e]
      let error = alone.value.error + other.value.error
      #expect(abs(alone.value.value - other.value.value) <= error, "\(alone.value) \(other.value)")
    }
    var fast = pair
    fast.switching = 10_000
    let (furious, second) = try certify(fast, steps: 1600)
    expectCertified(second)
    let mean = (0.5 * (0.16 + 1.44)).squareRoot()
    let average = try certify(Book(implied: 0.8, volatilities: [mean])).answer.regimes[0].value.value
    for regime in furious.regimes {
      #expect(relativeDifference(regime.value.value, average) < 0.01, "\(regime.value) \(average)")
    }
  }

  /// K = 0, k = 0 and both, exactly. Free trading is the frictionless hedge: no cost, no width.
  @Test func exactZeros() throws {
    for cost in [TradeCost.proportional(0.0005), .fixed(0.005)] {
      let (_, certificate) = try certify(Book(cost: cost))
      expectCertified(certificate)
    }
    let (free, certificate) = try certify(Book(cost: TradeCost()))
    #expect(abs(free.regimes[0].value.value) < 1e-9)
    #expect(abs(free.regimes[0].band.lower) < 1e-9 && abs(free.regimes[0].band.upper) < 1e-9)
    // A simulation that looks now and then cannot hedge for nothing, and says so.
    let failed = Set(certificate.failures.map(\.kind))
    #expect(failed.subtracting([.rollOut]).isEmpty, "\(words(certificate))")
  }

  /// So dear that standing still is best: a forward's risk is `½ a q² S₀² (e^{σ²T} − 1)`.
  @Test(arguments: [TradeCost.fixed(1e6), .proportional(0.9)]) func neverWorthTrading(_ cost: TradeCost) throws {
    let (answer, certificate) = try certify(
      Book(legs: [], forward: -2, cost: cost, riskAversion: 1e-6, horizon: 30))
    expectCertified(certificate)
    let expected = 0.5e-6 * 4 * 10_000 * (exp(0.64 * 30 / 365) - 1)
    #expect(abs(answer.regimes[0].value.value - expected) < 0.001 * expected + answer.regimes[0].value.error)
    #expect(answer.regimes[0].band.lower < -2 && answer.regimes[0].band.upper > 2)
  }

  /// Far out of the money: the band exceeds the position, and J is that of never trading.
  @Test func farOutOfTheMoney() throws {
    let book = Book(legs: [(.call, 140, 14, -10)], riskAversion: 1e-6)
    let (answer, certificate) = try certify(book, paths: 16_384)
    expectCertified(certificate)
    #expect(answer.regimes[0].band.lower < -10 && answer.regimes[0].band.upper > 10, "\(answer.regimes[0].band)")
    let alone = try RollOut(
      problem: book.problem(),
      settings: RollOutSettings(checkEvery: 14 * 86_400 / 512, pathCount: 1 << 17, seed: 2, antithetic: true)
    ).run(.never)[.criterion]
    #expect(
      abs(alone.mean - answer.regimes[0].value.value) < 3 * alone.standardError + answer.regimes[0].value.error,
      "\(alone) \(answer.regimes[0].value)")
  }

  /// 200 legs with 12 expiries, drawn from a fixed seed.
  @Test func manyLegs() throws {
    var random = RandomNumbers(seed: 200)
    var book = Book(legs: [])
    let expiries = (1...12).map { 7.0 * Double($0) }
    for index in 0..<200 {
      book.legs.append(
        (
          random.chance(0.5) ? .call : .put, 100 * exp(random.uniform(-0.4, 0.4)), expiries[index % 12],
          (random.chance(0.7) ? -1 : 1) * random.logUniform(0.05, 1)
        ))
    }
    book.implied = 0.8
    book.riskAversion = 0.01
    let (answer, certificate) = try certify(book, spots: 300, steps: 960)
    expectCertified(certificate)
    #expect(answer.problem.book.legs.count == 200 && answer.problem.book.expiries.count == 12)
  }

  /// Long gamma is short gamma in the mirror.
  @Test func longGamma() throws {
    let long = try certify(Book(legs: [(.call, 100, 30, 1)]))
    let short = try certify(Book())
    expectCertified(long.certificate)
    let (a, b) = (long.answer.regimes[0], short.answer.regimes[0])
    #expect(abs(a.value.value - b.value.value) <= a.value.error + b.value.error, "\(a.value) \(b.value)")
    #expect(abs(a.band.lower + b.band.upper) < a.bandError + b.bandError + 0.005)
  }

  /// A book that is only a forward: traded to a band around zero once, then left. Without gamma the edge is where a trade costs what
  /// the rest of the risk is worth, `k S₀ = a y S₀² (e^{σ²T} − 1)`.
  @Test func onlyAForward() throws {
    let (answer, certificate) = try certify(
      Book(legs: [], forward: -5, riskAversion: 0.002, horizon: 30), holdings: 481)
    expectCertified(certificate)
    let edge = 0.0005 / (0.002 * 100 * (exp(0.64 * 30 / 365) - 1))
    // What is left at the edge is held; the trade costs k S (5 − edge).
    let expected = 0.05 * (5 - edge) + 0.5 * 0.002 * edge * edge * 10_000 * (exp(0.64 * 30 / 365) - 1)
    #expect(abs(answer.regimes[0].value.value - expected) < 0.02 * expected, "\(answer.regimes[0].value) \(expected)")
    #expect(abs(answer.regimes[0].band.upper - edge) < 0.1 * edge, "\(answer.regimes[0].band) \(edge)")
  }

  /// At the strike an hour before expiry, delivered: one unit or none is wanted then.
  @Test func pinAtExpiry() throws {
    let (answer, certificate) = try certify(
      Book(legs: [(.call, 100, 1.0 / 24, -1)], settlement: .physical), spots: 480, holdings: 241, steps: 800)
    expectCertified(certificate)
    // Half a unit on average is bought or returned at the cost of 0.05 a unit, by whoever holds any inventory between.
    let value = answer.regimes[0].value.value
    #expect(value > 0.5 * 0.05 * 0.9 && value < 0.05 + 0.05 * 0.64 * 10_000 / (365 * 24), "\(value)")
  }

  @Test func eightRegimes() throws {
    let (answer, certificate) = try certify(
      Book(implied: 0.8, volatilities: [0.2, 0.3, 0.45, 0.6, 0.8, 1, 1.3, 1.8], switching: 5), spots: 240,
      holdings: 121,
      steps: 400, paths: 2048)
    expectCertified(certificate)
    // More volatile now is dearer in all.
    let values = answer.regimes.map(\.value.value)
    #expect(values == values.sorted(), "\(values)")
  }

  /// An empty book costs nothing and its band is zero: whatever else one holds is unwound at once, for what that costs at the horizon too.
  @Test func emptyBook() throws {
    let (answer, certificate) = try certify(Book(legs: [], settlement: .cash, horizon: 7))
    expectCertified(certificate)
    #expect(abs(answer.regimes[0].value.value) < 1e-12)
    #expect(answer.regimes[0].band.lower == 0 && answer.regimes[0].band.upper == 0)
  }
}
