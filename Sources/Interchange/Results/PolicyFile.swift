import Certification
import Control
import Formulation
import Foundation

/// Which time slices of a policy are stored.
struct PolicySlices {
  /// More slices than this make the file large and no band clearer: bands move by a fraction of their width between two.
  static let most = 120

  let indices: [Int]

  /// - Parameters:
  ///   - times: of the policy [years].
  ///   - expiries: of the book [years]; bands jump there, and no slice from before one is read for a time after it.
  init(_ times: [Double], expiries: [Double]) {
    var kept = Set(Self.thinned(Array(times.indices), to: Self.most))
    let tolerance = Self.coincidence * (times.last ?? 0)
    for expiry in expiries {
      // The slice just before it, which jumps with it, and the one that leads there.
      guard let after = times.firstIndex(where: { $0 >= expiry - tolerance }), after > 0 else { continue }
      kept.formUnion([max(0, after - 2), after - 1, after])
    }
    indices = kept.sorted()
  }

  /// Times nearer than this share of the last are one.
  private static let coincidence = 1e-9

  /// At most `most` of them, evenly, the first and the last among them.
  static func thinned(_ indices: [Int], to most: Int) -> [Int] {
    guard indices.count > most, most > 1 else { return indices }
    return (0..<most).map { indices[$0 * (indices.count - 1) / (most - 1)] }
  }
}

/// `policy.nc`: bands and values on their grid, for any reader of NetCDF.
///
/// *Verified by* `ParametersTests`.
enum PolicyFile {
  static func write(_ certificate: Certificate, of problem: Problem, to path: String) throws(InterchangeError) {
    var file = try NetCDFFile(creating: path)
    try fill(&file, certificate, of: problem)
    try file.close()
  }

  /// The contents of the file, in memory.
  static func contents(_ certificate: Certificate, of problem: Problem) throws(InterchangeError) -> NetCDFContents {
    var file = try NetCDFFile(inMemory: problem.name)
    try fill(&file, certificate, of: problem)
    return file.contents()
  }

  private static let flatWithin = "flat_within"

  private static func fill(
    _ file: inout NetCDFFile, _ certificate: Certificate, of problem: Problem
  ) throws(InterchangeError) {
    try file.attribute("Conventions", .text("CF-1.8"))
    try file.attribute("title", .text(problem.name))
    try file.attribute("kind", .text(problem.kind))
    try file.attribute("problem_digest", .text(problem.digest))
    switch certificate.answer {
    case .optionBook(let answer): try fill(&file, answer)
    case .tracking(let answer): try fill(&file, answer)
    }
  }

  private static let edges: [(name: String, longName: String, edge: @Sendable (Band) -> Double)] = [
    ("lower", "lower edge of the no-trade band", { $0.lower }),
    ("upper", "upper edge of the no-trade band", { $0.upper }),
    ("targetLower", "where a trade at the lower edge ends", { $0.targetLower }),
    ("targetUpper", "where a trade at the upper edge ends", { $0.targetUpper }),
  ]

  /// Written where targets depend on positions.
  private static let slopes: [(name: String, longName: String, edge: @Sendable (Band) -> Double)] = [
    ("slopeLower", "share of a deviation beyond the lower edge that a trade leaves standing", { $0.slopeLower }),
    ("slopeUpper", "share of a deviation beyond the upper edge that a trade leaves standing", { $0.slopeUpper }),
  ]

  private static func classes(
    _ file: inout NetCDFFile, name: String = "optimal"
  ) throws(InterchangeError) -> NetCDFFile.Dimension {
    try file.coordinate("class", labels: [name], .init(longName: "class of policies"))
  }

