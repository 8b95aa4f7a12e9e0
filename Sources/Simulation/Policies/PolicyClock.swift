/// When a policy with a clock decides: one clock per regime, ringing at multiples of its gap from the valuation. Between two
/// looks a clock that has rung counts as ringing at the later one.
public struct PolicyClock: Sendable, Equatable {
  public enum Effect: Sendable, Equatable {
    /// The band is looked at when the clock of the present regime rings, at the valuation too, and at no other time.
    case permits
    /// The band is always looked at; when the clock rings, after the valuation, net delta beyond the targets is traded to them.
    case forcesToTargets
    /// … or traded to the middle of the targets wherever it is, where the targets are the edges.
    case forcesToMiddle
  }

  /// Seconds between rings, one per regime; infinite: never after the valuation.
  public let gaps: [Double]
  public let effect: Effect

  public init(gaps: [Double], effect: Effect) {
    self.gaps = gaps
    self.effect = effect
  }

  /// Whether the clock of a regime has rung since the last look.
  ///
  /// - Parameters:
  ///   - last: the time of the last look; nil at the first.
  ///   - tolerance: instants nearer than this are one.
  func rings(regime: Int, last: Double?, now: Double, gap: Double, tolerance: Double) -> Bool {
    guard let last else { return effect == .permits }
    return ((now + tolerance) / gap).rounded(.down) > ((last + tolerance) / gap).rounded(.down)
  }
}
