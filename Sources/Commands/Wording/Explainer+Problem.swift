import Calibration
import Formulation
import Interchange

extension Explainer {
  // MARK: The problem

  /// - Parameter place: where the model file says it, `file:line:column`, or the file alone.
  static func message(_ error: FormulationError, place: String? = nil) -> String {
    let field = error.field
    switch error {
    case .outOfRange(_, let value, let allowed):
      return sentence(place, "\(field) is \(number(value))", allowed: "allowed is \(allowed)")
    case .wrongCount(_, let found, let expected):
      return sentence(
        place, "\(field) has \(found) \(found == 1 ? "entry" : "entries")", allowed: "expected \(expected)")
    case .rowSum(_, let row, let sum):
      return sentence(
        place, "row \(row) of the switching rates, \(field), sums to \(number(sum))",
        allowed: "rows of a generator sum to 0")
    case .expired(_, let instrument, let expiry, let valuation):
      return sentence(
        place, "\(field): \(instrument) expired at \(expiry)",
        allowed: "it must expire after the valuation, \(valuation)")
    case .instrumentName(_, let name, let expected):
      return sentence(place, "\(field) is \(quoted(name))", allowed: "expected \(expected)")
    case .underlying(_, let instrument, let found, let expected):
      return sentence(
        place, "\(field): \(instrument) is on \(found)", allowed: "the market's underlying is \(expected)")
    case .instant(_, let text):
      return sentence(
        place, "\(field) is \(quoted(text))", allowed: "expected an instant in UTC such as 2021-10-21T08:00:00Z")
    case .unknownName(_, let name, let allowed):
      return sentence(
        place, "\(field) is \(quoted(name))", allowed: "allowed is " + alternatives(allowed.map(quoted)),
        suggestion: Suggestion.nearest(to: name, among: allowed))
    case .duplicateName(_, let name):
      return sentence(place, "\(field): the name \(quoted(name)) stands twice", allowed: "names must differ")
    case .missingImpliedVolatility(_, let instrument):
      return sentence(
        place, "\(field): \(instrument) has no implied volatility",
        allowed: "give impliedVolatility to the instrument or to every regime")
    case .unsupported(_, let what):
      return sentence(place, "\(field): \(what)")
    }
  }

  // MARK: Calibration

  /// - Parameters:
  ///   - file: the file of prices.
  ///   - place: where the request stands; nil: the file.
  static func message(_ error: CalibrationError, file: String, place: String? = nil) -> String {
    let place = place ?? file
    func at(_ position: FilePosition) -> String { "\(file):\(position.line):\(position.column)" }
    switch error {
    case .unreadable(let path, let code):
      return sentence(path, "the file cannot be read", allowed: SystemWords.reason(code))
    case .emptyFile:
      return sentence(place, "holds no row of prices", allowed: "expected a header and at least two rows")
    case .missingColumn(let wanted, let found):
      return sentence(
        "\(file):1:1", "the header has no column \(alternatives(wanted.map(quoted)))",
        allowed: "its columns are " + found.joined(separator: ", "),
        suggestion: wanted.count == 1 ? Suggestion.nearest(to: wanted[0], among: found) : nil)
    case .ambiguousPriceColumn(let candidates, _):
      return sentence(
        "\(file):1:1", "several columns could be the price",
        allowed: "name one with --column: \(alternatives(candidates))")
    case .wrongFieldCount(let position, let expected, let found):
      return sentence(
        at(position), "found \(found) \(found == 1 ? "field" : "fields")", allowed: "the header has \(expected)")
    case .unclosedQuote(let position):
      return sentence(at(position), "the quote is not closed on its line")
    case .malformedTime(let position, let text):
      return sentence(
        at(position), "found the time \(quoted(text))",
        allowed: "expected a date or instant, or Unix seconds or milliseconds, in the form of the first row")
    case .duplicateTime(let position, let seconds):
      return sentence(
        at(position), "the time \(Instant(seconds: seconds).text) equals that of the row before",
        allowed: "times must increase")
    case .timeNotIncreasing(let position, let seconds, let previous):
      return sentence(
        at(position),
        "the time \(Instant(seconds: seconds).text) precedes that of the row before, "
          + Instant(seconds: previous).text, allowed: "times must increase")
    case .emptyPrice(let position): return sentence(at(position), "the price is empty")
    case .malformedPrice(let position, let text):
      return sentence(at(position), "found the price \(quoted(text))", allowed: "expected a decimal number")
    case .priceNotFinite(let position, let text):
      return sentence(at(position), "found the price \(quoted(text))", allowed: "prices are finite")
    case .priceNotPositive(let position, let value):
      return sentence(at(position), "found the price \(number(value))", allowed: "prices are > 0")
    case .tooFewObservations(let found, let needed):
      return sentence(
        place, "\(found) \(found == 1 ? "observation remains" : "observations remain")",
        allowed: "at least \(needed) are needed")
    case .outOfRange(let argument, let value, let lowest, let highest):
      return sentence(
        place, "\(argument) is \(number(value))", allowed: "allowed is from \(number(lowest)) to \(number(highest))")
    case .noVariation:
      return sentence(place, "the prices do not vary", allowed: "no volatility can be estimated")
    case .notStochastic(let row, let sum):
      return sentence(
        place, "row \(row) of the transition matrix sums to \(number(sum)) or has a negative entry",
        allowed: "rows hold probabilities that sum to 1")
    case .wrongShape(let expected, let found):
      return sentence(place, "a matrix has \(found) rows or columns", allowed: "expected \(expected)")
    }
  }
}