  private static func fill(_ file: inout NetCDFFile, _ answer: OptionBookAnswer) throws(InterchangeError) {
    let problem = answer.problem
    let policy = answer.policy
    let unit = problem.market.underlying
    let quote = problem.market.quote
    try file.attribute("delta_convention", .text(problem.convention.rawValue))
    let slices = PolicySlices(policy.times, expiries: problem.book.expiries).indices
    let spots = policy.logSpots.map { exp($0) }
    let count = problem.environment.count
    let classDimension = try classes(&file, name: answer.policyName)
    let regime = try file.coordinate(
      "regime", labels: problem.environment.regimes.map(\.name), .init(longName: "regime of the environment"))
    let time = try file.coordinate(
      "time", values: slices.map { policy.times[$0] * problem.dayCount.secondsPerYear },
      .init(
        units: "seconds since \(problem.valuation.text)",
        longName: "time since the valuation (day count \(problem.dayCount.rawValue))"))
    let spot = try file.coordinate(
      "spot", values: spots, .init(units: "\(quote)/\(unit)", longName: "price of the underlying"))
    // Of every state, `[regime][slice][row]`: from Black–Scholes net delta to the problem's convention.
    let shifts = problem.conventionShifts(
      times: slices.map { problem.settledTime(policy.times[$0]) }, spots: spots, threads: answer.settings.threads)
    let hasSlopes = policy.bands.contains(where: \.hasSlopes)
    for edge in edges + (hasSlopes ? slopes : []) {
      var values: [Double] = []
      for e in 0..<count {
        for slice in slices {
          for row in spots.indices {
            let shift = edge.name.hasPrefix("slope") ? 0 : shifts[values.count]
            values.append(edge.edge(policy.band(time: slice, regime: e, spot: row).withoutIdleTargets) + shift)
          }
        }
      }
      try file.variable(
        edge.name, over: [classDimension, regime, time, spot], values: values,
        .init(
          units: edge.name.hasPrefix("slope") ? "1" : unit, longName: edge.longName + ", in net delta", fill: .nan))
    }
    try fill(&file, flatsOf: policy, slices: slices, unit: unit, over: [classDimension, regime, time, spot])
    var deltas: [Double] = []
    for (place, slice) in slices.enumerated() {
      for e in 0..<count {
        for (row, price) in spots.enumerated() {
          deltas.append(
            problem.book.greeks(time: problem.settledTime(policy.times[slice]), spot: price, regime: e).delta
              + shifts[(e * slices.count + place) * spots.count + row])
        }
      }
    }
    try file.variable(
      "bookDelta", over: [time, regime, spot], values: deltas,
      .init(
        units: unit,
        longName: "delta of the book (\(problem.convention.rawValue)); band minus it is the band in inventory",
        fill: .nan))
    var values: [Double] = []
    var least: [Double] = []
    let holdings = answer.solution.grid.holdings.count
    for e in 0..<count {
      for row in spots.indices {
        let markJump = answer.solution.markJumpRisk[row * count + e]
        values.append(answer.solution.value(spotIndex: row, regime: e, inventory: problem.inventory) + markJump)
        let base = (row * count + e) * holdings
        least.append((answer.solution.values[base..<base + holdings].min() ?? .nan) + markJump)
      }
    }
    try file.variable(
      "value", over: [regime, spot], values: values,
      .init(
        units: quote,
        longName: "expected cost and risk of the optimal policy from the valuation on, at the given inventory",
        fill: .nan,
        others: [.init("inventory", .number(problem.inventory))]))
    try file.variable(
      "leastValue", over: [regime, spot], values: least,
      .init(units: quote, longName: "the same at the best inventory", fill: .nan))
  }

  /// At which flat inventories to wait: of zero alone by node, of others with a dimension of their own.
  private static func fill(
    _ file: inout NetCDFFile, flatsOf policy: PolicyTable, slices: [Int], unit: String,
    over dimensions: [NetCDFFile.Dimension]
  ) throws(InterchangeError) {
    let flats = policy.flats
    guard !flats.isEmpty else { return }
    try file.attribute(flatWithin, .number(flats.within))
    let isZero = flats.places == [0]
    var holds: [Double] = []
    for e in 0..<policy.regimeCount {
      for slice in slices {
        for spot in policy.logSpots.indices {
          let held = policy.band(time: slice, regime: e, spot: spot).heldFlats
          for index in flats.places.indices { holds.append(held & (1 << UInt64(index)) == 0 ? 0 : 1) }
        }
      }
    }
    let flat =
      try isZero
      ? nil
      : file.coordinate(
        "flat", values: flats.places, .init(units: unit, longName: "inventory that settlement may leave free"))
    try file.variable(
      "holdsFlat", over: dimensions + (flat.map { [$0] } ?? []), values: holds,
      .init(
        units: "1",
        longName:
          "1: at an inventory of \(isZero ? "zero" : "flat") hold, and end there what would end within flat_within of it",
        fill: .nan))
  }

