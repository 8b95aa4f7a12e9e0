import Formulation
import Glibc
import VectorMath

/// The book's delta on the grid at one time: `[row × regime]` [units].
///
/// Eight spots are evaluated together; legs that share the implied volatility of all regimes are evaluated once.
/// *Verified by* `BookTableTests` against `Book.greeks`.
struct BookTable {
  struct Option {
    let quantity: Double
    let expiry: Double
    let formula: BlackFormula
    let volatilities: [Double]
    let isShared: Bool
  }
  let options: [Option]
  let constant: Double
  let spots: [Double]
  /// ln S, filled up to whole vectors.
  let paddedLogSpots: [Double]
  let regimes: Int

  init(book: Book, spots: [Double], regimes: Int) {
    var constant = 0.0
    var options: [Option] = []
    for leg in book.legs {
      guard let formula = leg.formula(rate: book.rate) else {
        constant += leg.quantity
        continue
      }
      let first = leg.impliedVolatilities[0]
      options.append(
        Option(
          quantity: leg.quantity, expiry: leg.expiry, formula: formula, volatilities: leg.impliedVolatilities,
          isShared: leg.impliedVolatilities.allSatisfy { $0 == first }))
    }
    self.constant = constant
    self.options = options
    self.spots = spots
    let padding = (laneCount - spots.count % laneCount) % laneCount
    paddedLogSpots = spots.map { log($0) } + Array(repeating: 0, count: padding)
    self.regimes = regimes
  }

  /// Fills `delta` with the deltas of the legs that expire after `time`, at spots `S e^{logShift}`.
  func deltas(at time: Double, logShift: Double = 0, into delta: inout [Double]) {
    for index in delta.indices { delta[index] = constant }
    accumulate(at: time, logShift: logShift, into: &delta) { _ in 1 }
  }

  /// Fills `carry` with the deltas of the same legs, each times what its forward carries beyond `rate` [units/year].
  func carries(at time: Double, logShift: Double, excessOver rate: Double, into carry: inout [Double]) {
    for index in carry.indices { carry[index] = 0 }
    guard options.contains(where: { $0.formula.carry != rate }) else { return }
    accumulate(at: time, logShift: logShift, into: &carry) { $0.formula.carry - rate }
  }

  private func accumulate(
    at time: Double, logShift: Double, into sum: inout [Double], weight: (Option) -> Double
  ) {
    sum.withUnsafeMutableBufferPointer { sum in
      for option in options where option.expiry > time {
        for regime in 0..<(option.isShared ? 1 : regimes) {
          add(
            option, weight: weight(option), regime: regime, remaining: option.expiry - time, logShift: logShift,
            to: sum)
        }
      }
    }
  }

  /// Adds `w q s e^{(b−r)τ} N(s d₁)`, s = ±1 for calls and puts, to one regime's column, or to all of them.
  private func add(
    _ option: Option, weight: Double, regime: Int, remaining: Double, logShift: Double,
    to delta: UnsafeMutableBufferPointer<Double>
  ) {
    let formula = option.formula
    let sign: Double = formula.kind == .call ? 1 : -1
    let deviation = option.volatilities[regime] * remaining.squareRoot()
    let scale = sign / deviation
    let shift =
      sign * ((formula.carry * remaining + logShift - log(formula.strike)) / deviation + 0.5 * deviation)
    let size = weight * option.quantity * sign * exp((formula.carry - formula.rate) * remaining)
    let columns = option.isShared ? 0..<regimes : regime..<(regime + 1)
    var row = 0
    while row < spots.count {
      var lanes = Lanes()
      for lane in 0..<laneCount { lanes[lane] = paddedLogSpots[row + lane] }
      let share = fastNormalCumulative(fusedMultiplyAdd(lanes, Lanes(repeating: scale), Lanes(repeating: shift)))
      for lane in 0..<min(laneCount, spots.count - row) {
        let value = size * share[lane]
        for column in columns { delta[(row + lane) * regimes + column] += value }
      }
      row += laneCount
    }
  }

  /// Whether marks differ between regimes, so that a switch makes the mark jump.
  var jumpsOnSwitching: Bool { options.contains { !$0.isShared } }
}
