import Formulation

/// One state and what the policy does in it, so that another implementation can be proven against this one.
public struct DecisionVector: Equatable, Sendable {
  /// Seconds of the problem's own clock since the valuation.
  public let time: Double
  /// S [quote/unit].
  public let spot: Double
  public let regime: Int
  /// y before the decision [units]; for a tracking problem the deviation x.
  public let inventory: Double
  /// D = Δ_book + y [units]; for a tracking problem the deviation x.
  public let measure: Double
  /// The trade [units], rounded to the nearest lot, halves away from zero; 0: hold.
  public let trade: Double

  /// How far inside and outside an edge the states lie, as a share of the band's width: far above rounding, far below
  /// anything a rebalancer would call a difference.
  static let offset = 1e-3
  /// The same for a band of no width, as a share of the scale of inventories.
  static let offsetWithoutWidth = 1e-9
  /// How far out "far outside" lies, as a share of the width.
  static let far = 0.5

  /// Measures on both sides of each finite edge, far out, and in the middle.
  static func measures(of band: Band, scale: Double) -> [Double] {
    let width = band.width.isFinite ? band.width : scale
    let near = max(Self.offset * width, Self.offsetWithoutWidth * scale)
    var found: [Double] = []
    if band.lower.isFinite { found += [band.lower - far * width - near, band.lower - near] }
    if band.lower.isFinite, band.width > 2 * near { found.append(band.lower + near) }
    if band.lower.isFinite, band.upper.isFinite { found.append(0.5 * (band.lower + band.upper)) }
    if band.upper.isFinite, band.width > 2 * near { found.append(band.upper - near) }
    if band.upper.isFinite { found += [band.upper + near, band.upper + far * width + near] }
    return found
  }

  func encoded(regimeNames: [String], measureName: String, isTimed: Bool) -> JSONValue {
    var members: [JSONMember] = []
    if isTimed { members += [JSONMember("time", .number(time)), JSONMember("spot", .number(spot))] }
    members.append(JSONMember("regime", .string(regimeNames[regime])))
    if isTimed { members.append(JSONMember("inventory", .number(inventory))) }
    members.append(JSONMember(measureName, .number(measure)))
    members.append(JSONMember("action", .string(trade == 0 ? "hold" : "trade")))
    if trade != 0 { members.append(JSONMember("trade", .number(trade))) }
    return .object(members)
  }
}
