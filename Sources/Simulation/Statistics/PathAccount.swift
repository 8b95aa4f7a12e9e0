import Formulation
import VectorMath

/// What a detailed roll-out follows along each path beside its sums: the highest profit so far, and whether the last look left
/// net delta outside the policy's own band. Looks are all instants of a path, whether or not the policy decides there. One per block
/// state, reused.
struct PathAccount {
  /// The greatest profit at any instant up to now [quote]; 0 at the valuation.
  private let peak: UnsafeMutablePointer<Lanes>
  /// 1 where the last look left net delta outside the band, else 0.
  private let outside: UnsafeMutablePointer<Lanes>
  /// Years of the last look.
  private let lastLook: UnsafeMutablePointer<Double>

  init() {
    peak = .allocate(capacity: BlockState.vectorCount)
    outside = .allocate(capacity: BlockState.vectorCount)
    lastLook = .allocate(capacity: 1)
    clear()
  }

  func deallocate() {
    peak.deallocate()
    outside.deallocate()
    lastLook.deallocate()
  }

  /// Forgets the last block.
  func clear() {
    peak.initialize(repeating: Lanes(), count: BlockState.vectorCount)
    outside.initialize(repeating: Lanes(), count: BlockState.vectorCount)
    lastLook.initialize(to: 0)
  }

  /// The profit of eight paths at an instant: how far below its peak it has fallen.
  @inline(__always)
  func follow(_ profit: Lanes, vector: Int, state: BlockState) {
    let highest = laneMaximum(peak[vector], profit)
    peak[vector] = highest
    state.raise(.worstDrawdown, to: highest - profit, vector)
  }

  /// A look, before its decision if it has one: half of the time since the last look counts as outside for what that look left, half
  /// for what this one finds.
  func look<Policy: LanePolicy>(_ policy: Policy, at time: Double, state: BlockState) {
    let half = 0.5 * (time - lastLook.pointee)
    for vector in 0..<BlockState.vectorCount {
      let found = asksForTrade(policy, vector: vector, state: state)
      state.add(.timeOutside, half * (outside[vector] + found), vector)
      outside[vector] = found
    }
    lastLook.pointee = time
  }

  /// What the decision of a look leaves.
  func leave<Policy: LanePolicy>(_ policy: Policy, state: BlockState) {
    for vector in 0..<BlockState.vectorCount {
      outside[vector] = asksForTrade(policy, vector: vector, state: state)
    }
  }

  /// The time from the last look to the horizon, where nobody looks any more, and the profit that the settlement leaves.
  func close(at horizon: Double, profits: UnsafeMutablePointer<Double>, state: BlockState) {
    let rest = horizon - lastLook.pointee
    for vector in 0..<BlockState.vectorCount {
      state.add(.timeOutside, rest * outside[vector], vector)
      var profit = Lanes()
      for lane in 0..<Lanes.scalarCount { profit[lane] = profits[vector * Lanes.scalarCount + lane] }
      follow(profit, vector: vector, state: state)
    }
  }

  /// 1 where net delta is outside the band and may not stay there, else 0.
  @inline(__always)
  private func asksForTrade<Policy: LanePolicy>(_ policy: Policy, vector: Int, state: BlockState) -> Lanes {
    let net = state.bookDelta[vector] + state.inventory[vector]
    let edges = policy.ownEdges(vector: vector, regime: state.regime[vector], state: state)
    // A trade that ended at the edge may lie beyond it by its rounding.
    let slack = TradeRounding.slack(delta: state.bookDelta[vector], inventory: state.inventory[vector])
    let isOutside = (net .> edges.upper + slack) .| (net .< edges.lower - slack)
    guard anyLane(isOutside) else { return Lanes() }
    let asked = policy.flattened(
      Lanes().replacing(with: 1, where: isOutside), NeighbouringPaths(vector: vector), state: state)
    return Lanes().replacing(with: 1, where: asked .!= 0)
  }
}

extension BlockState {
  /// The profit up to now, which trades have just paid for, on all paths.
  func followProfits() {
    for vector in 0..<BlockState.vectorCount { followProfit(vector) }
  }

  /// The profit up to now on eight paths.
  @inline(__always)
  func followProfit(_ vector: Int) {
    let earned = sum(.gammaThetaProfit, vector) + sum(.hedgingProfit, vector) - sum(.fundingPaid, vector)
    account.follow(earned - sum(.fixedCosts, vector) - sum(.variableCosts, vector), vector: vector, state: self)
  }
}
