import Formulation
import Glibc

/// What delivery assigns at the horizon around each node of the grid.
///
/// Assigned units jump at every strike. A node stands for its cell, so that its charge is the mean over the cell's pieces
/// between strikes: without that the position of a strike among the nodes would be a first-order error.
struct SettlementCells {
  struct Piece {
    /// Share of the cell in ln S.
    let weight: Double
    /// Units that the book's options bring [units].
    let assigned: Double
  }

  /// One list of pieces per row; no pieces without settlement, which charges nothing.
  let rows: [[Piece]]
  private let problem: OptionBookProblem

  /// - Parameter logSpots: nodes of the logarithm of the price at the horizon.
  init(problem: OptionBookProblem, logSpots x: [Double]) {
    self.problem = problem
    guard problem.settlement == .physical else {
      let whole = problem.settlement == .none ? [] : [Piece(weight: 1, assigned: 0)]
      rows = x.map { _ in whole }
      return
    }
    let strikes = problem.book.legs.compactMap { leg -> Double? in
      if case .option(_, let strike, _) = leg.instrument { return log(strike) }
      return nil
    }.sorted()
    rows = x.indices.map { row in
      let low = row == 0 ? x[0] : 0.5 * (x[row - 1] + x[row])
      let high = row == x.count - 1 ? x[row] : 0.5 * (x[row] + x[row + 1])
      let ends = [low] + strikes.filter { $0 > low && $0 < high } + [high]
      return zip(ends, ends.dropFirst()).map { start, end in
        Piece(weight: (end - start) / (high - low), assigned: problem.assigned(spot: exp(0.5 * (start + end))))
      }
    }
  }

  /// The settlement's charge at a node [quote].
  func charge(row: Int, spot: Double, cost: TradeCost, inventory: Double) -> Double {
    rows[row].reduce(0) {
      $0 + $1.weight
        * problem.unwinding(cost, spot: spot, inventory: problem.left(of: inventory, delivered: $1.assigned))
    }
  }

  /// The mean of the sign of what is left after delivery: its unwinding's slope in inventory, per unit cost.
  func sides(row: Int, inventory: Double, tolerance: Double) -> (positive: Double, negative: Double) {
    var (positive, negative) = (0.0, 0.0)
    for piece in rows[row] {
      let rest = inventory + piece.assigned
      if rest > tolerance { positive += piece.weight } else if rest < -tolerance { negative += piece.weight }
    }
    return (positive, negative)
  }
}
