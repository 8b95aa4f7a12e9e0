/// How the loss of certainty equivalent under exponential utility changes with the price, as far as a solver knows it:
/// `Λ_x` and `Λ_xx` at fixed inventory, x = ln S, at points spread evenly over the band of every node.
///
/// What a simulation that draws prices where they matter is guided by; it holds whatever the guide says, which decides the
/// width of its error and nothing else.
public struct LossGuide: Sendable, Equatable {
  /// Years from the valuation, ascending.
  public let times: [Double]
  /// ln S − r t at the nodes, ascending, one distance apart.
  public let logPrices: ClosedRange<Double>
  public let nodeCount: Int
  public let regimeCount: Int
  /// Points across a band.
  public let pointCount: Int
  /// The band's edges in the net delta of the book marked at each regime's own volatility [units], `[time × regime × node]`.
  public let edges: [SIMD2<Float>]
  /// (Λ_x, Λ_xx) [quote at the horizon], `[time × regime × node × point]`.
  public let changes: [SIMD2<Float>]
  /// Λ of the start, from today's price and inventory in each regime [quote at the horizon].
  public let losses: [Double]

  public init(
    times: [Double], logPrices: ClosedRange<Double>, nodeCount: Int, regimeCount: Int, pointCount: Int,
    edges: [SIMD2<Float>], changes: [SIMD2<Float>], losses: [Double]
  ) {
    self.times = times
    self.logPrices = logPrices
    self.nodeCount = nodeCount
    self.regimeCount = regimeCount
    self.pointCount = pointCount
    self.edges = edges
    self.changes = changes
    self.losses = losses
  }
}
