import Formulation
import Glibc

/// What an exponential-utility hedger asks for a claim, what it would pay, and what the claim is worth without costs
/// [quote, at the valuation].
public struct ReservationPrice: Sendable, Equatable {
  /// The least that compensates for writing the claim.
  public var writer: Double
  /// The most that buying it is worth.
  public var buyer: Double
  /// The price without costs; with several regimes or jumps, the expectation that pays nothing for their risk.
  public var frictionless: Double
}

/// Reservation (indifference) prices of the book taken as one claim (Hodges and Neuberger 1989):
///
///     writer = V + e^{−rT}(Λ_short − Λ_0),   buyer = V − e^{−rT}(Λ_long − Λ_0)
///
/// with V the frictionless value of the claim and Λ the losses from costs with the claim short, long, and absent, all from the
/// problem's inventory. The claim is the book with the sign that makes it worth something: a book that is short is written
/// as it stands, and bought with its signs turned.
///
/// *Verified by* `EntropicReferenceTests`, `EntropicLawTests`.
public struct ReservationPrices: Sendable {
  /// The solution of the problem as it is.
  public let asGiven: FiniteHorizonSolution
  private let opposite: FiniteHorizonSolution
  /// Nil when there is no loss without the claim: nothing to hold and no reason to trade.
  private let empty: FiniteHorizonSolution?
  private let worth: FrictionlessWorth

  /// Where the other book's inventories reach further by this share they get more lines.
  private static let farther = 0.05

  /// Solves for the opposite book and, where it matters, for none, with the grid sizes of the given solution, and no fewer lines
  /// per unit: from an inventory that hedges one side the other's may be far.
  ///
  /// - Throws: `unsupported` unless the preference is exponential.
  public init(_ solution: FiniteHorizonSolution, threads: Int) throws(ControlError) {
    let problem = solution.problem
    guard problem.preference.isExponential else {
      throw .unsupported(method: FiniteHorizon.name, feature: "reservation prices without exponential utility")
    }
    asGiven = solution
    /// On the same grid, or one that reaches further.
    func solved(bookTimes factor: Double) throws(ControlError) -> FiniteHorizonSolution {
      let other = problem.replacing(book: problem.book.scaled(by: factor))
      var settings = solution.settingsGiven.refined(by: 1, of: solution.grid)
      let holdings = solution.grid.holdings
      let reach = holdings[holdings.count - 1] - holdings[0]
      let wanted = try FiniteHorizonGrid(problem: other, settings: settings).holdings
      let farther = (wanted[wanted.count - 1] - wanted[0]) / reach
      if farther > 1 + Self.farther { settings.holdings = Int((Double(holdings.count) * farther).rounded(.up)) }
      return try FiniteHorizon(settings: settings, threads: threads).solve(other)
    }
    opposite = try solved(bookTimes: -1)
    let isIdle = problem.environment.regimes.allSatisfy { $0.drift == problem.market.rate && $0.funding == 0 }
    empty =
      isIdle && problem.inventory == 0 ? nil : try solved(bookTimes: 0)
    worth = FrictionlessWorth(problem: problem, grid: solution.grid)
  }

  /// At today's spot.
  public func price(regime: Int) -> ReservationPrice { price(regime: regime, spot: asGiven.problem.market.spot) }

  /// At another spot within the grid.
  public func price(regime e: Int, spot: Double) -> ReservationPrice {
    let inventory = asGiven.problem.inventory
    let own = worth.ownVolatility(spot: spot, regime: e)
    let frictionless = own + worth.switching(spot: spot, regime: e)
    let given = asGiven.value(spot: spot, regime: e, inventory: inventory)
    let turned = opposite.value(spot: spot, regime: e, inventory: inventory)
    let nothing = empty?.value(spot: spot, regime: e, inventory: inventory) ?? 0
    let isShort = frictionless <= 0
    let value = isShort ? -own : own
    return ReservationPrice(
      writer: value + (isShort ? given : turned) - nothing, buyer: value - (isShort ? turned : given) + nothing,
      frictionless: abs(frictionless))
  }
}

/// The book's value without costs: Black's formula at the regime's own volatility, and what switching and jumps add to it.
///
/// With jumps the sum holds their changes `B_{e'}(S e^Z) − B_e − S Δ (e^Z − 1)` too. The addition c solves `c_τ = L_e c + Q c + Σ q_{ee'} (B_{e'} − B_e)` from zero, by the second-order scheme of the march.
struct FrictionlessWorth: Sendable {
  private let book: Book
  private let logSpots: [Double]
  private let additions: [Double]
  private let regimes: Int

  init(problem: OptionBookProblem, grid: FiniteHorizonGrid) {
    regimes = problem.environment.count
    logSpots = grid.logSpots
    book = problem.book.marked(at: problem.environment.regimes.map(\.volatility))
    let nodes = logSpots.count * regimes
    let table = BookTable(book: book, spots: grid.spots, regimes: regimes)
    let environment = problem.environment.withoutDrift(rate: 0)
    guard environment.hasPriceJumps || (regimes > 1 && table.jumpsOnSwitching) else {
      additions = Array(repeating: 0, count: nodes)
      return
    }
    // In units of the forward the generator has no drift, and nodes shift as in `EntropicMarch`.
    let rate = problem.market.rate
    let forwards = logSpots.map { exp($0 + rate * problem.horizon) }
    let forwardTable = BookTable(book: book, spots: forwards, regimes: regimes)
    var system = LineSystem(logSpots: logSpots, environment: environment)
    let jumps = JumpOperator(logSpots: logSpots, environment: environment, ends: .value)
    var deltas = [Double](repeating: 0, count: nodes)
    var line = SingleLine(count: nodes)
    var values = [Double](repeating: 0, count: nodes)
    let rates = problem.environment.generator.rates
    for level in grid.levels {
      let scheme = grid.step(to: level)
      system.factorise(scheme)
      let growth = rate * (problem.horizon - grid.times[level])
      forwardTable.values(at: grid.times[level], logShift: -growth, into: &values)
      var brought = [Double](repeating: 0, count: nodes)
      if let jumps {
        brought = jumps.applied(to: values)
        forwardTable.deltas(at: grid.times[level], logShift: -growth, into: &deltas)
        for node in 0..<nodes {
          let e = node % regimes
          var left = environment.regimes[e].hasJumps ? environment.regimes[e].jumps!.intensity : 0
          for other in 0..<regimes where environment.switchJump(from: e, to: other) != 0 { left += rates[e][other] }
          let spot = forwards[node / regimes] * exp(-growth)
          brought[node] += environment.driftBetweenJumps(e) * spot * deltas[node] - left * values[node]
        }
      }
      line.advance(system, scheme, jumps: jumps) { [regimes] node in
        let (e, base) = (node % regimes, node - node % regimes)
        var gain = brought[node]
        for other in 0..<regimes where other != e && environment.switchJump(from: e, to: other) == 0 {
          gain += rates[e][other] * (values[base + other] - values[node])
        }
        return exp(growth) * gain
      }
    }
    let discount = exp(-rate * problem.horizon)
    additions = line.recent.map { discount * $0 }
  }

  func ownVolatility(spot: Double, regime: Int) -> Double { book.greeks(time: 0, spot: spot, regime: regime).value }

  func switching(spot: Double, regime: Int) -> Double {
    CubicInterpolation.value(at: log(spot), nodes: logSpots) { additions[$0 * regimes + regime] }
  }
}
