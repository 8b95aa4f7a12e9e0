import Certification

extension Screen {
  /// The checks: one line for each question, with the worst of its regimes.
  mutating func add(_ certificate: Certificate, refused: String = "REFUSED: nothing was emitted") {
    let verdict =
      certificate.isCertified
      ? style.good(certificate.followsFormula ? "certified: what the formula costs, not that it is best" : "certified")
      : style.bad(refused)
    section("Certificate  " + verdict)
    var table = TextTable("<check", "<regime", "measured", "threshold", "<unit", "")
    for kind in Check.Kind.allCases {
      let asked = certificate.checks.filter { $0.kind == kind }
      let shown = asked.contains { !$0.passed } ? asked.filter { !$0.passed } : Screen.tightest(asked)
      for check in shown {
        table.add(
          Explainer.question(kind), [check.policyClass, check.regime].compactMap { $0 }.joined(separator: ", "),
          Screen.measured(check, check.measured),
          Screen.measured(check, check.threshold), check.unit, check.passed ? "✓" : "✗")
      }
    }
    add(table)
    for remedy in remedies(certificate) { note(remedy) }
  }

  /// What a refusal asks for, where that is known.
  private func remedies(_ certificate: Certificate) -> [String] {
    let failed = Set(certificate.checks.filter { !$0.passed }.map(\.kind))
    var remedies: [String] = []
    if failed.contains(.obstacleViolation) {
      remedies.append(
        "A regime waits in more than one interval of positions, or trades best from within its band: one band per regime cannot say so."
      )
    }
    if case .optionBook(let answer) = certificate.answer,
      !failed.isDisjoint(with: [.valueError, .bandError, .observedOrder])
    {
      let grid = answer.solution.grid
      remedies.append(
        "A finer grid may pass: --set grid.holdings=\(2 * grid.holdings.count), or --set grid.spots=\(2 * grid.spots.count) as well."
      )
    }
    return remedies
  }

  private static func measured(_ check: Check, _ value: Double) -> String {
    check.kind.isCount && value.isFinite ? Figures.decimals(value, 0) : Figures.significant(value, 2)
  }

  /// The check that came nearest to its threshold.
  private static func tightest(_ checks: [Check]) -> [Check] {
    let nearest = checks.max { abs($0.measured / $0.threshold) < abs($1.measured / $1.threshold) }
    return nearest.map { [$0] } ?? []
  }
}
