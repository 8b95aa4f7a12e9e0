import Formulation
import Glibc

/// The book's delta on the grid at one time: `[row × regime]` [units].
///
/// Legs that share the implied volatility of all regimes are evaluated once.
struct BookTable {
  private struct Option {
    let quantity: Double
    let expiry: Double
    let formula: BlackFormula
    let volatilities: [Double]
    let isShared: Bool
  }
  private let options: [Option]
  private let constant: Double
  private let spots: [Double]
  private let regimes: Int

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
    self.regimes = regimes
  }

  /// Fills `delta` with the deltas of the legs that expire after `time`.
  func deltas(at time: Double, into delta: inout [Double]) {
    for index in delta.indices { delta[index] = constant }
    for option in options where option.expiry > time {
      let remaining = option.expiry - time
      for regime in 0..<(option.isShared ? 1 : regimes) {
        let volatility = option.volatilities[regime]
        for row in spots.indices {
          let value =
            option.quantity
            * option.formula.greeks(spot: spots[row], remaining: remaining, volatility: volatility).delta
          if option.isShared {
            for other in 0..<regimes { delta[row * regimes + other] += value }
          } else {
            delta[row * regimes + regime] += value
          }
        }
      }
    }
  }

  /// Fills `value` with the marks of the legs that expire after `time`, `[row × regime]` [quote].
  func values(at time: Double, into value: inout [Double]) {
    for row in spots.indices {
      for regime in 0..<regimes { value[row * regimes + regime] = constant * spots[row] }
    }
    for option in options where option.expiry > time {
      for row in spots.indices {
        for regime in 0..<regimes {
          value[row * regimes + regime] +=
            option.quantity
            * option.formula.greeks(
              spot: spots[row], remaining: option.expiry - time, volatility: option.volatilities[regime]
            ).value
        }
      }
    }
  }

  /// Whether marks differ between regimes, so that a switch makes the mark jump.
  var jumpsOnSwitching: Bool { options.contains { !$0.isShared } }
}
