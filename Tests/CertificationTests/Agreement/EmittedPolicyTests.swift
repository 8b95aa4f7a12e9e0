import Control
import Formulation
import Simulation
import Testing

@testable import Certification

/// A result put to the questions once more: what it states holds or is refused.
@Suite(.serialized) struct EmittedPolicyTests {
  private static let settings = CertificationSettings(paths: 4096, checksPerPath: 512, seed: 4, classes: [])

  private struct Solved: Sendable {
    let certifier: OptionBookCertifier
    let solutions: OptionBookCertifier.Refinements
    let policy: EmittedPolicy
  }

  private struct Missing: Error {}

  /// Solved once, and stated as it is: two of the decisions are those at the target and beyond the edge.
  private static let solved = Result { () throws -> Solved in
    let problem = try LowerBoundTests.problem(LowerBoundTests.cases[2])
    let certifier = OptionBookCertifier(problem: problem, grid: GridSettings(), settings: settings)
    let solutions = try certifier.solve()
    guard case .optionBook(let answer) = try certifier.certify(solutions).answer else { throw Missing() }
    let row = answer.solution.grid.reference
    let (band, spot) = (answer.policy.band(time: 0, regime: 0, spot: row), answer.solution.grid.spots[row])
    let delta = problem.book.greeks(time: 0, spot: spot, regime: 0).delta
    func decision(at net: Double, _ trade: Double) -> EmittedPolicy.Decision {
      EmittedPolicy.Decision(time: 0, spot: spot, regime: 0, inventory: net - delta, trade: trade)
    }
    let policy = EmittedPolicy(
      table: answer.policy, values: answer.regimes.map(\.value), bands: answer.regimes.map(\.band),
      decisions: [
        decision(at: band.targetLower, 0), decision(at: band.upper + 1, band.targetUpper - band.upper - 1),
      ])
    return Solved(certifier: certifier, solutions: solutions, policy: policy)
  }

  /// The certificate of a policy of which numbers are stated.
  private func certify(_ change: (inout EmittedPolicy) -> Void) throws -> Certificate {
    let solved = try Self.solved.get()
    var certifier = solved.certifier
    var policy = solved.policy
    change(&policy)
    certifier.emitted = policy
    return try certifier.certify(solved.solutions)
  }

  private func failures(_ change: (inout EmittedPolicy) -> Void) throws -> Set<Check.Kind> {
    Set(try certify(change).failures.map(\.kind))
  }

  @Test func whatWasSolvedIsCertifiedAgain() throws {
    #expect(try certify { _ in }.failures == [])
  }

  /// Numbers that are not the solution's, whatever the table.
  @Test func statementsAreCompared() throws {
    #expect(
      try failures { $0.values[1] = Approximation(value: 1.05 * $0.values[1].value, error: $0.values[1].error) }
        == [.emittedValue])
    #expect(try failures { $0.bands[0] = $0.bands[0].shifted(by: 0.01) } == [.emittedBand])
    #expect(try failures { $0.decisions[0].trade = 0.1 } == [.emittedDecision])
  }

  /// A table that lies a fifth of its width too high, with bands and decisions stated to match: its cost gives it away.
  @Test func aShiftedTableIsRefused() throws {
    let found = try failures { policy in
      func shifted(_ band: Band) -> Band { band.width.isFinite ? band.shifted(by: 0.2 * band.width) : band }
      let table = policy.table
      policy = EmittedPolicy(
        table: PolicyTable(
          times: table.times, logSpots: table.logSpots, regimeCount: table.regimeCount,
          bands: table.bands.map(shifted)), values: policy.values, bands: policy.bands.map(shifted), decisions: [])
    }
    #expect(found == [.rollOut, .boundGap])
  }

  /// A grid that resolves nothing is found out by its own refinements.
  @Test func aCoarseGridIsRefused() throws {
    let certificate = try OptionBookCertifier(
      problem: Self.solved.get().certifier.problem, grid: GridSettings(spots: 40, holdings: 31, steps: 16),
      settings: Self.settings
    ).run()
    let failed = Set(certificate.failures.map(\.kind))
    #expect(failed.contains(.bandError) || failed.contains(.valueError), "\(failed)")
    #expect(!certificate.isCertified)
  }
}
