@testable import Certification

/// The certificate of the same answer with one more check, which failed.
enum Refusal {
  static func of(_ certificate: Certificate) -> Certificate {
    Certificate(
      answer: certificate.answer, checks: certificate.checks + [Check(.rollOut, measured: 2, atMost: 1, unit: "USD")])
  }
}
