import Dispatch
import Formulation
import Glibc
import LinearAlgebra
import VectorMath

/// What all paths of a bound from below share: instants, laws of the steps, the book at the table's nodes, lines.
struct LowerBoundPlan: Sendable {
  let problem: OptionBookProblem
  let table: ValueTable
  let rollOut: RollOutPlan
  /// What holding costs, per regime.
  let rates: [RunningCost.Rates]
  /// Per step and regime at its start.
  let laws: [[StepLaw]]
  /// The book's deltas at the nodes when a step ends, `[step × spot × regime]` [units].
  let nodeDeltas: [Double]
  /// Where each step's end lies among the table's times.
  let places: [(index: Int, weight: Double)]
  /// Spots of the nodes.
  let spots: [Double]
  /// Lines of the inner problem per line of the table.
  let density: Int
  /// Lines of the inner problem: the table's and those between them, from the same first to the same last.
  let lineCount: Int
  /// Decisions are made at checks whose number is a multiple of these: a bound for each.
  let schedules: [Int]

  var spacing: Double { table.spacing / Double(density) }
  var sample: SampleTimes { rollOut.sample }

  /// Whether one may trade at an instant.
  func decides(at instant: Int, _ schedule: Int) -> Bool {
    sample.isCheck(instant, every: schedules[schedule], atExpiries: true)
  }

  /// Inventories between lines may gain no more than this share of the value, where that many lines can be had.
  private static let rounding = 1e-3
  private static let mostLinesPerSpacing = 8
  /// Steps whose lengths differ by less, relatively, are alike: the rounding of differences of times.
  private static let alike = 1e-11

  init(problem: OptionBookProblem, table: ValueTable, settings: LowerBoundSettings) throws(SimulationError) {
    self.problem = problem
    self.table = table
    rates = problem.environment.regimes.indices.map { RunningCost.Rates(problem, regime: $0) }
    var rollOutSettings = RollOutSettings(
      checkEvery: settings.checkEvery, substeps: settings.substeps, pathCount: settings.pathCount, seed: settings.seed,
      antithetic: true, detailed: false, threads: settings.threads)
    rollOutSettings.looksAtExpiries = settings.isContinuous
    rollOut = try RollOutPlan(problem: problem, settings: rollOutSettings)
    guard table.values.count == table.times.count * table.sliceCount, table.inventories.count % Lanes.scalarCount == 0,
      table.regimeCount == problem.environment.count, table.logSpots.count > MartingaleWeights.nodeCount
    else { throw .tableShape("values") }
    spots = table.logSpots.map { exp($0) }
    let sample = rollOut.sample
    laws = try LowerBoundPlan.laws(problem.environment, sample: sample)
    nodeDeltas = LowerBoundPlan.deltas(problem, sample: sample, logSpots: table.logSpots, plan: rollOut)
    places = sample.times.dropFirst().map { AscendingNodes.place($0, among: table.times) }
    density = LowerBoundPlan.density(problem, table: table)
    schedules = settings.isContinuous ? [1, 2] : [1]
    lineCount = (table.inventories.count - 1) * density + 1
  }

  private static func laws(
    _ environment: EnvironmentChain, sample: SampleTimes
  ) throws(SimulationError) -> [[StepLaw]] {
    var found: [[StepLaw]] = []
    var lengths: [Double] = []
    for step in 0..<sample.stepCount {
      let length = sample.times[step + 1] - sample.times[step]
      if let last = lengths.last, abs(length - last) <= alike * last {
        found.append(found[step - 1])
        lengths.append(last)
        continue
      }
      lengths.append(length)
      var laws: [StepLaw] = []
      for start in environment.regimes.indices {
        do { laws.append(try StepLaw(environment: environment, from: start, length: length)) } catch {
          throw .outOfRange(
            setting: "checkEvery", value: length, allowed: "a step in which a regime's law can be computed")
        }
      }
      found.append(laws)
    }
    return found
  }

  private static func deltas(
    _ problem: OptionBookProblem, sample: SampleTimes, logSpots: [Double], plan: RollOutPlan
  ) -> [Double] {
    let (rows, regimes, width) = (logSpots.count, problem.environment.count, Lanes.scalarCount)
    var deltas = [Double](repeating: 0, count: sample.stepCount * rows * regimes)
    let workers = max(1, min(plan.settings.threads ?? DispatchQueue.availableThreads, sample.stepCount))
    deltas.withUnsafeMutableBufferPointer { deltas in
      nonisolated(unsafe) let all = deltas
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        var slice = BookSlice(book: problem.book, regimeCount: regimes, coincidence: plan.coincidence)
        defer { slice.deallocate() }
        for step in stride(from: worker, to: sample.stepCount, by: workers) {
          slice.prepare(time: sample.times[step + 1], settled: false)
          for first in stride(from: 0, to: rows, by: width) {
            var nodes = Lanes()
            for lane in 0..<width { nodes[lane] = logSpots[min(rows - 1, first + lane)] }
            for e in 0..<regimes {
              let delta = slice.book.delta(logSpot: nodes, regime: Lanes(repeating: Double(e)))
              for lane in 0..<min(width, rows - first) { all[(step * rows + first + lane) * regimes + e] = delta[lane] }
            }
          }
        }
      }
    }
    return deltas
  }

  /// Between lines the running cost dips by a quarter of its curvature times the square of their distance, at most.
  private static func density(_ problem: OptionBookProblem, table: ValueTable) -> Int {
    let e = problem.market.currentRegime
    let exposure = problem.environment.regimes[e].volatility * problem.market.spot * table.spacing
    let risk = 0.125 * problem.preference.riskAversion * exposure * exposure * problem.horizon
    let row = AscendingNodes.place(log(problem.market.spot), among: table.logSpots).index
    let line = AscendingNodes.place(problem.inventory, among: table.inventories).index
    let value = abs(Double(table.values[(row * table.regimeCount + e) * table.inventories.count + line]))
    let wanted = (risk / max(rounding * value, .leastNormalMagnitude)).squareRoot().rounded(.up)
    return Int(min(Double(mostLinesPerSpacing), max(1, wanted)))
  }
}
