import Formulation

/// The surroundings of the game's strip, where W lies on its obstacle: the ceiling where one sells, minus the floor where one
/// buys, and the multiplier is `α + A W + β y`.
///
/// α is that of the discrete equations, which lag: with W at rest, `Ũ = W + u` for `(c₀ − hA) u = h (r − α^n)`, r the
/// source's constant part at the new level, and `α^{n+1} = α^n + (c₀/h) u`; the same u for every inventory. Plain memory,
/// which the owner deallocates.
struct PinnedRates: Sendable {
  let ceiling: NodeArray<Double>
  let floor: NodeArray<Double>
  /// λ at zero inventory where one sells and where one buys.
  private let above: NodeArray<Double>
  private let below: NodeArray<Double>
  private let slope: NodeArray<Double>
  /// u of the step.
  let lag: NodeArray<Double>
  /// α.
  private let constant: NodeArray<Double>

  init(ceiling: [Double], floor: [Double]) {
    func zeros() -> NodeArray<Double> { NodeArray(repeating: 0.0, count: ceiling.count) }
    (self.ceiling, self.floor) = (NodeArray(ceiling), NodeArray(floor))
    (above, below, slope, lag, constant) = (zeros(), zeros(), zeros(), zeros(), zeros())
  }

  func deallocate() { for array in [ceiling, floor, above, below, slope, lag, constant] { array.deallocate() } }

  /// Begins a segment with the source at its end.
  func restart(_ source: QuadraticSource, system: LineSystem) {
    above.copy(from: system.applied(to: ceiling.indices.map { ceiling[$0] }))
    below.copy(from: system.applied(to: floor.indices.map { -floor[$0] }))
    for node in slope.indices {
      above[node] += source.constant[node]
      below[node] += source.constant[node]
    }
    slope.copy(from: source.linear)
    constant.copy(from: source.constant)
  }

  /// Takes a step from those of the step before to the level of a source; the system has been factorised for it.
  func advance(from before: PinnedRates, to source: QuadraticSource, system: LineSystem, scheme: BackwardDifference) {
    for node in lag.indices { lag[node] = scheme.step * (source.constant[node] - before.constant[node]) }
    system.solve(lag)
    let rate = scheme.leading / scheme.step
    for node in lag.indices {
      let change = rate * lag[node]
      constant[node] = before.constant[node] + change
      above[node] = before.above[node] + change
      below[node] = before.below[node] + change
      slope[node] = before.slope[node]
    }
  }

  /// λ at a node and an inventory above or below the lines that wait.
  @inline(__always)
  func multiplier(node: Int, isAbove: Bool, inventory: Double) -> Double {
    (isAbove ? above[node] : below[node]) + slope[node] * inventory
  }

  /// λ for eight inventories.
  @inline(__always)
  func multiplier(node: Int, isAbove: Bool, inventories: LineGroup) -> LineGroup {
    fused(LineGroup(repeating: slope[node]), inventories, LineGroup(repeating: isAbove ? above[node] : below[node]))
  }

  /// W there.
  @inline(__always)
  func obstacle(node: Int, isAbove: Bool) -> Double { isAbove ? ceiling[node] : -floor[node] }
}

/// What a step of the game knows beside the strip.
struct PinnedSurroundings: StripSurroundings {
  let rates: PinnedRates
  let waiting: NodeArray<LineExtent>
  let regimes: Int

  @inline(__always)
  func predictor(node: Int, tile: Int, group: Int, inventories: LineGroup) -> LineGroup {
    let isAbove = tile * LineSweep.tileLines > waiting[node / regimes].upperBound
    return LineGroup(repeating: rates.obstacle(node: node, isAbove: isAbove) + rates.lag[node])
  }
}
