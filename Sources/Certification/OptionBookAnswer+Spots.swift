import Control
import Formulation
import Glibc

/// What the answer says at any spot within the grid, with errors from the two finest grids.
extension OptionBookAnswer {
  /// One regime at one spot, from the problem's inventory.
  public struct State: Sendable {
    /// J [quote], extrapolated, with the jump-of-mark part.
    public let value: Approximation
    /// In net delta [units].
    public let band: Band
    /// The largest error estimate of the band's four numbers [units].
    public let bandError: Double
    /// With exponential utility.
    public let price: Price?
  }

  /// Reservation prices [quote], extrapolated, with one error estimate for the writer's and the buyer's.
  public struct Price: Sendable {
    public let writer: Double
    public let buyer: Double
    public let frictionless: Double
    public let error: Double
  }

  public func state(regime e: Int, spot: Double) -> State {
    let grids = [coarser, solution]
    let values = grids.map {
      $0.value(spot: spot, regime: e, inventory: problem.inventory) + $0.markJumpRisk(spot: spot, regime: e)
    }
    let bands = grids.map { $0.band(time: 0, regime: e, logSpot: log(spot)) }
    return State(
      value: Approximation.limit(halfAsFine: values[0], finest: values[1]), band: bands[1],
      bandError: problem.largestDifference(bands[0], bands[1]),
      price: price(regime: e, spot: spot))
  }

  /// Reservation prices of the book taken as one claim; nil without exponential utility.
  public func price(regime e: Int, spot: Double) -> Price? {
    guard prices.count == 2 else { return nil }
    let found = prices.map { $0.price(regime: e, spot: spot) }
    let writer = Approximation.limit(halfAsFine: found[0].writer, finest: found[1].writer)
    let buyer = Approximation.limit(halfAsFine: found[0].buyer, finest: found[1].buyer)
    return Price(
      writer: writer.value, buyer: buyer.value, frictionless: found[1].frictionless,
      error: max(writer.error, buyer.error))
  }
}

extension OptionBookProblem {
  /// An edge far beyond anything that the book's delta can reach is only known, and only needs to be known, as such.
  func largestDifference(_ a: Band, _ b: Band) -> Double {
    let reach = CertificationSettings.reachInPositions * (book.grossQuantity + abs(inventory))
    let farthest = reach > 0 ? reach : .infinity
    func reachable(_ edge: Double) -> Double { min(max(edge, -farthest), farthest) }
    func difference(_ first: Double, _ second: Double) -> Double {
      let (near, far) = (reachable(first), reachable(second))
      return near == far ? 0 : abs(near - far)
    }
    return max(
      difference(a.lower, b.lower), difference(a.upper, b.upper), difference(a.targetLower, b.targetLower),
      difference(a.targetUpper, b.targetUpper))
  }
}
