import Formulation
import Glibc

/// The value of a book that is hedged every δ at proportional costs, gamma of either sign (Hoggard, Whalley and Wilmott 1994):
///
///     V_t + ½σ²S²V_SS − σ²S² ½Λ |V_SS| + r S V_S − rV = 0,   Λ = √(2/π) · 2k/(σ√δ)
///
/// which is Black's equation at σ²(1 − Λ) where the book is long gamma and at σ²(1 + Λ) where it is short. V is the worth of the
/// signed positions to whoever holds and hedges them, ∂V/∂S the delta that is hedged. For gamma of one sign it is Leland's value.
///
/// Solved on a uniform log-spot grid by Crank and Nicolson's scheme after implicit half-steps at every payoff (Rannacher 1984),
/// with the sign of the gamma found by policy iteration within each step: second order in both spacings. Assumes one regime,
/// Λ < 1 where gamma can be long. *Verified by* `MixedGammaTests`.
public struct MixedGammaHedge: Sendable {
  public let summary: Summary
  private let times: [Double]
  private let first: Double
  private let spacing: Double
  /// `[time × spot]` [units].
  private let deltas: [Double]
  private let count: Int

  /// What is said of it.
  public struct Summary: Sendable, Equatable {
    /// Λ.
    public let number: Double
    /// δ [years].
    public let interval: Double
    /// V at today's spot [quote].
    public let value: Double
    /// The book without costs, at σ [quote].
    public let frictionless: Double
  }

  var interval: Double { summary.interval }

  private static let nodes = 801
  private static let leastSteps = 400
  /// Half-width of the grid in deviations of the wider volatility.
  private static let reach = 6.0
  private static let rannacherSteps = 2
  /// Policy iteration ends after two or three rounds; a sign that flips at rounding is harmless.
  private static let rounds = 20

  /// The interval that Leland's trade-off gives for the book at its realised volatility.
  ///
  /// - Throws: as `init`.
  static func best(problem: OptionBookProblem) throws(ControlError) -> MixedGammaHedge {
    let volatility = problem.environment.regimes[problem.market.currentRegime].volatility
    let book = problem.book.marked(atEveryRegime: volatility, of: problem)
    let integrals = GammaIntegrals(problem: problem, book: book)
    return try MixedGammaHedge(
      problem: problem, interval: LelandHedge.bestInterval(problem: problem, integrals: integrals))
  }

  /// - Throws: `unsupported` for Λ ≥ 1 where some option is held: the equation is then ill-posed.
  init(problem: OptionBookProblem, interval: Double) throws(ControlError) {
    let current = problem.market.currentRegime
    let volatility = problem.environment.regimes[current].volatility
    let number = LelandHedge.number(
      fraction: Formula.fraction(problem, regime: current), volatility: volatility, interval: interval)
    if number >= 1, problem.book.legs.contains(where: { $0.expiry.isFinite && $0.quantity > 0 }) {
      throw .unsupported(
        method: Formula.hoggardWhalleyWilmott.rawValue, feature: "long gamma whose hedge costs more than it earns")
    }
    let widest = volatility * (1 + number).squareRoot() * problem.horizon.squareRoot()
    let half = Self.reach * widest
    let centre = log(problem.market.spot)
    let spacing = 2 * half / Double(Self.nodes - 1)
    var march = Equation(
      problem: problem, book: problem.book.marked(atEveryRegime: volatility, of: problem), number: number,
      volatility: volatility, logSpots: (0..<Self.nodes).map { centre - half + Double($0) * spacing }, spacing: spacing)
    let stops = Self.stops(problem: problem, interval: interval)
    times = stops
    count = Self.nodes
    self.spacing = spacing
    first = centre - half
    var deltas = [Double](repeating: 0, count: stops.count * Self.nodes)
    march.settle(at: problem.horizon, isLast: true)
    var fresh = Self.rannacherSteps
    for index in stops.indices.reversed() {
      if index < stops.count - 1 {
        march.step(to: stops[index], from: stops[index + 1], isImplicit: fresh > 0)
        fresh -= 1
      }
      // Before the payoffs of this instant are added the delta is the one to hold from here on.
      let slice = march.deltas
      for node in 0..<Self.nodes { deltas[index * Self.nodes + node] = slice[node] }
      if stops[index] < problem.horizon, march.settle(at: stops[index], isLast: false) { fresh = Self.rannacherSteps }
    }
    self.deltas = deltas
    summary = Summary(
      number: number, interval: interval, value: march.values[(Self.nodes - 1) / 2],
      frictionless: march.frictionless(at: 0, spot: problem.market.spot))
  }

  /// Reviews and expiries, each stretch divided so that there are enough steps [years].
  private static func stops(problem: OptionBookProblem, interval: Double) -> [Double] {
    let marks = Set(
      FormulaRule.reviews(horizon: problem.horizon, interval: interval)
        + problem.book.expiries.filter { $0 < problem.horizon } + [problem.horizon]
    ).sorted()
    let step = problem.horizon / Double(leastSteps)
    var stops = [0.0]
    for (from, to) in zip(marks, marks.dropFirst()) {
      let parts = max(1, Int(((to - from) / step).rounded(.up)))
      for part in 1...parts { stops.append(part == parts ? to : from + (to - from) * Double(part) / Double(parts)) }
    }
    return stops
  }

