import Certification

/// Every check: what was measured against what is allowed.
struct CertificateSection {
  let certificate: Certificate

  func draw(on screen: inout Screen) {
    let count = certificate.checks.count
    let passed = count - certificate.failures.count
    screen.section("Certificate: \(passed) of \(count) checks passed")
    var table = TextTable("<", "<check", "<regime", "measured", "", "allowed", "<unit")
    for check in certificate.checks {
      table.add(
        [
          check.passed ? "✓" : "✗", Explainer.question(check.kind), check.regime ?? "",
          Figures.significant(check.measured, 3), Explainer.isLowerBound(check.kind) ? "≥" : "≤",
          Figures.significant(check.threshold, 3), check.unit,
        ], strong: !check.passed)
    }
    screen.add(table)
  }
}
