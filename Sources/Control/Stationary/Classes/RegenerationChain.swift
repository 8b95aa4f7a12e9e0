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

  /// v = c + Pv, what is still to come; nil where it is not finite.
  static func values(_ costs: [Double], _ probability: (_ from: Int, _ to: Int) -> Double) -> [Double]? {
    let n = costs.count
    return DenseElimination.solution(n) { row, column in
      column == n ? costs[row] : (row == column ? 1 : 0) - probability(row, column)
    }
  }
}
