/// When to trade and where to: hold while `lower < x < upper`; at or below `lower` go to `targetLower`, at or above
/// `upper` to `targetUpper`.
///
/// `x` is the inventory y, the net delta D or a deviation: whoever holds the band says which. With proportional costs
/// alone the targets are the edges; a fixed cost moves them inside. An edge that does not exist is infinite.
///
/// Where large trades cost more than their parts one does not go all the way: from x beyond `upper` the target is
/// `targetUpper + slopeUpper (x − upper)`, and likewise below `lower`.
public struct Band: Sendable, Equatable {
  public var lower: Double
  public var upper: Double
  public var targetLower: Double
  public var targetUpper: Double
  /// How much of a deviation beyond the edge is left standing, from 0 to 1.
  public var slopeLower = 0.0
  public var slopeUpper = 0.0
  /// At which of the table's flat inventories one waits, be they in the band or not, a bit for each; see `FlatInventories`.
  public var heldFlats: UInt64 = 0

  public init(lower: Double, upper: Double, targetLower: Double, targetUpper: Double) {
    self.lower = lower
    self.upper = upper
    self.targetLower = targetLower
    self.targetUpper = targetUpper
  }

  /// The same edges and targets with the slopes of targets against positions.
  public func with(slopeLower: Double, slopeUpper: Double) -> Band {
    var band = self
    (band.slopeLower, band.slopeUpper) = (slopeLower, slopeUpper)
    return band
  }

  /// Whether a target depends on where one is.
  public var hasSlopes: Bool { slopeLower != 0 || slopeUpper != 0 }

  /// The band that never asks for a trade.
  public static let unbounded = Band(
    lower: -.infinity, upper: .infinity, targetLower: -.infinity, targetUpper: .infinity)

  /// The trade that the band asks for; zero inside.
  @inlinable @inline(__always)
  public func trade(at x: Double) -> Double {
    if x > upper { return targetUpper - x + (slopeUpper == 0 ? 0 : slopeUpper * (x - upper)) }
    if x < lower { return targetLower - x + (slopeLower == 0 ? 0 : slopeLower * (x - lower)) }
    return 0
  }

  /// The same where a fixed cost and the settlement make some inventories special: none from one at which the band waits, and to one
  /// that is near to where the trade would end; see `FlatInventories`.
  public func trade(at x: Double, inventory: Double, flats: FlatInventories) -> Double {
    flats.trade(trade(at: x), inventory: inventory, held: heldFlats)
  }

  /// The same band with edges and targets in order: targets that cross meet in their middle, and edges make room for
  /// them. Where a grid does not resolve a band its numbers may be out of order by a spacing.
  public var ordered: Band {
    let middle = 0.5 * (targetLower + targetUpper)
    let low = min(targetLower, middle)
    let high = max(targetUpper, middle)
    let isCrossed = targetLower > targetUpper
    var band = self
    band.lower = min(lower, isCrossed ? middle : low)
    band.upper = max(upper, isCrossed ? middle : high)
    if isCrossed { (band.targetLower, band.targetUpper) = (middle, middle) }
    return band
  }

  /// The same band without targets of edges that do not exist: where no trade starts none ends.
  public var withoutIdleTargets: Band {
    var band = self
    if lower == -.infinity { band.targetLower = -.infinity }
    if upper == .infinity { band.targetUpper = .infinity }
    return band
  }

  /// The band seen from an origin that lies `offset` lower: every edge moves up by `offset`.
  public func shifted(by offset: Double) -> Band {
    var band = self
    band.lower += offset
    band.upper += offset
    band.targetLower += offset
    band.targetUpper += offset
    return band
  }

  /// The band between this one and another, `self + weight (other − self)`; an infinite edge stays infinite, and the nearer one says
  /// at which flat inventories to wait.
  public func mixed(with other: Band, weight: Double) -> Band {
    func mix(_ a: Double, _ b: Double) -> Double {
      // A weight of zero must not multiply an infinite edge, nor two infinities be subtracted.
      weight == 0 || a == b ? a : weight == 1 ? b : a.isInfinite ? a : a + weight * (b - a)
    }
    var band = Band(
      lower: mix(lower, other.lower), upper: mix(upper, other.upper),
      targetLower: mix(targetLower, other.targetLower), targetUpper: mix(targetUpper, other.targetUpper)
    ).with(slopeLower: mix(slopeLower, other.slopeLower), slopeUpper: mix(slopeUpper, other.slopeUpper))
    band.heldFlats = weight < 0.5 ? heldFlats : other.heldFlats
    return band
  }

  /// `upper − lower`.
  public var width: Double { upper - lower }
}

/// Bands in inventory on a grid of times, spots and regimes, as a table that anyone can look up.
///
/// Layout of `bands`: `[time × regime × spot]`. Between nodes the edges *in net delta* vary slowly and are interpolated
/// linearly in time and log-spot by whoever uses the table; `centres` holds −Δ_book at the nodes for that purpose.
public struct PolicyTable: Sendable, Equatable {
  /// Years from the valuation, ascending.
  public let times: [Double]
  /// ln S at the nodes, ascending.
  public let logSpots: [Double]
  public let regimeCount: Int
  /// Bands in net delta D = Δ_book + y [units], `[time × regime × spot]`.
  public let bands: [Band]
  /// The inventories that settlement leaves free: that save its ticket, or at which edges may lie; `Band.heldFlats` is that of the nearest node.
  public let flats: FlatInventories

  public init(
    times: [Double], logSpots: [Double], regimeCount: Int, bands: [Band], flats: FlatInventories = .none
  ) {
    self.times = times
    self.logSpots = logSpots
    self.regimeCount = regimeCount
    self.bands = bands
    self.flats = flats
  }

  /// The band at a node.
  @inlinable
  public func band(time: Int, regime: Int, spot: Int) -> Band {
    bands[(time * regimeCount + regime) * logSpots.count + spot]
  }
}

extension PolicyTable {
  /// The band at any time and log-spot: linear in both between nodes, constant beyond them; see `Band.mixed`.
  public func band(at time: Double, logSpot: Double, regime: Int) -> Band {
    let (first, later) = AscendingNodes.place(time, among: times)
    let (left, right) = AscendingNodes.place(logSpot, among: logSpots)
    func across(_ time: Int) -> Band {
      let here = band(time: time, regime: regime, spot: left)
      return right == 0 ? here : here.mixed(with: band(time: time, regime: regime, spot: left + 1), weight: right)
    }
    return later == 0 ? across(first) : across(first).mixed(with: across(first + 1), weight: later)
  }
}
