import Glibc

/// The order of convergence seen in errors at successive halvings of the spacing: the least-squares slope of
/// −log₂ error against the level.
public func observedOrder(_ errors: [Double]) -> Double {
  let levels = errors.indices.map(Double.init)
  let logs = errors.map { log2($0) }
  let meanLevel = levels.reduce(0, +) / Double(levels.count)
  let meanLog = logs.reduce(0, +) / Double(logs.count)
  var product = 0.0
  var square = 0.0
  for (level, value) in zip(levels, logs) {
    product += (level - meanLevel) * (value - meanLog)
    square += (level - meanLevel) * (level - meanLevel)
  }
  return -product / square
}

/// |a − b| relative to the larger of both.
public func relativeDifference(_ a: Double, _ b: Double) -> Double {
  a == b ? 0 : abs(a - b) / max(abs(a), abs(b))
}
