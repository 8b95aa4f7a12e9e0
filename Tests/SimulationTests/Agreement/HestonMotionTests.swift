import Glibc
import Testing
import VectorMath

@testable import Simulation

/// One step of the quadratic-exponential scheme against the conditional law it must have, on both its branches.
@Suite struct HestonMotionTests {
  static let world = HestonWorld(
    initialVariance: 0.04, reversion: 0.5, longRunVariance: 0.04, volatilityOfVariance: 1, correlation: -0.7)

  /// Mean, variance and ψ of v after a step (Cox, Ingersoll and Ross 1985, eq. 19).
  static func law(_ world: HestonWorld, from variance: Double, length: Double) -> (
    mean: Double, spread: Double, psi: Double
  ) {
    let decay = exp(-world.reversion * length)
    let square = world.volatilityOfVariance * world.volatilityOfVariance
    let mean = world.longRunVariance + (variance - world.longRunVariance) * decay
    let spread =
      variance * square * decay * (1 - decay) / world.reversion + world.longRunVariance * square * (1 - decay)
      * (1 - decay) / (2 * world.reversion)
    return (mean, spread, spread / (mean * mean))
  }

  /// Positive correlation and a long step too, where the corrected start matters most.
  @Test(arguments: [
    (0.5, 0.05, -0.7), (0.04, 0.05, -0.7), (0.04, 1, -0.7), (0, 0.05, -0.7), (0.5, 0.25, 0.9), (0.01, 0.5, 0.9),
  ])
  func conditionalLaw(variance: Double, length: Double, correlation: Double) {
    var world = Self.world
    world.correlation = correlation
    let law = Self.law(world, from: variance, length: length)
    let step = HestonStep(world, drift: 0.1, length: length)
    let (own, price) = (
      PhiloxStream(seed: 8, purpose: .variance), PhiloxStream(seed: 8, purpose: .brownian)
    )
    var (variances, growths, zeros) = ([Double](), [Double](), 0.0)
    for path in stride(from: UInt64(0), to: 1 << 18, by: 8) {
      var v = Lanes(repeating: variance)
      let moved = step.advance(
        &v, varianceNormal: own.fourNormals(firstPath: path, step: 0).0,
        priceNormal: price.fourNormals(firstPath: path, step: 0).0)
      for lane in 0..<8 {
        variances.append(v[lane])
        growths.append(exp(moved[lane]))
        if v[lane] == 0 { zeros += 1 }
      }
    }
    let found = variances.withUnsafeBufferPointer { Moments($0) }
    let growth = growths.withUnsafeBufferPointer { Moments($0) }.estimate
    #expect(variances.allSatisfy { $0 >= 0 })
    #expect(distance(found.estimate, law.mean) < HestonPriceTests.bound, "\(found.estimate) for \(law.mean)")
    #expect(distance(found.varianceEstimate, law.spread) < HestonPriceTests.bound, "\(found.varianceEstimate)")
    #expect(distance(growth, exp(0.1 * length)) < HestonPriceTests.bound, "\(growth) for \(exp(0.1 * length))")
    let (count, mass) = (Double(variances.count), (law.psi - 1) / (law.psi + 1))
    if law.psi <= HestonStep.mostQuadratic {
      #expect(zeros == 0)
    } else {
      #expect(abs(zeros / count - mass) < HestonPriceTests.bound * (mass * (1 - mass) / count).squareRoot(), "\(zeros)")
    }
  }

  /// The rows of `conditionalLaw` lie on both sides of ψ = 1.5.
  @Test func bothBranches() {
    #expect(Self.law(Self.world, from: 0.5, length: 0.05).psi < HestonStep.mostQuadratic)
    #expect(Self.law(Self.world, from: 0.04, length: 1).psi > HestonStep.mostQuadratic)
  }

  /// As ξ vanishes the paths become, one by one, those of the model whose variance is θ: linearly in ξ.
  @Test func vanishingVolatilityOfVariance() throws {
    func distance(_ xi: Double) throws -> Double {
      let variance = 0.25
      let sampler = try WorldSampler(
        .heston(
          HestonWorld(
            initialVariance: variance, reversion: 3, longRunVariance: variance, volatilityOfVariance: xi,
            correlation: 0)), days: 30, steps: 120, paths: 256, seed: 9)
      let model = try RollOut(problem: sampler.plan.problem, settings: sampler.plan.settings)
      var ends: [Double] = []
      sampler.walk { step, logSpots, _ in
        if step == 120 { ends = Array(UnsafeBufferPointer(start: logSpots, count: 256)) }
      }
      return (0..<256).reduce(0) { max($0, abs(ends[$1] - model.path($1).logSpots.last!)) }
    }
    let (coarse, fine) = (try distance(1e-3), try distance(1e-4))
    #expect(coarse < 1e-3 && coarse > 1e-6, "\(coarse)")
    #expect(abs(coarse / fine - 10) < 0.1, "\(coarse) \(fine)")
  }
}
