/// A row of a table of exact values: value + remainder is the function at the argument, correct to about 32 digits
/// (to the subnormal spacing where the remainder underflows).
struct ExactValue: Sendable {
  let argument: Double
  let value: Double
  let remainder: Double

  init(_ argument: Double, _ value: Double, _ remainder: Double) {
    self.argument = argument
    self.value = value
    self.remainder = remainder
  }

  /// Error of a computed value in units in the last place of the exact one.
  func ulps(_ computed: Double) -> Double {
    if computed == value && remainder == 0 { return 0 }
    return ((computed - value) - remainder).magnitude / value.ulp
  }
}

/// The greatest error of a function over a table, with the row where it occurs.
func worstError(
  _ table: [ExactValue], within range: ClosedRange<Double> = -Double.infinity ... .infinity,
  _ function: (Double) -> Double
) -> (ulps: Double, row: String) {
  var worst = (ulps: 0.0, row: "none")
  for row in table where range.contains(row.argument) {
    let computed = function(row.argument)
    let error = row.ulps(computed)
    if !(error <= worst.ulps) {
      worst = (error, "argument \(row.argument): computed \(computed), exact \(row.value), \(error) ulp")
    }
  }
  return worst
}
