import Formulation
import Glibc

/// What the equation of the loss (see `EntropicMarch`) needs at one time, per node `[row × regime]`, in forward units:
/// `X = S e^{r(T−t)}`, money at the horizon.
struct EntropicTerms {
  /// `X Δ` of the frictionless book [quote].
  private(set) var bookExposure: [Double]
  /// The source that no inventory changes: `(c − r) X Δ` summed over the legs, minus what the drift earns, see `update`.
  private(set) var constant: [Double]
  /// `γ (B_e − B_{e'})` per node and other regime, `[row × regime × regime]`: by how much a switch makes the book cheaper.
  private(set) var jump: [Double]
  /// X [quote/unit], one per row.
  let forwards: [Double]
  /// `b = μ − r` per regime [1/year].
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
    excessDrift = problem.environment.regimes.map { $0.drift - problem.market.rate }
    funding = problem.environment.regimes.map(\.funding)
    weight = problem.environment.regimes.map { [aversion] in aversion * $0.volatility * $0.volatility }
    table = BookTable(book: book, spots: forwards, regimes: regimes)
    hasJumps = table.jumpsOnSwitching && regimes > 1
    let nodes = forwards.count * regimes
    bookExposure = Array(repeating: 0, count: nodes)
    constant = bookExposure
    jump = Array(repeating: 0, count: nodes * regimes)
  }

  /// Moves to a time [years from the valuation].
  mutating func update(time: Double) {
    let growth = rate * (horizon - time)
    table.deltas(at: time, logShift: -growth, into: &bookExposure)
    table.carries(at: time, logShift: -growth, excessOver: rate, into: &constant)
    for row in forwards.indices {
      for e in 0..<regimes {
        bookExposure[row * regimes + e] *= forwards[row]
        constant[row * regimes + e] *= forwards[row]
      }
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
}
