import Certification
import Control
import Formulation
import Interchange
import Simulation

/// What `certify` prints: the result as stated beside what was found again, and the certificate.
struct CertifyScreen {
  let directory: String
  let result: EmittedResult
  let certificate: Certificate
  let misstatements: [Misstatement]
  let seed: UInt64

  func draw(on screen: inout Screen) {
    screen.title("DEADBAND  certify \(result.problem.name)", directory)
    screen.note(
      "Written \(result.ended.text) by deadband \(result.programVersion); the digests of its files are those recorded.")
    switch (result.statement, certificate.answer) {
    case (.optionBook(let problem, let policy), .optionBook(let answer)): draw(problem, policy, answer, on: &screen)
    case (.tracking(_, let stated), .tracking(let answer)): draw(stated, answer, on: &screen)
    default: break
    }
    drawMisstatements(on: &screen)
    screen.add(certificate, refused: "REFUSED: the result is not what it states")
  }

  /// So many are told one by one.
  private static let mostMisstatements = 12
  private static let widestPlace = 56

  private func drawMisstatements(on screen: inout Screen) {
    guard !misstatements.isEmpty else { return }
    screen.section("Stated, and not found again")
    var table = TextTable("<", "<", "stated", "found")
    for misstatement in misstatements.prefix(Self.mostMisstatements) {
      let place = misstatement.place
      table.add(
        misstatement.file, place.count > Self.widestPlace ? "…" + place.suffix(Self.widestPlace - 1) : place,
        Self.brief(misstatement.stated), Self.brief(misstatement.found))
    }
    screen.add(table)
    let others = misstatements.count - Self.mostMisstatements
    if others > 0 { screen.note("And \(others) more; --json has all.") }
  }

  private static func brief(_ text: String?) -> String {
    guard let text else { return "–" }
    return Double(text).map { Figures.significant($0, 6) } ?? String(text.prefix(16))
  }

  private func draw(
    _ problem: OptionBookProblem, _ policy: EmittedPolicy, _ answer: OptionBookAnswer, on screen: inout Screen
  ) {
    screen.section("Value in \(problem.market.quote)  of the emitted table, seed \(seed)")
    var table = TextTable("<", "stated", "± error", "found again", "simulated", "± s.e.", "no policy below", "± s.e.")
    var bounds: [Estimate] = []
    if case .found(let results) = answer.bounds { bounds = results.map(\.bounds.lower) }
    for (e, regime) in answer.regimes.enumerated() {
      let simulated = regime.rollOut.extrapolated
      let bound = bounds.isEmpty ? nil : bounds[e]
      table.add(
        regime.name, Figures.significant(policy.values[e].value, 6), Figures.significant(policy.values[e].error, 2),
        Figures.significant(regime.value.value, 6), Figures.significant(simulated.mean + regime.markJump, 6),
        Figures.significant(simulated.standardError, 2),
        bound.map { Figures.significant($0.mean + regime.markJump, 6) } ?? "–",
        bound.map { Figures.significant($0.standardError, 2) } ?? "–")
    }
    screen.add(table)
    if case .none(let obstacle) = answer.bounds { screen.note("No bound from below: \(Explainer.reason(obstacle)).") }
    screen.note(
      "\(policy.table.times.count) instants × \(policy.table.logSpots.count) spots × \(policy.table.regimeCount) "
        + "\(policy.table.regimeCount == 1 ? "regime" : "regimes") of the table, \(policy.decisions.count) stated decisions."
    )
  }

  private func draw(
    _ stated: [(band: Band, value: Approximation)], _ answer: TrackingAnswer, on screen: inout Screen
  ) {
    screen.section(answer.problem.criterion == .longRunAverage ? "Cost per unit time" : "Value at x = 0")
    var table = TextTable("<", "stated", "± error", "found again", "lower", "to", "to", "upper")
    for (statement, regime) in zip(stated, answer.solution.regimes) {
      let band = statement.band
      table.add(
        regime.name, Figures.significant(statement.value.value, 9), Figures.significant(statement.value.error, 1),
        Figures.significant(regime.cost.total.value, 9), Figures.decimals(band.lower, 6),
        Figures.decimals(band.targetLower, 6), Figures.decimals(band.targetUpper, 6), Figures.decimals(band.upper, 6))
    }
    screen.add(table)
    if let simulated = answer.rollOut?.extrapolatedCost {
      screen.note(
        "The stated bands simulated by independent code: "
          + Figures.measured(simulated.mean, simulated.standardError) + " per unit time (standard error).")
    }
  }
}
