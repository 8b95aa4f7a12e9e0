import Formulation
import VectorMath

/// The regime that a rebalancer sees in a world that has none: the one whose variance is nearest the variance at hand.
///
/// In a Heston world that is the current variance, in a bootstrapped one the trailing mean of squared returns with weights
/// `2^{−age/h}`, h the half-life, begun at the variance of the regime of the valuation. Where several regimes share the nearest
/// variance (volatility beside gas, say) the present one stays if it is among them; else the one to which it switches most
/// often, which in a product of chains is the one that differs in nothing but volatility, and the first of equals.
/// *Verified by* `SeenRegimeTests`.
struct SeenRegimes: Sendable {
  /// Between neighbouring variances, ascending: half-way.
  let thresholds: [Double]
  /// The place of each regime's variance among the distinct ones.
  let group: [Int]
  /// The regime seen after `[regime][group]`.
  let following: [[Int]]
  private let fundings: [Double]

  init(_ environment: EnvironmentChain) {
    let variances = environment.regimes.map { $0.volatility * $0.volatility }
    let distinct = Set(variances).sorted()
    thresholds = zip(distinct, distinct.dropFirst()).map { 0.5 * ($0 + $1) }
    let places = variances.map { distinct.firstIndex(of: $0)! }
    group = places
    following = variances.indices.map { regime in
      distinct.indices.map { wanted in
        if places[regime] == wanted { return regime }
        let candidates = variances.indices.filter { places[$0] == wanted }
        let rates = environment.generator.rates[regime]
        return candidates.reduce(candidates[0]) { rates[$1] > rates[$0] ? $1 : $0 }
      }
    }
    fundings = environment.regimes.map(\.funding)
  }

  /// The regime after one at a variance [1/year].
  func regime(after regime: Int, variance: Double) -> Int {
    following[regime][thresholds.count { variance > $0 }]
  }

  /// Brings eight paths up to date, `group` being where their variances lay before.
  @inline(__always)
  func follow(_ variance: Lanes, places: UnsafeMutablePointer<Lanes>, vector: Int, state: BlockState) {
    guard !thresholds.isEmpty else { return }
    var place = Lanes()
    for threshold in thresholds {
      place.replace(with: place + 1, where: variance .> Lanes(repeating: threshold))
    }
    guard anyLane(place .!= places[vector]) else { return }
    places[vector] = place
    for lane in 0..<Lanes.scalarCount {
      let regime = following[Int(state.regime[vector][lane])][Int(place[lane])]
      state.regime[vector][lane] = Double(regime)
      state.funding[vector][lane] = fundings[regime]
    }
  }
}
