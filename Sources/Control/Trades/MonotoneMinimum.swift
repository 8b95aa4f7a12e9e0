/// `min_j V[j] + c[j − i]` for all i on one side of the trade, by divide and conquer.
///
/// With c convex in j − i the matrix `V[j] + c[j − i]` is Monge, so that the first minimiser grows with i: the middle row is
/// searched, and the rows on either side need only look on their side of its minimiser. `O(n log n)` for any V. A largest
/// trade is a window in j − i, which keeps the property; lots make one problem of every residue class of inventories.
/// Source: Aggarwal, Klawe, Moran, Shor, Wilber, "Geometric applications of a matrix-searching algorithm", Algorithmica 2
/// (1987), §2. *Verified by* `TradeRowTests.agreesWithBruteForce`.
struct MonotoneMinimum {
  let value: UnsafePointer<Double>
  /// c, addressed by j − i, which may be negative.
  let charge: UnsafePointer<Double>
  let count: Int
  /// Nodes per lot; 1 without lots.
  let multiple: Int
  /// Lots that one trade may have.
  let window: ClosedRange<Int>
  let best: UnsafeMutablePointer<Double>
  /// The minimiser; −1 where no trade is possible.
  let place: UnsafeMutablePointer<Int32>

  func run() {
    for index in 0..<count { (best[index], place[index]) = (.infinity, -1) }
    for residue in 0..<min(multiple, count) {
      let size = (count - residue + multiple - 1) / multiple
      // Rows with a possible trade: 0 ≤ p + d < size for some d of the window.
      let first = max(0, -window.upperBound)
      let last = min(size - 1, size - 1 - window.lowerBound)
      if first <= last { search(rows: first...last, columns: 0...(size - 1), residue: residue) }
    }
  }

  /// The same for a charge proportional to the trade, without lots and limits: one pass, which hands the best node on.
  func runProportional() {
    let isPurchase = window.upperBound > 0
    var found = isPurchase ? count - 1 : 0
    for index in isPurchase ? stride(from: count - 1, through: 0, by: -1) : stride(from: 0, through: count - 1, by: 1) {
      let carried = value[found] + charge[found - index]
      if carried < value[index] {
        best[index] = carried
      } else {
        (found, best[index]) = (index, value[index])
      }
      place[index] = Int32(truncatingIfNeeded: found)
    }
  }

  private func search(rows: ClosedRange<Int>, columns: ClosedRange<Int>, residue: Int) {
    let row = (rows.lowerBound + rows.upperBound) / 2
    let from = max(columns.lowerBound, row + window.lowerBound)
    let to = min(columns.upperBound, row + window.upperBound)
    let index = residue + row * multiple
    var (least, found) = (Double.infinity, from)
    var node = residue + from * multiple
    for column in Swift.stride(from: from, through: to, by: 1) {
      let candidate = value[node] + charge[node - index]
      if candidate < least { (least, found) = (candidate, column) }
      node += multiple
    }
    best[index] = least
    place[index] = Int32(truncatingIfNeeded: residue + found * multiple)
    if rows.lowerBound < row {
      search(rows: rows.lowerBound...(row - 1), columns: columns.lowerBound...found, residue: residue)
    }
    if row < rows.upperBound {
      search(rows: (row + 1)...rows.upperBound, columns: found...columns.upperBound, residue: residue)
    }
  }
}
