import Foundation

@testable import Commands

/// A folder that lives as long as a test.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "deadband-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}

/// A week of calls sold on ether in two regimes, on a grid that solves in a moment.
let smallVault = """
  // A covered-call vault, small.
  { schema: "deadband.model/1", name: "small-vault", kind: "optionBook", valuation: "2024-03-08T08:00:00Z",
    market: { underlying: "ETH", quote: "USD", spot: 3900,
      regimes: [ { name: "calm", volatility: 0.55, impliedVolatility: 0.65 },
                 { name: "stressed", volatility: 1.10, impliedVolatility: 1.00 } ],
      switching: { perYear: [[-8, 8], [36, -36]] } },
    book: [ { instrument: "ETH-15MAR24-4300-C", quantity: -200 } ],
    costs: [ { proportional: { basisPoints: 20 } } ],
    preference: { quadratic: { riskAversion: 1e-4 } },
    grid: { spots: 120, holdings: 81, steps: 120 } }
  """

/// A deviation whose band has a closed form.
let closedFormDeviation = """
  // A deviation with a closed form.
  { schema: "deadband.model/1", name: "one", kind: "tracking",
    tracking: { criterion: "longRunAverage",
      regimes: [ { name: "only", volatility: 1.3, runningCost: { quadratic: 0.7 } } ], switching: { perYear: [[0]] } },
    costs: [ { proportional: { perUnit: 0.9 } }, { fixed: { amount: 0.4 } } ] }
  """

extension RecordingConsole {
  /// Runs a command line and returns its status.
  func run(_ arguments: [String]) -> ExitStatus { Program.run(arguments, console: console) }
}
