import Control
import Formulation
import Glibc

/// The straddle that figures are given for: 30 days, at the money, two regimes of 50 % and 120 %.
func straddle(fixed: Double, preference: Preference = .quadratic(riskAversion: 0.1), regimeCount: Int = 2)
  throws -> OptionBookProblem
{
  let valuation = Instant(year: 2026, month: 1, day: 1)!
  let expiry = valuation.adding(seconds: 30 * 86_400)
  let regimes = Array(
    [Regime(name: "calm", volatility: 0.5), Regime(name: "stressed", volatility: 1.2)].prefix(regimeCount))
  let generator = regimeCount == 1 ? Generator.frozen(count: 1) : try Generator([[-6, 6], [24, -24]])
  let market = Market(
    underlying: "X", quote: "USD", spot: 100, rate: 0,
    environment: try EnvironmentChain(regimes: regimes, generator: generator))
  let cost = TradeCost(fixed: fixed, proportionalBuy: 0.0005, proportionalSell: 0.0005)
  let positions = [OptionKind.call, .put].map { kind in
    Position(
      name: kind.rawValue, instrument: .option(kind: kind, strike: 100, expiry: expiry), quantity: -1,
      impliedVolatilities: [0.8])
  }
  return try OptionBookProblem(
    name: "straddle", valuation: valuation, market: market, positions: positions, costs: regimes.map { _ in cost },
    preference: preference, settlement: .none)
}

func fastest(_ repetitions: Int, _ work: () throws -> Void) rethrows -> Double {
  var best = Double.infinity
  for _ in 0..<repetitions {
    let start = monotonicSeconds(CLOCK_MONOTONIC)
    try work()
    best = min(best, monotonicSeconds(CLOCK_MONOTONIC) - start)
  }
  return best
}

/// Nanoseconds per unknown of a plain scalar tridiagonal elimination, one matrix for every line, with division: what a
/// straightforward implementation spends on one linear solve without any control.
private func referenceNanoseconds(rows: Int = 400, lines: Int = 208) -> Double {
  var values = (0..<(rows * lines)).map { Double($0 % 7) }
  var diagonal = [Double](repeating: 0, count: rows)
  var right = [Double](repeating: 0, count: rows)
  let seconds = fastest(5) {
    for line in 0..<lines {
      diagonal[0] = 2.5
      right[0] = values[line]
      for row in 1..<rows {
        let factor = -1 / diagonal[row - 1]
        diagonal[row] = 2.5 + factor
        right[row] = values[row * lines + line] - factor * right[row - 1]
      }
      var above = right[rows - 1] / diagonal[rows - 1]
      values[(rows - 1) * lines + line] = above
      for row in stride(from: rows - 2, through: 0, by: -1) {
        above = (right[row] + above) / diagonal[row]
        values[row * lines + line] = above
      }
    }
  }
  return seconds * 1e9 / Double(rows * lines)
}

private struct SolveTiming {
  let problem: OptionBookProblem
  let settings: GridSettings
  let threads: Int
  /// Today's bands alone, as for a point of a frontier, instead of a surface of bands.
  var isForToday = false

  func line(benchmark: String, label: String, reference: Double) throws -> String {
    var unknowns = 0.0
    // Processor time is what a loaded machine leaves comparable; with several threads it counts them all.
    var busy = Double.infinity
    let seconds = try fastest(5) {
      let start = monotonicSeconds(CLOCK_PROCESS_CPUTIME_ID)
      var method = FiniteHorizon(settings: settings, threads: threads)
      method.isForToday = isForToday
      let solution = try method.solve(problem)
      unknowns =
        Double(solution.grid.logSpots.count) * Double(solution.grid.holdings.count)
        * Double(solution.grid.times.count - 1) * Double(problem.environment.count)
      busy = min(busy, monotonicSeconds(CLOCK_PROCESS_CPUTIME_ID) - start)
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let perUnknown = seconds * Double(threads) * 1e9 / unknowns
    return
      "{\"benchmark\":\"\(benchmark)\",\"case\":\"\(label)\",\"threads\":\(threads),\"unknownSteps\":\(Int(unknowns)),"
      + "\"seconds\":\(seconds),\"processorSeconds\":\(busy),\"nanosecondsPerUnknownStepAndCore\":\(perUnknown),"
      + "\"timesReferenceTridiagonal\":\(perUnknown / reference),\"peakMegabytes\":\(usage.ru_maxrss / 1024)}"
  }
}

/// 400 spots × 201 holdings × 500 steps × 2 regimes, proportional costs alone and with a fixed cost, on one and two cores.
func solveBenchmark(containing text: String?) throws -> [String] {
  let reference = referenceNanoseconds()
  let settings = GridSettings(spots: 400, holdings: 201, steps: 500)
  var lines: [String] = []
  let utility = Preference.exponential(riskAversion: 0.1)
  let cases = [
    ("proportional, one regime", try straddle(fixed: 0, regimeCount: 1), false),
    ("proportional", try straddle(fixed: 0), false),
    ("proportional, today's bands", try straddle(fixed: 0), true),
    ("proportional and fixed", try straddle(fixed: 0.01), false),
    ("proportional and fixed, today's bands", try straddle(fixed: 0.01), true),
    ("exponential utility, one regime", try straddle(fixed: 0, preference: utility, regimeCount: 1), false),
    ("exponential utility", try straddle(fixed: 0, preference: utility), false),
  ]
  for (label, problem, isForToday) in cases where text.map({ label.contains($0) }) ?? true {
    for threads in [1, 2] {
      lines.append(
        try SolveTiming(problem: problem, settings: settings, threads: threads, isForToday: isForToday)
          .line(benchmark: "solve", label: label, reference: reference))
    }
  }
  return lines
}

/// Each axis doubled in turn: cost should double.
func growthBenchmark() throws -> [String] {
  let reference = referenceNanoseconds()
  let problem = try straddle(fixed: 0.01)
  let grids = [
    ("base 200 x 105 x 250", 200, 105, 250), ("spots x2", 400, 105, 250), ("spots x4", 800, 105, 250),
    ("holdings x2", 200, 210, 250), ("holdings x4", 200, 420, 250), ("steps x2", 200, 105, 500),
    ("steps x4", 200, 105, 1000),
  ]
  return try grids.map { label, spots, holdings, steps in
    try SolveTiming(
      problem: problem, settings: GridSettings(spots: spots, holdings: holdings, steps: steps), threads: 1
    ).line(benchmark: "growth", label: label, reference: reference)
  }
}