  /// The table that `fill` wrote, in Black–Scholes net delta.
  /// - Throws: `netCDF`, and `wrongShape` where the file is of another problem.
  static func table(
    _ file: borrowing NetCDFContents, _ problem: OptionBookProblem
  ) throws(InterchangeError) -> PolicyTable {
    let labels = try file.labels("regime")
    guard labels == problem.environment.regimes.map(\.name) else {
      throw .wrongShape(variable: "regime", expected: problem.environment.count, found: labels.count)
    }
    let times = try file.values("time").numbers.map { $0 / problem.dayCount.secondsPerYear }
    let spots = try file.values("spot").numbers
    for (name, axis) in [("time", times), ("spot", spots)] {
      let isAscending =
        !axis.isEmpty && zip(axis, axis.dropFirst()).allSatisfy { $0 < $1 } && (axis[0] > 0 || name == "time")
      guard isAscending else { throw .wrongShape(variable: name, expected: 1, found: axis.count) }
    }
    let expected = [1, labels.count, times.count, spots.count]
    func numbers(_ name: String, of shape: [Int]? = nil) throws(InterchangeError) -> [Double] {
      let (found, expected) = (try file.values(name), shape ?? expected)
      guard found.shape == expected, found.numbers.allSatisfy({ !$0.isNaN }) else {
        throw .wrongShape(
          variable: name, expected: expected.reduce(1, *), found: found.numbers.count { !$0.isNaN })
      }
      return found.numbers
    }
    var parts: [[Double]] = []
    for edge in edges { parts.append(try numbers(edge.name)) }
    if file.has(slopes[0].name) { for slope in slopes { parts.append(try numbers(slope.name)) } }
    let hasFlats = file.has("flat")
    let places = hasFlats ? try file.values("flat").numbers : file.number(flatWithin) == nil ? [] : [0]
    guard places.count <= FlatInventories.most, zip(places, places.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw .wrongShape(variable: "flat", expected: FlatInventories.most, found: places.count)
    }
    let flats = FlatInventories(places: places, within: file.number(flatWithin) ?? 0)
    let holds =
      flats.isEmpty ? [] : try numbers("holdsFlat", of: hasFlats ? expected + [places.count] : expected)
    var bands: [Band] = []
    for time in times.indices {
      for e in labels.indices {
        for row in spots.indices {
          let place = (e * times.count + time) * spots.count + row
          var band = Band(
            lower: parts[0][place], upper: parts[1][place], targetLower: parts[2][place], targetUpper: parts[3][place])
          if parts.count > edges.count {
            band = band.with(slopeLower: parts[4][place], slopeUpper: parts[5][place])
          }
          for index in places.indices where holds[place * places.count + index] != 0 {
            band.heldFlats |= 1 << UInt64(index)
          }
          let shift =
            problem.convention == .blackScholes
            ? 0 : problem.conventionShift(time: problem.settledTime(times[time]), spot: spots[row], regime: e)
          bands.append(band.shifted(by: -shift))
        }
      }
    }
    return PolicyTable(
      times: times, logSpots: spots.map { log($0) }, regimeCount: labels.count, bands: bands, flats: flats)
  }

  private static func fill(_ file: inout NetCDFFile, _ answer: TrackingAnswer) throws(InterchangeError) {
    let classDimension = try classes(&file)
    let regime = try file.coordinate(
      "regime", labels: answer.solution.regimes.map(\.name), .init(longName: "regime of the environment"))
    for edge in edges {
      try file.variable(
        edge.name, over: [classDimension, regime], values: answer.solution.regimes.map { edge.edge($0.band) },
        .init(units: "1", longName: edge.longName + ", in the deviation", fill: .nan))
    }
    try file.variable(
      "value", over: [regime], values: answer.solution.regimes.map(\.cost.total.value),
      .init(
        units: "1",
        longName: answer.problem.criterion == .longRunAverage
          ? "long-run average cost per unit time" : "discounted cost from deviation zero", fill: .nan))
  }
}
