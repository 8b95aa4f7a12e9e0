import Formulation
import Glibc

/// Finds parameters at which J is least where J is no smooth function of them: with every tick that a clock gains or loses before
/// the horizon J jumps, and so it does as a band of constant width catches more or fewer of the jumps of delta at a strike.
///
/// A scan of one factor for all widths, then a search by axes with shrinking steps (Hooke and Jeeves, "Direct search solution of
/// numerical and statistical problems", J. ACM 8 (1961)). No slopes are asked for: a least value among many is found, not
/// necessarily the least of all. Of the best on the rough grid that one is taken whose J is least on whichever of two grids it is
/// dearer: what is cheap on one grid alone is an accident of its nodes.
struct BookClassScan {
  /// Widths of the regimes, as logarithms, then ratios or none.
  let start: [Double]
  let regimes: Int
  let threads: Int
  /// J, weighted over the regimes, on a rough grid and on a better one.
  let evaluate: @Sendable ([Double]) -> Double
  let confirm: @Sendable ([Double]) -> Double

  /// The scan's logarithms.
  private static let scan = stride(from: -0.6, through: 0.6, by: 0.1)
  /// Steps of the search by axes, of logarithms and ratios alike.
  private static let steps = [0.1, 0.05, 0.025]

  /// How many are looked at on the better grid.
  var confirmations = 6
  /// Whether what J changes by from one grid to the other counts against parameters: those at which J hangs on the last digit of an
  /// edge are none that anybody would want.
  var countsChanges = false

  /// nil where J is nowhere finite.
  func run() -> [Double]? {
    var tried: [(at: [Double], value: Double)] = []
    var best: (at: [Double], value: Double)?
    func attempt(_ places: [[Double]]) {
      let points = places.map { at in
        at[..<regimes] + at[regimes...].map { min(BookClassFit.mostRatio, max(0, $0)) }
      }.map { Array($0) }.filter { point in !tried.contains { $0.at == point } }
      for (point, value) in zip(points, values(points, evaluate)) where value.isFinite {
        tried.append((point, value))
        if value < best?.value ?? .infinity { best = (point, value) }
      }
    }
    attempt(Self.scan.map { shift in start.enumerated().map { $0 < regimes ? $1 + shift : $1 } })
    guard best != nil else { return nil }
    for step in Self.steps {
      for axis in start.indices {
        attempt(
          [-step, step].map { moved in
            var at = best!.at
            at[axis] += moved
            return at
          })
      }
    }
    let likely = tried.sorted { $0.value < $1.value }.prefix(confirmations)
    let confirmed = zip(likely, values(likely.map(\.at), confirm)).map { rough, value in
      (at: rough.at, judged: countsChanges ? value + abs(value - rough.value) : max(value, rough.value))
    }
    return confirmed.min { $0.judged < $1.judged }!.at
  }

  private func values(_ points: [[Double]], _ evaluate: @escaping @Sendable ([Double]) -> Double) -> [Double] {
    sideBySide(points.count, threads: threads) { evaluate(points[$0]) }
  }
}
