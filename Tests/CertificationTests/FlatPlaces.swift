import Formulation
import Simulation
import Testing

@testable import Certification
@testable import Control

/// A solved policy costs what its value says where it knows the inventories that settle for nothing, and does not without them.
func expectFlatPlacesToMatter(_ problem: OptionBookProblem) throws {
  let certifier = OptionBookCertifier(
    problem: problem, grid: GridSettings(spots: 240, holdings: 121, steps: 400),
    settings: CertificationSettings(paths: 4096, checksPerPath: 512, seed: 5, threads: 2))
  let solutions = try certifier.solve()
  let values = [solutions.middle, solutions.fine].map { $0.value(regime: 0, inventory: 0) }
  let limit = Approximation.limit(halfAsFine: values[0], finest: values[1])
  let table = solutions.fine.policy
  func excess(_ table: PolicyTable) throws -> (measured: Double, allowed: Double) {
    let estimate = try certifier.rollOut(regime: 0, policy: table, check: certifier.rollOutCheck)
    return (
      estimate.extrapolated.mean - limit.value,
      3 * estimate.extrapolated.standardError + abs(estimate.discretisationError.mean) + limit.error
    )
  }
  let found = try excess(table)
  #expect(abs(found.measured) <= found.allowed, "\(found) of \(limit)")
  // The same bands without places of their own.
  let plain = try excess(
    PolicyTable(times: table.times, logSpots: table.logSpots, regimeCount: table.regimeCount, bands: table.bands))
  #expect(plain.measured > plain.allowed && plain.measured > 0.05 * limit.value, "\(plain) of \(limit)")
}
