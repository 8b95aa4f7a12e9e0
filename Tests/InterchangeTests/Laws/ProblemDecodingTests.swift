import Formulation
import Foundation
import Testing

@testable import Interchange

/// The canonical form of a problem read back is the problem.
@Suite("Problems read back")
struct ProblemDecodingTests {
  /// Whatever a book can have that need not be there.
  private static let everything = """
    { schema: 'deadband.model/1', name: 'everything', kind: 'optionBook', valuation: '2026-01-01T08:00:00Z',
      market: { underlying: 'X', quote: 'USD', spot: 100.1, rate: 0.03,
        regimes: [{ name: 'calm', volatility: 0.2, drift: 0.01, funding: 0.02, impliedVolatility: 0.3,
            jumps: { merton: { intensity: 3, mean: -0.1, deviation: 0.2 } } },
          { name: 'stressed', volatility: 0.4, jumps: { kou: { intensity: 2, scaleUp: 0.03, scaleDown: 0.05,
            probabilityUp: 0.3 } } }], switching: { perYear: [[-4.1, 4.1], [8.3, -8.3]] } },
      book: [{ option: { type: 'call', strike: 103.7, expiry: '2026-02-01T08:00:00Z' }, quantity: -100,
        impliedVolatility: [0.25, 0.35] }, { option: { type: 'put', strike: 97.3, expiry: '2026-03-01T16:00:00Z' },
        quantity: 7, impliedVolatility: 0.27, forward: 101.3 }, { instrument: 'X-PERPETUAL', quantity: 3 }],
      costs: [{ fixed: { amount: [1, 2] } }, { impact: { squareRoot: 0.01 } }, { venues: [
        { name: 'pool', costs: [{ concentrated: { liquidity: 5e4, feeBasisPoints: 5, rangeBasisPoints: '1.7 %' } }] },
        { name: 'exchange', costs: [{ proportional: 0.001 }], bridging: [3, 4], delay: '30s' }] }],
      execution: { checkEvery: '1h', lot: 0.5, maximumTrade: 20, failure: '5 %', delay: '90s',
        turnoverBudget: { unitsPerYear: 5000 } },
      preference: { exponential: { riskAversion: 0.01 } }, settlement: 'none', inventory: 12.3,
      deltaConvention: 'premiumAdjusted' }
    """

  private static let deviation = """
    { schema: 'deadband.model/1', name: 'deviation', kind: 'tracking',
      tracking: { criterion: { discounted: 0.1 },
        regimes: [{ name: 'a', drift: 0.1, volatility: 0.6, runningCost: { quadratic: 1.5 },
            jumps: { normal: { intensity: 2, mean: 0.1, deviation: 0.3 } } },
          { name: 'b', volatility: 1.6, runningCost: { quadratic: 1 },
            jumps: { laplace: { intensity: 2, scaleUp: 0.2, scaleDown: 0.3, probabilityUp: 0.4 } } }],
        switching: { perYear: [[-0.5, 0.5], [0.5, -0.5]] } },
      costs: [{ proportional: { perUnit: [1.0, 2.0] } }, { fixed: { amount: 0.3 } }] }
    """

  private func readBack(_ problem: Problem) throws -> Problem {
    try ProblemDecoder.problem(JSON5Document(parsing: JSONWriter.text(of: problem.encoded)).root)
  }

  /// Names of legs are for people and not in the canonical form; all else is there to the last bit.
  private func named(_ problem: Problem, as other: Problem) -> Problem {
    guard case .optionBook(let book) = problem, case .optionBook(let original) = other else { return problem }
    let legs = zip(book.book.legs, original.book.legs).map { leg, original in
      var leg = leg
      leg.name = original.name
      return leg
    }
    return .optionBook(book.replacing(book: Book(legs: legs, rate: book.book.rate)))
  }

  @Test("everything that a problem can have", arguments: [everything, deviation])
  func parts(_ text: String) throws {
    let problem = try ModelFile(bytes: Array(text.utf8)).problem
    let found = try readBack(problem)
    #expect(named(found, as: problem) == problem)
    #expect(found.digest == problem.digest)
  }

  @Test("shipped models")
  func shipped() throws {
    let folder = ModelText.shippedFolder
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json5") }
    #expect(files.count >= 9)
    for file in files.sorted() {
      let problem = try ModelFile(path: "\(folder)/\(file)").problem
      let found = try readBack(problem)
      #expect(named(found, as: problem) == problem, "\(file)")
      #expect(found.digest == problem.digest, "\(file)")
    }
  }

  @Test("a form that is not canonical is refused where it is wrong")
  func refusals() throws {
    let problem = try ModelFile(bytes: Array(ModelText.text.utf8)).problem
    let text = try JSONWriter.text(of: problem.encoded)
    func error(_ part: String, _ other: String) throws -> ModelFileError? {
      #expect(text.contains(part))
      let changed = text.replacingOccurrences(of: part, with: other)
      do throws(ModelFileError) {
        _ = try ProblemDecoder.problem(JSON5Document(parsing: changed).root)
        return nil
      } catch { return error }
    }
    guard case .unknownKey(_, _, "lots", _, "lot")? = try error("\"lot\"", "\"lot\": 1, \"lots\"") else {
      Issue.record("an unknown key was taken")
      return
    }
    guard
      case .formulation(_, .outOfRange("market.spot", -63000, _))? = try error("\"spot\": 63000", "\"spot\": -63000")
    else {
      Issue.record("a negative spot was taken")
      return
    }
    guard case .wrongType? = try error("\"horizon\":", "\"horizon\": \"week\", \"was\":") else {
      Issue.record("a horizon in words was taken")
      return
    }
  }
}
