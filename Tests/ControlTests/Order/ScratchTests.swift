import Formulation
import Glibc
import Testing

@testable import Control

@Suite struct ScratchTests {
  @Test func scan() throws {
    for g in [50.0,500.0] { for k in [0.01, 0.001] { for n in [60,120,240] {
      let p = try EntropicCase(strike: 90, cost: k, aversion: g).problem()
      let s = try? FiniteHorizon(settings: GridSettings(spots: n, holdings: n/2, steps: 2*n), threads: 1).solve(p)
      print("R", g, k, n, s?.value(regime: 0, inventory: 0) ?? -1)
    }}}
  }
}
