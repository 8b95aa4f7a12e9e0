import Certification
import Control
import Formulation

@testable import Interchange

/// Small problems that are really solved and certified, once for all tests.
enum Solved {
  /// One regime and a fixed cost alone: the closed form of control.md §7 gives edge, cost and time between trades.
  static let trackingText = """
    { schema: 'deadband.model/1', name: 'fixed-only', kind: 'tracking',
      tracking: { criterion: 'longRunAverage',
        regimes: [{ name: 'only', volatility: 2, runningCost: { quadratic: 3 } }] },
      costs: [{ fixed: { amount: 0.5 } }] }
    """

  static let bookText = """
    { schema: 'deadband.model/1', name: 'straddle', kind: 'optionBook', valuation: '2026-01-01T08:00:00Z',
      market: { underlying: 'X', quote: 'USD', spot: 100, regimes: [{ name: 'calm', volatility: 0.2 },
        { name: 'stressed', volatility: 0.4 }], switching: { perYear: [[-4, 4], [8, -8]] } },
      book: [{ option: { type: 'call', strike: 100, expiry: '2026-02-01T08:00:00Z' }, quantity: -100,
        impliedVolatility: [0.25, 0.35] },
        { option: { type: 'put', strike: 100, expiry: '2026-02-01T08:00:00Z' }, quantity: -100,
        impliedVolatility: [0.25, 0.35] }],
      costs: [{ proportional: { basisPoints: 40 } }], execution: { checkEvery: '5min' },
      preference: { quadratic: { riskAversion: 0.005 } }, settlement: 'none', outputs: { spots: [95, 100] },
      grid: { spots: 240, holdings: 129, steps: 200 } }
    """

  struct Case {
    let model: ModelFile
    let certificate: Certificate
  }

  static let tracking = Result { () throws -> Case in
    let model = try ModelFile(bytes: Array(trackingText.utf8))
    guard case .tracking(let problem) = model.problem else { throw ParametersError.otherProblem }
    return Case(model: model, certificate: try TrackingCertifier(problem: problem, settings: .init()).run())
  }

  static let book = Result { () throws -> Case in
    let model = try ModelFile(bytes: Array(bookText.utf8))
    guard case .optionBook(let problem) = model.problem, let grid = model.grid else {
      throw ParametersError.otherProblem
    }
    let certifier = OptionBookCertifier(
      problem: problem, grid: grid, settings: CertificationSettings(paths: 2048, checksPerPath: 512))
    return Case(model: model, certificate: try certifier.run())
  }
}
