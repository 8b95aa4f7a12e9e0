import VectorMath

/// Which paths of a roll-out are one sample: means over independent samples have the standard error, single paths need not.
public enum SampleGrouping: Sendable, Equatable {
  /// Every path by itself.
  case paths
  /// Antithetic pairs: of sixteen paths in a row path k has its mirror image in path k + 8.
  case pairs
  /// So many paths in a row: a scrambling of Sobol's points.
  case runs(of: Int)

  /// The mean of every sample, in order.
  func samples(_ values: [Double]) -> [Double] {
    switch self {
    case .paths: return values
    case .pairs:
      let lanes = Lanes.scalarCount
      return (0..<(values.count / 2)).map { pair in
        let path = pair / lanes * 2 * lanes + pair % lanes
        return 0.5 * (values[path] + values[path + lanes])
      }
    case .runs(let length):
      return stride(from: 0, to: values.count, by: length).map {
        values[$0..<min(values.count, $0 + length)].withUnsafeBufferPointer { Moments($0) }.mean
      }
    }
  }
}

extension RollOutSettings {
  /// Which paths are one sample.
  public var grouping: SampleGrouping {
    if case .sobol(let count) = sequence { return .runs(of: pathCount / count) }
    return antithetic ? .pairs : .paths
  }

  /// How many independent samples there are.
  public var sampleCount: Int {
    switch grouping {
    case .paths: pathCount
    case .pairs: pathCount / 2
    case .runs(let length): pathCount / length
    }
  }
}
