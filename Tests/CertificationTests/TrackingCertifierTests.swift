import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// What a certificate of a tracking problem rests on.
@Suite struct TrackingCertifierTests {
  private func problem(
    volatility: [Double], switching: [[Double]], criterion: TrackingCriterion = .longRunAverage, fixed: Double = 0.1,
    proportional: Double = 0.3, jumps: DeviationJumps? = nil
  ) throws -> TrackingProblem {
    try TrackingProblem(
      name: "tracking", criterion: criterion,
      regimes: volatility.enumerated().map {
        TrackingRegime(name: "\($0.offset)", volatility: $0.element, runningCost: .quadratic(1), jumps: jumps)
      }, generator: Generator(switching),
      costs: volatility.map { _ in
        TradeCost(fixed: fixed, proportionalBuy: proportional, proportionalSell: proportional)
      })
  }

  private func tracking(_ certificate: Certificate) throws -> TrackingAnswer {
    guard case .tracking(let answer) = certificate.answer else { throw TestFailure.kind }
    return answer
  }

  private enum TestFailure: Error { case kind }

  @Test func classesAreConfronted() throws {
    let jumps = DeviationJumps(intensity: 1, law: .normal(mean: 0.1, deviation: 0.3))
    let certificate = try TrackingCertifier(
      problem: problem(volatility: [0.6, 1.6], switching: [[-0.5, 0.5], [0.5, -0.5]], jumps: jumps),
      settings: CertificationSettings()
    ).run()
    #expect(certificate.isCertified, "\(certificate.failures)")
    let answer = try tracking(certificate)
    #expect(answer.simulatedClass == .recentre)
    let simulated = try #require(answer.classRollOut).extrapolatedCost
    let cost = try #require(answer.classes[.recentre]).regimes[0].cost.total.value
    // An empty allowance would let anything pass: the simulation knows the cost to two per cent.
    #expect(simulated.standardError < 0.02 * cost)
    #expect(abs(simulated.mean - cost) < 4 * simulated.standardError + 0.01 * cost)
    for kind in [Check.Kind.rollOut, .classRollOut, .classBelowOptimum, .classError] {
      #expect(certificate.checks.contains { $0.kind == kind }, "\(kind)")
    }
  }

  /// The roll-out would need 10⁹ steps: it is not made, and the answer says so by having none.
  @Test func scalesTooFarApart() throws {
    let apart = try problem(volatility: [1, 2], switching: [[-1, 1], [1, -1]], fixed: 1e-9, proportional: 1e-6)
    let certificate = try TrackingCertifier(problem: apart, settings: CertificationSettings()).run()
    #expect(try tracking(certificate).rollOut == nil)
    #expect(!certificate.checks.contains { $0.kind == .rollOut })
    #expect(certificate.isCertified, "\(certificate.failures)")
  }

  /// Discounted costs are simulated from every regime.
  @Test func discounted() throws {
    let problem = try self.problem(
      volatility: [0.6, 1.6], switching: [[-1, 1], [2, -2]], criterion: .discounted(rate: 0.5), proportional: 0.2)
    let certificate = try TrackingCertifier(problem: problem, settings: CertificationSettings()).run()
    #expect(certificate.isCertified, "\(certificate.failures)")
    #expect(certificate.checks.filter { $0.kind == .rollOut }.count == 2)
    let answer = try tracking(certificate)
    let simulated = try #require(answer.rollOut).extrapolatedCost
    let cost = answer.solution.regimes[0].cost.total.value
    #expect(simulated.standardError < 0.02 * cost, "\(simulated)")
    #expect(abs(simulated.mean - cost) < 4 * simulated.standardError + 0.01 * cost, "\(simulated) \(cost)")
  }

  /// Looking only at the cadence `check`, with edges moved in by 0.5826 η√δ in each regime, costs 1 % more; and the mean time
  /// between trades is what the equations say.
  @Test func lookingNowAndThen() throws {
    let problem = try self.problem(
      volatility: [0.6, 1.6], switching: [[-0.5, 0.5], [0.5, -0.5]], fixed: 0.3, proportional: 1)
    let solver = StationarySolver()
    let optimum = try solver.solve(problem)
    let classes = try solver.classes(of: problem, optimum: optimum)
    let check = try #require(classes[.optimal]?.regimes[0].check).value
    let bands = zip(optimum.regimes, problem.regimes).map { regime, state in
      let shift = 0.582_597_157_939 * state.volatility * check.squareRoot()
      return Band(
        lower: regime.band.lower + shift, upper: regime.band.upper - shift, targetLower: regime.band.targetLower,
        targetUpper: regime.band.targetUpper)
    }
    // Without drift the trapezoidal rule is exact in expectation, so that the step is the cadence itself.
    let result = try TrackingRollOut(
      problem: problem,
      settings: TrackingSettings(
        step: check, burnIn: 20, batchLength: 1000, batchCount: 8, replicaCount: 64, seed: 11)
    ).run(bands: bands)
    let cost = optimum.regimes[0].cost.total.value
    let found = result.averageCost
    #expect(found.standardError < 0.002 * cost)
    #expect(abs(found.mean - 1.01 * cost) < 4 * found.standardError, "\(found) for \(1.01 * cost)")
    let rate = optimum.regimes.reduce(0) { $0 + ($1.tradesPerTime?.value ?? 0) }
    let trades = result.tradeRate
    // The moved edges trade as often as the continuous ones, to first order in the cadence.
    #expect(abs(trades.mean / rate - 1) < 0.02, "\(trades) for \(rate)")
  }
}
