/// What can be wrong with a problem, as facts; the sentences are in Commands.
///
/// `field` is the path of the model file (`market.regimes[1].volatility`), so that a reader of files can add the
/// position.
public enum FormulationError: Error, Equatable, Sendable {
  /// A number outside its range; `allowed` is a range in words of mathematics, such as `> 0`.
  case outOfRange(field: String, value: Double, allowed: String)
  /// A list has the wrong number of entries.
  case wrongCount(field: String, found: Int, expected: Int)
  /// A generator's row does not sum to zero within rounding.
  case rowSum(field: String, row: Int, sum: Double)
  /// An option that has expired at the valuation.
  case expired(field: String, instrument: String, expiry: String, valuation: String)
  /// An instrument's name that cannot be read.
  case instrumentName(field: String, name: String, expected: String)
  /// An instrument on another underlying than the market's.
  case underlying(field: String, instrument: String, found: String, expected: String)
  /// An instant that cannot be read.
  case instant(field: String, text: String)
  /// A name that stands for nothing here, and those that would.
  case unknownName(field: String, name: String, allowed: [String])
  /// Two things with one name.
  case duplicateName(field: String, name: String)
  /// An option has no implied volatility: neither its own nor the regime's.
  case missingImpliedVolatility(field: String, instrument: String)
  /// Two settings that exclude each other, such as physical delivery of several expiries.
  case unsupported(field: String, what: String)

  /// The path of the field at fault.
  public var field: String {
    switch self {
    case .outOfRange(let field, _, _), .wrongCount(let field, _, _), .rowSum(let field, _, _),
      .expired(let field, _, _, _), .instrumentName(let field, _, _), .underlying(let field, _, _, _),
      .instant(let field, _), .unknownName(let field, _, _), .duplicateName(let field, _),
      .missingImpliedVolatility(let field, _), .unsupported(let field, _):
      return field
    }
  }
}

/// Throws unless the number lies in its range; `NaN` never does.
func require(
  _ value: Double, _ holds: (Double) -> Bool, _ field: String, _ allowed: String
) throws(FormulationError) {
  guard value.isFinite, holds(value) else {
    throw .outOfRange(field: field, value: value, allowed: allowed)
  }
}
