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
          Explainer.question(kind), check.regime ?? check.policyClass ?? "", Screen.measured(check, check.measured),
          Screen.measured(check, check.threshold), check.unit, check.passed ? "✓" : "✗")
      }
    }
    add(table)
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
