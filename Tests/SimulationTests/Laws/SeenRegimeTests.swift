import Formulation
import Testing

@testable import Simulation

/// Which regime is seen at a variance.
@Suite struct SeenRegimeTests {
  private static func chain(_ volatilities: [Double], _ rates: [[Double]]) throws -> EnvironmentChain {
    try EnvironmentChain(
      regimes: volatilities.enumerated().map { Regime(name: "\($0)", volatility: $1) }, generator: Generator(rates))
  }

  /// The nearest variance, half-way between neighbours, in whatever order the regimes stand.
  @Test func nearest() throws {
    let seen = SeenRegimes(
      try Self.chain([0.9, 0.3, 0.6], [[-2, 1, 1], [1, -2, 1], [1, 1, -2]]))
    let variances = [0.81, 0.09, 0.36]
    for variance in [0, 0.1, 0.22, 0.23, 0.36, 0.58, 0.59, 5] {
      let nearest = variances.indices.min { abs(variances[$0] - variance) < abs(variances[$1] - variance) }!
      for regime in 0..<3 { #expect(seen.regime(after: regime, variance: variance) == nearest, "\(variance)") }
    }
  }

  /// Volatility beside gas: a change of the variance leaves the gas as it is.
  @Test func productChain() throws {
    // (calm, cheap), (calm, dear), (storm, cheap), (storm, dear).
    let rates: [[Double]] = [[-7, 4, 3, 0], [5, -8, 0, 3], [6, 0, -10, 4], [0, 6, 5, -11]]
    let seen = SeenRegimes(try Self.chain([0.4, 0.4, 1, 1], rates))
    let (low, high) = (0.2, 0.9)
    #expect((0..<4).map { seen.regime(after: $0, variance: low) } == [0, 1, 0, 1])
    #expect((0..<4).map { seen.regime(after: $0, variance: high) } == [2, 3, 2, 3])
  }

  /// On paths: the regime of every instant is the one of the rule at the variance of that instant.
  @Test func onPaths() throws {
    let problem = try Fixture.switching()
    let heston = World.heston(
      HestonWorld(
        initialVariance: 0.3, reversion: 10, longRunVariance: 0.5, volatilityOfVariance: 3, correlation: -0.5))
    let history = World.bootstrap(
      BootstrapWorld(returns: BootstrapLawTests.history.map { 5 * $0 }, interval: .seconds(86_400), blockLength: 5))
    for world in [heston, history] {
      let rollOut = try RollOut(
        problem: problem, settings: RollOutSettings(checkEvery: 86_400, pathCount: 256, seed: 31), world: world)
      let threshold = 0.5 * (0.09 + 0.81)
      var changes = 0
      for index in stride(from: 0, to: 256, by: 17) {
        let path = rollOut.path(index)
        #expect(path.regimes == path.variances.map { $0 > threshold ? 1 : 0 })
        changes += zip(path.regimes, path.regimes.dropFirst()).count { $0 != $1 }
      }
      #expect(changes > 10)
    }
  }
}
