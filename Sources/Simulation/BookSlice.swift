import Formulation
import Glibc
import VectorMath

/// The parts of one option in one regime at one instant, lowered to what a lane needs:
///
///     Δ = w N(a x + b),   V = S Δ − w₂ N(a x + b₂),   x = ln S
///
/// with the kind's sign folded into a, b and w (a put is `−N(−d)`).
enum OptionTerm: Int {
  /// a.
  case slope
  /// b.
  case offset
  /// w.
  case weight
  /// b₂.
  case strikeOffset
  /// w₂.
  case strikeWeight

  static let count = 5
}

/// What the lanes read of a book at one instant.
struct BookTerms {
  /// Units of the underlying that the book's forwards hold.
  let forwardUnits: Double
  /// How many sets of terms there are: one per regime, or one when every leg is marked alike in all regimes.
  let markCount: Int
  /// `[mark × option × part]`, the first `active` options of each row in use.
  let terms: UnsafeMutablePointer<Double>
  /// Numbers from one mark to the next.
  let stride: Int
  fileprivate(set) var active = 0
}

/// The book at one instant, for every regime: Black's formula with its constants worked out once for all paths.
///
/// Independent of the solver's grids: each path evaluates the formula itself.
/// *Verified by* `BookSliceTests.agreesWithBook`.
struct BookSlice {
  private struct Option {
    var sign: Double
    var quantity: Double
    var strike: Double
    var logStrike: Double
    var carry: Double
    var expiry: Double
    var volatilities: [Double]
  }

  private let options: [Option]
  private let rate: Double
  private let coincidence: Double
  private(set) var book: BookTerms

  /// The total deviation that stands for zero at expiry: the payoff's delta is then a step of width 10⁻¹⁰ in ln S, far
  /// below any spacing of paths, and ½ at the strike as in `BlackFormula`.
  static let vanishingDeviation = 1e-10

  init(book: Book, regimeCount: Int, coincidence: Double) {
    var found: [Option] = []
    var forwards = 0.0
    for leg in book.legs {
      guard case .option(let kind, let strike, _) = leg.instrument else {
        forwards += leg.quantity
        continue
      }
      found.append(
        Option(
          sign: kind == .call ? 1 : -1, quantity: leg.quantity, strike: strike, logStrike: log(strike),
          carry: leg.carry, expiry: leg.expiry,
          // Its own copy: threads that count references to one array wait for each other.
          volatilities: leg.impliedVolatilities.map { $0 }))
    }
    options = found
    rate = book.rate
    self.coincidence = coincidence
    let markCount =
      found.allSatisfy { $0.volatilities.allSatisfy { [first = $0.volatilities[0]] in $0 == first } }
      ? 1 : regimeCount
    let stride = max(1, found.count) * OptionTerm.count
    let terms = UnsafeMutablePointer<Double>.allocate(capacity: stride * markCount)
    terms.initialize(repeating: 0, count: stride * markCount)
    self.book = BookTerms(forwardUnits: forwards, markCount: markCount, terms: terms, stride: stride)
  }

  func deallocate() { book.terms.deallocate() }

  /// Works out the terms at a time [years]: before the settlement of the legs that expire then, or after it.
  mutating func prepare(time: Double, settled: Bool) {
    var active = 0
    for option in options {
      let left = option.expiry - time
      guard left >= -coincidence, !settled || left > coincidence else { continue }
      let remaining = left > coincidence ? left : 0
      let root = remaining.squareRoot()
      let discount = exp(-rate * remaining)
      let carried = option.carry * remaining
      let weight = option.sign * option.quantity * discount
      let forwardWeight = weight * exp(carried)
      for mark in 0..<book.markCount {
        let deviation = max(BookSlice.vanishingDeviation, option.volatilities[mark] * root)
        let slope = option.sign / deviation
        let centre = (carried - option.logStrike) * slope
        let half = 0.5 * option.sign * deviation
        let term = book.terms + (mark * book.stride + active * OptionTerm.count)
        term[OptionTerm.slope.rawValue] = slope
        term[OptionTerm.offset.rawValue] = centre + half
        term[OptionTerm.weight.rawValue] = forwardWeight
        term[OptionTerm.strikeOffset.rawValue] = centre - half
        term[OptionTerm.strikeWeight.rawValue] = weight * option.strike
      }
      active += 1
    }
    book.active = active
  }
}
