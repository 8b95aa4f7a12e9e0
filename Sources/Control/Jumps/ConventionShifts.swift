import Formulation

extension OptionBookProblem {
  /// `conventionShift` of every state, `[regime × time × spot]` [units]: with jumps a quadrature over their law for each.
  ///
  /// - Parameters:
  ///   - times: years from the valuation.
  ///   - threads: no number depends on it.
  public func conventionShifts(times: [Double], spots: [Double], threads: Int) -> [Double] {
    let slices = environment.count * times.count
    guard convention != .blackScholes else { return Array(repeating: 0, count: slices * spots.count) }
    return sideBySide(slices, threads: threads) { slice in
      spots.map { conventionShift(time: times[slice % times.count], spot: $0, regime: slice / times.count) }
    }.flatMap { $0 }
  }
}
