import Certification
import Foundation
import Interchange
import LinearAlgebra

/// What several commands read from their command lines.
enum Inputs {
  static func model(_ parsed: ParsedCommand) throws(Failure) -> ModelFile {
    do { return try ModelFile(path: parsed.operands[0], overrides: parsed.texts(.set)) } catch {
      throw Failure(Explainer.message(error), .badData)
    }
  }

  static let standardSeed = 1

  static func settings(_ parsed: ParsedCommand) -> CertificationSettings {
    // One thread for BLAS: work is divided above it, and so that its own threads do not change the order of sums.
    LinearAlgebraProvider.useOneThread()
    var settings = CertificationSettings()
    if let paths = parsed.integer(.paths) { settings.paths = paths }
    settings.seed = UInt64(parsed.integer(.seed) ?? standardSeed)
    settings.threads = parsed.integer(.threads) ?? ProcessInfo.processInfo.activeProcessorCount
    return settings
  }

  static func certify(
    _ model: ModelFile, _ settings: CertificationSettings, progress: @escaping @Sendable (Double) -> Void
  ) throws(CertificationError) -> Certificate {
    switch model.problem {
    case .optionBook(let problem):
      try OptionBookCertifier(problem: problem, grid: model.grid ?? .init(), settings: settings).run(progress: progress)
    case .tracking(let problem):
      try TrackingCertifier(problem: problem, settings: settings).run(progress: progress)
    }
  }
}
