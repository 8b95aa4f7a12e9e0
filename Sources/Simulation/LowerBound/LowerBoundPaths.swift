import Formulation
import Glibc
import VectorMath

/// The exact paths of one block and one policy's inventories on them, before any inner problem is solved.
///
/// Arrays are `[instant × path]`.
struct LowerBoundPaths {
  static let pathCount = 32

  private(set) var logSpots: [Double]
  private(set) var spots: [Double]
  private(set) var regimes: [Int]
  /// Whether the regime stayed what it was in the step that ends here.
  private(set) var isQuiet: [Bool]
  /// Δ_book when a step that begins here begins, and when one that ends here ends: they differ where legs expire [units].
  private(set) var starting: [Double]
  private(set) var ending: [Double]
  /// The policy's inventory from here on [units], and what its trade here cost [quote], per schedule of decisions.
  private(set) var inventories: [[Double]]
  private(set) var charges: [[Double]]

  init(plan: LowerBoundPlan, first: Int, policy: PolicyTable) {
    let (instants, count) = (plan.sample.times.count, LowerBoundPaths.pathCount)
    let size = instants * count
    logSpots = Array(repeating: 0, count: size)
    spots = logSpots
    regimes = Array(repeating: 0, count: size)
    isQuiet = Array(repeating: true, count: size)
    starting = logSpots
    ending = logSpots
    inventories = plan.schedules.map { _ in Array(repeating: 0, count: size) }
    charges = inventories
    for path in 0..<count {
      let own = RegimePath(plan: plan.rollOut, index: first + path)
      for instant in 0..<instants {
        let place = instant * count + path
        (logSpots[place], spots[place]) = (own.logSpots[instant], own.spots[instant])
        (regimes[place], isQuiet[place]) = (own.regimes[instant], own.isQuiet[instant])
      }
    }
    mark(plan)
    for schedule in plan.schedules.indices { follow(policy, plan, schedule) }
  }

  private mutating func mark(_ plan: LowerBoundPlan) {
    let (count, width) = (LowerBoundPaths.pathCount, Lanes.scalarCount)
    var slice = BookSlice(
      book: plan.problem.book, regimeCount: plan.problem.environment.count, coincidence: plan.rollOut.coincidence)
    defer { slice.deallocate() }
    for instant in plan.sample.times.indices {
      for settled in plan.sample.expires[instant] ? [false, true] : [instant == 0] {
        slice.prepare(time: plan.sample.times[instant], settled: settled)
        for first in stride(from: instant * count, to: (instant + 1) * count, by: width) {
          var (logSpot, regime) = (Lanes(), Lanes())
          for lane in 0..<width {
            logSpot[lane] = logSpots[first + lane]
            regime[lane] = Double(regimes[first + lane])
          }
          let delta = slice.book.delta(logSpot: logSpot, regime: regime)
          for lane in 0..<width {
            starting[first + lane] = delta[lane]
            if !settled || instant == 0 { ending[first + lane] = delta[lane] }
          }
        }
      }
    }
  }

  /// Rolls the policy out (control.md §0): observe, trade, pay, hold.
  private mutating func follow(_ policy: PolicyTable, _ plan: LowerBoundPlan, _ schedule: Int) {
    let count = LowerBoundPaths.pathCount
    let lot = plan.problem.execution.lot
    for instant in plan.sample.times.indices.dropLast() {
      let time = plan.sample.times[instant]
      for path in 0..<count {
        let place = instant * count + path
        let before = instant == 0 ? plan.problem.inventory : inventories[schedule][place - count]
        inventories[schedule][place] = before
        guard plan.decides(at: instant, schedule) else { continue }
        let band = policy.band(at: time, logSpot: logSpots[place], regime: regimes[place])
        var trade = band.trade(at: before + starting[place], inventory: before, flats: policy.flats)
        if lot > 0 { trade = (trade / lot).rounded(.toNearestOrEven) * lot }
        guard trade != 0 else { continue }
        inventories[schedule][place] = before + trade
        charges[schedule][place] = plan.problem.costs[regimes[place]].charge(price: spots[place], trade: trade)
      }
    }
  }
}
