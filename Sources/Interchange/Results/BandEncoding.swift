import Certification
import Formulation
import Foundation

/// Bands as JSON, and the band for a market that is looked at only now and then.
public enum BandEncoding {
  /// The members of a band; edges that do not exist are left out with their targets, and so are slopes where no target moves.
  public static func members(_ band: Band) -> [JSONMember] {
    let band = band.withoutIdleTargets
    let numbers = [
      ("lower", band.lower), ("upper", band.upper), ("targetLower", band.targetLower),
      ("targetUpper", band.targetUpper),
    ]
    let slopes = [("slopeLower", band.slopeLower), ("slopeUpper", band.slopeUpper)]
    return (numbers.filter(\.1.isFinite) + (band.hasSlopes ? slopes : [])).map { JSONMember($0.0, .number($0.1)) }
  }

  /// Where being flat at the settlement saves a ticket: whether to hold at a flat inventory, at which where it is not zero alone, and
  /// how near to it a trade ends there instead (`FlatInventories`).
  static func flat(_ band: Band, in table: PolicyTable, unit: String) -> JSONMember? {
    guard !table.flats.isEmpty else { return nil }
    var members = [JSONMember("holds", .boolean(band.heldFlats != 0))]
    if table.flats.places != [0] {
      members.append(JSONMember("inventories", .array(table.flats.held(band).map { .number($0) })))
    }
    members += [JSONMember("within", .number(table.flats.within)), JSONMember("unit", .string(unit))]
    return JSONMember("flat", .object(members))
  }

  /// - Parameter error: of the edges and targets, in the same unit; nil when it is stated elsewhere.
  static func band(_ band: Band, unit: String?, measure: String, error: Double? = nil) -> JSONValue {
    var members = members(band)
    if let error, error.isFinite { members.append(JSONMember("error", .number(error))) }
    if let unit { members.append(JSONMember("unit", .string(unit))) }
    return .object(members + [JSONMember("measure", .string(measure))])
  }

  /// The band to use when it is looked at only now and then: edges move inwards by `shift`, never past each other;
  /// targets move only where an edge reaches them.
  static func checked(_ band: Band, shift: Double) -> Band {
    var lower = band.lower + shift
    var upper = band.upper - shift
    if lower > upper {
      let middle = 0.5 * (band.lower + band.upper)
      (lower, upper) = (middle, middle)
    }
    return Band(
      lower: lower, upper: upper, targetLower: min(max(band.targetLower, lower), upper),
      targetUpper: min(max(band.targetUpper, lower), upper))
  }
}

/// The relative price move that takes the net delta from the band's centre to an edge, time standing still.
public enum EquivalentMove {
  /// Steps of the search for the first crossing, over the range.
  private static let steps = 400
  private static let bisections = 60

  /// The moves from the centre of a regime's band at today's spot, within the solver's grid.
  ///
  /// - Parameter band: another band of that regime than the optimum's.
  public static func moves(
    _ answer: OptionBookAnswer, regime e: Int, band: Band? = nil
  ) -> (down: Double?, up: Double?) {
    let nodes = answer.solution.grid.logSpots
    let problem = answer.problem
    let here = log(problem.market.spot)
    return moves(
      band: band ?? answer.regimes[e].band, spot: problem.market.spot,
      range: (nodes[0] - here)...(nodes[nodes.count - 1] - here)
    ) { problem.book.greeks(time: 0, spot: $0, regime: e).delta }
  }

  /// The moves down (negative) and up, each to whichever edge is met first; nil where no edge is met within `range`
  /// [log-spot].
  static func moves(
    band: Band, spot: Double, range: ClosedRange<Double>, delta: (Double) -> Double
  ) -> (down: Double?, up: Double?) {
    let centre = 0.5 * (band.targetLower + band.targetUpper)
    guard centre.isFinite, band.width > 0 else { return (nil, nil) }
    let start = delta(spot)
    func isInside(_ move: Double) -> Bool {
      let net = centre + delta(spot * exp(move)) - start
      return net > band.lower && net < band.upper
    }
    func first(_ end: Double) -> Double? {
      var inside = 0.0
      for step in 1...steps {
        var outside = end * Double(step) / Double(steps)
        guard !isInside(outside) else {
          inside = outside
          continue
        }
        for _ in 0..<bisections {
          let middle = 0.5 * (inside + outside)
          if isInside(middle) { inside = middle } else { outside = middle }
        }
        return exp(outside) - 1
      }
      return nil
    }
    return (first(range.lowerBound), first(range.upperBound))
  }
}
