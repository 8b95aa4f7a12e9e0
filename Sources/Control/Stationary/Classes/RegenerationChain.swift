/// The chain of places in which a policy begins afresh, by the probability of going from one to another, discounted or not.
enum RegenerationChain {
  /// π = πP; nil where it is not one.
  static func law(_ n: Int, _ probability: (_ from: Int, _ to: Int) -> Double) -> [Double]? {
    // One of the n equations follows from the others; the sum of the law takes its place.
    DenseElimination.solution(n) { row, column in
      if row == n - 1 { return 1 }
      return column == n ? 0 : probability(column, row) - (row == column ? 1 : 0)
    }
  }

  /// π = πP where a chain of regimes decides between groups of places, however slow it is.
  ///
  /// Balances between groups have no digits left where P hardly leads from one to another. But the share of time p_f that the chain
  /// spends in each regime is known, and with T_s how long a gap from s is and T_sf how much of it is in regime f,
  ///
  ///     Σ_s π_s (T_sf − p_f T_s) = 0.
  ///
  /// That in its turn says nothing where a gap sees many switches. In each regime but one the balance less this, over the mean of T_s,
  /// stands for both: what leads out of a regime, and what is spent in it too long, have the same sign.
  ///
  /// - Parameters:
  ///   - regimes: of the places, `n` of them, several of each regime.
  ///   - shares: p.
  ///   - times: T_s.
  ///   - stays: T_sf, `[regime][place]`.
  static func law(
    regimes: [Int], shares: [Double], times: [Double], stays: [[Double]],
    _ probability: (_ from: Int, _ to: Int) -> Double
  ) -> [Double]? {
    let n = regimes.count
    let mean = times.reduce(0, +) / Double(n)
    // The last place of a regime's balance follows from the others and the regime's own.
    let last = (0..<shares.count).map { f in regimes.lastIndex(of: f)! }
    func balance(_ f: Int, _ s: Int) -> Double {
      var sum = (shares[f] * times[s] - stays[f][s]) / mean
      for to in 0..<n where regimes[s] == f ? regimes[to] != f : regimes[to] == f {
        sum += (regimes[s] == f ? -1 : 1) * probability(s, to)
      }
      return sum
    }
    return DenseElimination.solution(n) { row, column in
      if row == last[shares.count - 1] { return 1 }
      if column == n { return 0 }
      let f = regimes[row]
      return row == last[f] ? balance(f, column) : probability(column, row) - (row == column ? 1 : 0)
    }
  }

  /// v = c + Pv, what is still to come; nil where it is not finite.
  static func values(_ costs: [Double], _ probability: (_ from: Int, _ to: Int) -> Double) -> [Double]? {
    let n = costs.count
    return DenseElimination.solution(n) { row, column in
      column == n ? costs[row] : (row == column ? 1 : 0) - probability(row, column)
    }
  }
}