  /// ∂V/∂S, linear between nodes.
  func delta(time: Double, spot: Double) -> Double {
    let (row, weight) = CubicInterpolation.locate(times, time)
    let place = min(max((log(spot) - first) / spacing, 0), Double(count - 1))
    let node = min(Int(place), count - 2)
    let share = place - Double(node)
    func read(_ row: Int) -> Double {
      (1 - share) * deltas[row * count + node] + share * deltas[row * count + node + 1]
    }
    return (1 - weight) * read(row) + weight * read(row + 1)
  }

  /// The march of V on the grid.
  private struct Equation {
    let problem: OptionBookProblem
    /// At the realised volatility.
    let book: Book
    let number: Double
    let volatility: Double
    let logSpots: [Double]
    let spacing: Double
    private(set) var values: [Double]

    init(
      problem: OptionBookProblem, book: Book, number: Double, volatility: Double, logSpots: [Double], spacing: Double
    ) {
      self.problem = problem
      self.book = book
      self.number = number
      self.volatility = volatility
      self.logSpots = logSpots
      self.spacing = spacing
      values = Array(repeating: 0, count: logSpots.count)
    }

    func frictionless(at time: Double, spot: Double) -> Double {
      book.greeks(time: time, spot: spot, regime: problem.market.currentRegime).value
    }

    /// Adds the payoffs of an instant, averaged over cells so that the order survives a strike between nodes; at the last one
    /// also what does not expire. Whether there were any.
    @discardableResult
    mutating func settle(at time: Double, isLast: Bool) -> Bool {
      var found = false
      for leg in book.legs {
        if leg.expiry > time {
          guard isLast else { continue }
          let alive = Book(legs: [leg], rate: book.rate)
          for (node, x) in logSpots.enumerated() {
            values[node] += alive.greeks(time: time, spot: exp(x), regime: problem.market.currentRegime).value
          }
        } else if leg.expiry == time, case .option(let kind, let strike, _) = leg.instrument {
          found = true
          for (node, x) in logSpots.enumerated() {
            values[node] += leg.quantity * meanPayoff(kind, strike, from: x - 0.5 * spacing, to: x + 0.5 * spacing)
          }
        }
      }
      return found
    }

    private func meanPayoff(_ kind: OptionKind, _ strike: Double, from: Double, to: Double) -> Double {
      let kink = min(max(log(strike), from), to)
      let paid =
        kind == .call ? exp(to) - exp(kink) - strike * (to - kink) : strike * (kink - from) - (exp(kink) - exp(from))
      return paid / (to - from)
    }

    /// S²V_SS at an inner node.
    private func dollarGamma(_ v: [Double], _ i: Int) -> Double {
      (v[i + 1] - 2 * v[i] + v[i - 1]) / (spacing * spacing) - (v[i + 1] - v[i - 1]) / (2 * spacing)
    }

    mutating func step(to time: Double, from later: Double, isImplicit: Bool) {
      let length = later - time
      guard isImplicit else {
        advance(by: length, weight: 0.5, to: time)
        return
      }
      advance(by: 0.5 * length, weight: 1, to: time + 0.5 * length)
      advance(by: 0.5 * length, weight: 1, to: time)
    }

    /// One step of the θ-scheme, the sign of the gamma iterated.
    private mutating func advance(by length: Double, weight: Double, to time: Double) {
      let n = logSpots.count
      let rate = problem.market.rate
      let old = values
      func variance(_ v: [Double], _ i: Int) -> Double {
        volatility * volatility * (1 - number * (dollarGamma(v, i) > 0 ? 1 : -1))
      }
      var known = old
      if weight < 1 {
        for i in 1..<(n - 1) {
          let drift = rate * (old[i + 1] - old[i - 1]) / (2 * spacing) - rate * old[i]
          known[i] = old[i] + (1 - weight) * length * (0.5 * variance(old, i) * dollarGamma(old, i) + drift)
        }
      }
      // Beyond the grid there is no gamma: the value is the one without costs.
      let ends = [0, n - 1].map { frictionless(at: time, spot: exp(logSpots[$0])) }
      var signs = (0..<n).map { $0 > 0 && $0 < n - 1 ? dollarGamma(old, $0) > 0 : false }
      for _ in 0..<MixedGammaHedge.rounds {
        var (factor, solved) = ([Double](repeating: 0, count: n), known)
        solved[0] = ends[0]
        for i in 1..<(n - 1) {
          let half = 0.5 * volatility * volatility * (1 - number * (signs[i] ? 1 : -1))
          let curved = half / (spacing * spacing)
          let sloped = (rate - half) / (2 * spacing)
          let lower = -weight * length * (curved - sloped)
          let upper = -weight * length * (curved + sloped)
          let pivot = 1 + weight * length * (2 * curved + rate) - lower * factor[i - 1]
          factor[i] = upper / pivot
          solved[i] = (known[i] - lower * solved[i - 1]) / pivot
        }
        solved[n - 1] = ends[1]
        for i in stride(from: n - 2, through: 1, by: -1) { solved[i] -= factor[i] * solved[i + 1] }
        values = solved
        let found = (0..<n).map { $0 > 0 && $0 < n - 1 ? dollarGamma(solved, $0) > 0 : false }
        if found == signs { break }
        signs = found
      }
    }

    /// ∂V/∂S.
    var deltas: [Double] {
      let n = logSpots.count
      return (0..<n).map { i in
        let (low, high) = (max(0, i - 1), min(n - 1, i + 1))
        return (values[high] - values[low]) / (logSpots[high] - logSpots[low]) / exp(logSpots[i])
      }
    }
  }
}
