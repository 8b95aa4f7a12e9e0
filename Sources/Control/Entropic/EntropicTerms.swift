import Formulation
import Glibc

/// What the equation of the loss (see `EntropicMarch`) needs at one time, per node `[row × regime]`, in forward units:
/// `X = S e^{r(T−t)}`, money at the horizon.
struct EntropicTerms {
  /// Δ of the frictionless book [units].
  private(set) var bookDelta: [Double]
  /// `X Δ` [quote].
  private(set) var bookExposure: [Double]
  /// The source that no inventory changes: `Σ (c − r) X Δ` over the legs.
  private(set) var constant: [Double]
  /// `γ (B_e − B_{e'})` per node and other regime, `[row × regime × regime]`: by how much a switch makes the book cheaper.
  private(set) var jump: [Double]
  /// The least and the most exposure `X D` that enters the equation [quote].
  private(set) var least: [Double]
  private(set) var most: [Double]
  /// The most that jumps may add to Λ per year, by node: what makes one trade within the step.
  private(set) var mostRate: [Double]
  /// B of a price that jumps, in money of the horizon; empty otherwise.
  private(set) var bookValue: [Double]
  /// X [quote/unit], one per row.
  let forwards: [Double]
  /// `b = μ − r` per regime [1/year], μ the drift between jumps.
  let excessDrift: [Double]
  /// f per regime [1/year].
  let funding: [Double]
  /// `γ σ²` per regime.
  let weight: [Double]
  let aversion: Double
  let regimes: Int
  private let rate: Double
  private let horizon: Double
  private let table: BookTable
  /// Whether the book's value depends on the regime, so that switches make it jump.
  let hasJumps: Bool

  /// - Parameter book: marked at each regime's own volatility.
  init(problem: OptionBookProblem, book: Book, forwards: [Double]) {
    self.forwards = forwards
    regimes = problem.environment.count
    aversion = problem.preference.riskAversion
    rate = problem.market.rate
    horizon = problem.horizon
    excessDrift = problem.environment.regimes.indices.map {
      problem.environment.driftBetweenJumps($0) - problem.market.rate
    }
    funding = problem.environment.regimes.map(\.funding)
    weight = problem.environment.regimes.map { [aversion] in aversion * $0.volatility * $0.volatility }
    table = BookTable(book: book, spots: forwards, regimes: regimes)
    hasJumps = table.jumpsOnSwitching && regimes > 1
    let nodes = forwards.count * regimes
    bookDelta = Array(repeating: 0, count: nodes)
    bookExposure = bookDelta
    constant = bookDelta
    least = Array(repeating: -.infinity, count: nodes)
    most = Array(repeating: .infinity, count: nodes)
    mostRate = most
    bookValue = problem.environment.hasPriceJumps ? bookDelta : []
    jump = Array(repeating: 0, count: nodes * regimes)
  }

  /// Moves to a time [years from the valuation].
  mutating func update(time: Double) {
    let growth = rate * (horizon - time)
    table.deltas(at: time, logShift: -growth, into: &bookDelta)
    table.carries(at: time, logShift: -growth, excessOver: rate, into: &constant)
    for row in forwards.indices {
      for e in 0..<regimes {
        bookExposure[row * regimes + e] = forwards[row] * bookDelta[row * regimes + e]
        constant[row * regimes + e] *= forwards[row]
      }
    }
    if !bookValue.isEmpty {
      table.values(at: time, logShift: -growth, into: &bookValue)
      for node in bookValue.indices { bookValue[node] *= exp(growth) }
    }
    guard hasJumps else { return }
    var values = [Double](repeating: 0, count: bookExposure.count)
    table.values(at: time, logShift: -growth, into: &values)
    let scale = aversion * exp(growth)
    for row in forwards.indices {
      for e in 0..<regimes {
        for other in 0..<regimes {
          jump[(row * regimes + e) * regimes + other] =
            scale * (values[row * regimes + e] - values[row * regimes + other])
        }
      }
    }
  }

  /// Widths of the band that the exposure may lie outside it: far more than edges move in a step.
  private static let reach = 1.0
  /// And room in inventory spacings, for a band that they do not resolve.
  private static let reachInSpacings = 4.0
  /// What risk must add to Λ within a step where it is held, in units of what crossing the band costs, so that one trades.
  private static let growthPerStep = 4.0

  /// Holds the exposures at every node to the surroundings of the last band, where it was both as inventory and as net
  /// delta (which of the two moved less depends on the time to expiry), and to what convects a few rows in a step.
  ///
  /// - Parameters:
  ///   - bands: the last bands, in inventory [units]; infinite where there is none.
  ///   - nets: the same in the frictionless net delta of their time [units].
  ///   - spacing: of the inventories [units].
  ///   - charge: what a trade of so many units costs, by node [quote].
  ///   - step: [years].
  mutating func hold(
    _ bands: [Band], nets: [Band], spacing: Double, step: Double, charge: (_ node: Int, _ trade: Double) -> Double
  ) {
    for node in bands.indices {
      let (row, e) = (node / regimes, node % regimes)
      let forward = forwards[row]
      let delta = bookDelta[node]
      let (band, net) = (bands[node], nets[node])
      let width = band.width.isFinite ? band.width : 0
      let crossing = charge(node, width + EntropicTerms.reachInSpacings * spacing)
      // Free trading is always best: nothing needs to be held.
      let grown =
        crossing > 0
        ? (2 * EntropicTerms.growthPerStep * crossing / (step * weight[e])).squareRoot() / forward : .infinity
      mostRate[node] = crossing > 0 ? EntropicTerms.growthPerStep * crossing / step : .infinity
      let room = EntropicTerms.reachInSpacings * spacing + EntropicTerms.reach * width + grown
      let lower = band.lower.isFinite ? min(band.lower + delta, net.lower) - room : 0
      let upper = band.upper.isFinite ? max(band.upper + delta, net.upper) + room : 0
      least[node] = forward * min(lower, -room)
      most[node] = forward * max(upper, room)
    }
  }
}
