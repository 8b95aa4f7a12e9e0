import Formulation
import Testing

@testable import Interchange

/// Edges that do not exist were stated with the grid's ends as their targets.
@Suite struct IdleTargetTests {
  @Test(arguments: [
    (Band(lower: -.infinity, upper: .infinity, targetLower: -10, targetUpper: 11), [String]()),
    (Band(lower: -2, upper: .infinity, targetLower: -1, targetUpper: 11), ["lower", "targetLower"]),
    (Band(lower: -.infinity, upper: 2, targetLower: -10, targetUpper: 1), ["upper", "targetUpper"]),
    (
      Band(lower: -2, upper: 2, targetLower: -1, targetUpper: 1), ["lower", "upper", "targetLower", "targetUpper"]
    ),
  ])
  func edgesThatDoNotExistHaveNoTargets(band: Band, names: [String]) {
    #expect(BandEncoding.members(band).map(\.key) == names)
    // No trade asks for them.
    for x in [-100.0, 0, 100] { #expect(band.withoutIdleTargets.trade(at: x) == band.trade(at: x)) }
  }
}
