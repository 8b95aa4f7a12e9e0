import Formulation
import Glibc

/// The bands that a class allows: a linear image of a few parameters.
struct ClassShape {
  /// How a parameter moves the four numbers of each regime's band: `numbers = Σ columns × parameters`, `[parameter]` of
  /// `[4·regime + number]`.
  let columns: [[Double]]
  /// Where the search begins.
  let start: [Double]
  /// Parameters that may not be negative.
  var nonNegative: Set<Int> = []
  /// Which regimes reflect.
  let reflects: [Bool]

  /// Lower edge, lower target, upper target, upper edge.
  static func numbers(_ bands: [Band]) -> [Double] {
    bands.flatMap { [$0.lower, $0.targetLower, $0.targetUpper, $0.upper] }
  }

  func bands(_ parameters: [Double]) -> [Band] {
    var numbers = [Double](repeating: 0, count: 4 * reflects.count)
    for (column, parameter) in zip(columns, parameters) {
      for i in numbers.indices { numbers[i] += column[i] * parameter }
    }
    return reflects.indices.map {
      Band(
        lower: numbers[4 * $0], upper: numbers[4 * $0 + 3], targetLower: numbers[4 * $0 + 1],
        targetUpper: numbers[4 * $0 + 2])
    }
  }

  /// The slopes in the parameters. Where a regime reflects, targets are edges and carry no slope of their own.
  func gradient(_ slopes: [Double]) -> [Double] {
    columns.map { column in zip(column, slopes).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  func hessian(_ curvatures: [Double]) -> [[Double]] {
    columns.map { left in
      columns.map { right in
        curvatures.indices.reduce(0) { $0 + left[$1] * right[$1] * curvatures[$1] }
      }
    }
  }

  /// Distances between an edge and its target may shrink to this share in one step, and a band may grow to this multiple.
  private static let shrinking = 0.4
  private static let growing = 2.0

  /// How far each parameter may move in one step: a part of the least distance of what it moves from what must stay apart.
  func reach(_ parameters: [Double]) -> [Double] {
    let free = zip(bands(parameters), reflects).flatMap { band, reflects -> [Double] in
      let (below, above) =
        reflects
        ? (0.5 * band.width, 0.5 * band.width) : (band.targetLower - band.lower, band.upper - band.targetUpper)
      return [below, min(below, above), min(below, above), above]
    }
    return columns.map { column in
      0.5 * (1 - ClassShape.shrinking) * zip(column, free).filter { $0.0 != 0 }.map(\.1).min()!
    }
  }

  /// Whether the bands stay in order, without a jump that the local model cannot know.
  func isAdmissible(_ from: [Double], _ to: [Double]) -> Bool {
    zip(zip(bands(from), bands(to)), reflects).allSatisfy { pair, reflects in
      let (old, new) = pair
      guard new.width >= ClassShape.shrinking * old.width, new.width <= ClassShape.growing * old.width else {
        return false
      }
      if reflects { return true }
      return new.targetLower <= new.targetUpper
        && new.upper - new.targetUpper >= ClassShape.shrinking * (old.upper - old.targetUpper)
        && new.targetLower - new.lower >= ClassShape.shrinking * (old.targetLower - old.lower)
    }
  }

  // MARK: The classes

  private static func column(_ count: Int, _ entries: [Int: Double]) -> [Double] {
    var column = [Double](repeating: 0, count: 4 * count)
    for (index, value) in entries { column[index] = value }
    return column
  }

  /// Every edge and target for itself.
  static func free(_ bands: [Band], reflects: [Bool]) -> ClassShape {
    let m = bands.count
    let numbers = numbers(bands)
    var columns: [[Double]] = []
    var start: [Double] = []
    for i in 0..<4 * m {
      if reflects[i / 4] {
        if i % 4 == 0 { columns.append(column(m, [i: 1, i + 1: 1])) }
        if i % 4 == 3 { columns.append(column(m, [i - 1: 1, i: 1])) }
        if i % 4 == 1 || i % 4 == 2 { continue }
      } else {
        columns.append(column(m, [i: 1]))
      }
      start.append(numbers[i])
    }
    return ClassShape(columns: columns, start: start, reflects: reflects)
  }

  /// One target per regime; the search begins with the optimal bands widened as those of the regimes alone would be.
  ///
  /// - Parameter evenly: all by one factor: where regimes switch fast, their edges lie close together, and one that lay far
  ///   out would not be felt.
  static func recentre(_ optimum: [Band], _ frozen: [StationaryClosedForm], evenly: Bool) -> ClassShape {
    let m = optimum.count
    var columns: [[Double]] = []
    var start: [Double] = []
    let widenings = frozen.map { $0.recentre.outer / $0.optimum.outer }
    let even = exp(widenings.reduce(0) { $0 + log($1) } / Double(m))
    for (e, band) in optimum.enumerated() {
      let widening = evenly ? even : widenings[e]
      let middle = 0.5 * (band.targetLower + band.targetUpper)
      columns += [
        column(m, [4 * e: 1]), column(m, [4 * e + 1: 1, 4 * e + 2: 1]), column(m, [4 * e + 3: 1]),
      ]
      start += [
        middle - widening * (middle - band.lower), middle, middle + widening * (band.upper - middle),
      ]
    }
    return ClassShape(columns: columns, start: start, reflects: optimum.map { _ in false })
  }

  /// Centre, half-width and half the distance of the targets; without a fixed cost the targets are the edges.
  static func inner(_ optimum: [Band], reflects: [Bool]) -> ClassShape {
    let m = optimum.count
    var columns: [[Double]] = []
    var start: [Double] = []
    var nonNegative: Set<Int> = []
    for (e, band) in optimum.enumerated() {
      let i = 4 * e
      columns.append(column(m, [i: 1, i + 1: 1, i + 2: 1, i + 3: 1]))
      start.append(0.5 * (band.lower + band.upper))
      if reflects[e] {
        columns.append(column(m, [i: -1, i + 1: -1, i + 2: 1, i + 3: 1]))
        start.append(0.5 * band.width)
      } else {
        columns += [column(m, [i: -1, i + 3: 1]), column(m, [i + 1: -1, i + 2: 1])]
        nonNegative.insert(start.count + 1)
        start += [0.5 * band.width, 0.5 * (band.targetUpper - band.targetLower)]
      }
    }
    return ClassShape(columns: columns, start: start, nonNegative: nonNegative, reflects: reflects)
  }

  /// The same four numbers in every regime; reflecting if no regime has a fixed cost. The targets stay in order.
  ///
  /// - Parameter regime: whose optimal band the search begins with; nil: the mean of all.
  static func constantBand(_ optimum: [Band], reflects: [Bool], from regime: Int? = nil) -> ClassShape {
    let m = optimum.count
    let all = numbers(optimum)
    let first = (0..<4).map { number in
      regime.map { all[4 * $0 + number] } ?? (0..<m).reduce(0) { $0 + all[4 * $1 + number] } / Double(m)
    }
    func column(_ chosen: [Int]) -> [Double] {
      (0..<4 * m).map { chosen.contains($0 % 4) ? 1.0 : 0.0 }
    }
    if reflects.allSatisfy({ $0 }) {
      return ClassShape(columns: [column([0, 1]), column([2, 3])], start: [first[0], first[3]], reflects: reflects)
    }
    // Where the band of a regime without a fixed cost is taken, edges and targets are kept apart.
    let apart = closing * (first[3] - first[0])
    let (below, above) = (max(first[1], first[0] + apart), min(first[2], first[3] - apart))
    return ClassShape(
      columns: [[0], [1, 2], [2], [3]].map(column), start: [first[0], below, max(0, above - below), first[3]],
      nonNegative: [2], reflects: reflects.map { _ in false })
  }

  /// A trade at an edge begins the search with at least this part of the band.
  private static let closing = 0.05
}
