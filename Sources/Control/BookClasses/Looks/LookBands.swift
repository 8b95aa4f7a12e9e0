import Formulation
import Glibc

/// The bands of a rule at looks: moved inwards for what is not looked at in between, and in inventory.
struct LookBands {
  let rule: BandRule
  let nodes: EvaluationNodes
  let schedule: LookSchedule
  private var level: LevelTerms
  private var bands: [Band]

  private var grid: FiniteHorizonGrid { nodes.grid }
  private let isReflecting: Bool

  init(rule: BandRule, nodes: EvaluationNodes, schedule: LookSchedule) {
    (self.rule, self.nodes, self.schedule) = (rule, nodes, schedule)
    level = LevelTerms(nodes)
    bands = BandRule.bands(count: nodes.nodes)
    isReflecting = rule.isReflecting(nodes.problem)
  }

  /// Bands in inventory on a march's own nodes, whose price may run ahead of the spot's.
  ///
  /// - Parameters:
  ///   - index: the look's level.
  ///   - logDrift: by how much per year the logarithm of the march's price runs ahead.
  ///   - deltas: the marks' on the march's own nodes; nil: the book's.
  mutating func inInventory(_ index: Int, logDrift: Double, deltas: [Double]?) -> [Band] {
    nodes.fill(&level, index, for: rule, narrows: true)
    rule.fill(&bands, level, on: nodes)
    narrow(unseen: schedule.unseen[index])
    let shift = -logDrift * nodes.times[index]
    let deltas = deltas ?? level.deltas
    return bands.indices.map { node in
      let band =
        shift == 0
        ? bands[node]
        : grid.band(
          bands, row: node / nodes.regimes, regime: node % nodes.regimes, regimes: nodes.regimes, shift: shift)
      return band.shifted(by: -deltas[node])
    }
  }

  /// What a band has to be where it is looked at more rarely than it should be, and at nodes.
  ///
  /// A position that leaves a band is found beyond its edge by `a = 0.5826 |Γ|Sσ√δ` on average after a time δ of not looking, and
  /// by half of what net delta changes by from one node to the next, b, where the price goes from node to node. Of both together the
  /// root of the sum of squares is right where either is small.
  private mutating func narrow(unseen: Double) {
    let volatilities = nodes.problem.environment.regimes.map(\.volatility)
    let logSpots = grid.logSpots
    let (here, model) = ((unseen + schedule.unseenByModel).squareRoot(), schedule.unseenByModel.squareRoot())
    for node in bands.indices {
      let (row, e) = (node / nodes.regimes, node % nodes.regimes)
      let exposure = abs(level.exposures[node])
      let spacing =
        0.5 * (logSpots[min(nodes.rows - 1, row + 1)] - logSpots[max(0, row - 1)])
      let diffused = DiscreteLooks.shift * exposure * volatilities[e]
      let (a, b) = (diffused * here, 0.5 * exposure * spacing)
      let shift = (a * a + b * b).squareRoot() - diffused * model
      bands[node] = isReflecting ? BandRule.narrowed(bands[node], by: shift) : kept(bands[node], narrowedBy: shift)
    }
  }

  /// An edge comes no nearer to its target than half-way: a trade must end inside.
  private func kept(_ band: Band, narrowedBy shift: Double) -> Band {
    func moved(_ edge: Double, _ target: Double) -> Double {
      guard edge.isFinite, target.isFinite else { return edge }
      let distance = target - edge
      return edge + (distance < 0 ? -1 : 1) * min(shift, 0.5 * abs(distance))
    }
    var band = band
    band.lower = moved(band.lower, band.targetLower)
    band.upper = moved(band.upper, band.targetUpper)
    return band
  }
}
