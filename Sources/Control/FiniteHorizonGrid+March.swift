import Formulation

/// What every march over a grid does with numbers per node `[row × regime]`.
extension FiniteHorizonGrid {
  /// How far the book's delta moves until the end of the segment, |∂Δ/∂ln S| σ √τ [units], `[row × regime]`.
  func diffusions(
    of delta: [Double], in environment: EnvironmentChain, remaining: Double, into result: NodeArray<Double>
  ) {
    let regimes = environment.count
    let root = remaining.squareRoot()
    let deviations = environment.regimes.map { $0.volatility * root }
    for row in logSpots.indices {
      let low = max(0, row - 1)
      let high = min(logSpots.count - 1, row + 1)
      let scale = 1 / (logSpots[high] - logSpots[low])
      for e in 0..<regimes {
        result[row * regimes + e] =
          abs(delta[high * regimes + e] - delta[low * regimes + e]) * scale * deviations[e]
      }
    }
  }

  /// A march's bands, `[level × row × regime]`, as the table `[time × regime × row]` at nodes of ln S.
  ///
  /// - Parameter logDrift: by how much per year the logarithm of the march's own price runs ahead of ln S; the table's
  ///   bands are interpolated from the march's nodes where it is not 0.
  func policy(_ bands: [Band], problem: OptionBookProblem, logDrift: Double) -> PolicyTable {
    let regimes = problem.environment.count
    let rows = logSpots.count
    let slice = rows * regimes
    var ordered = bands
    for level in levels {
      let shift = logDrift * times[level]
      let here = bands[(level * slice)..<((level + 1) * slice)]
      for row in 0..<rows {
        for e in 0..<regimes {
          ordered[(level * regimes + e) * rows + row] = band(
            here, row: row, regime: e, regimes: regimes, shift: shift)
        }
      }
    }
    return PolicyTable(
      times: Array(times.dropLast()), logSpots: logSpots, regimeCount: regimes, bands: ordered,
      flats: flats)
  }
}

extension FiniteHorizonGrid {
  /// One level's band `[row × regime]` at a node of ln S where the march's own price is ahead by `shift`.
  func band<Bands: RandomAccessCollection>(
    _ bands: Bands, row: Int, regime e: Int, regimes: Int, shift: Double
  ) -> Band where Bands.Element == Band, Bands.Index == Int {
    let (index, weight) = shift == 0 ? (row, 0) : CubicInterpolation.locate(logSpots, logSpots[row] + shift)
    let start = bands.startIndex
    let here = bands[start + index * regimes + e]
    return weight == 0 ? here : here.mixed(with: bands[start + (index + 1) * regimes + e], weight: weight)
  }

  /// The table of bands that lie as it has them, `[level × regime × row]`, at the nodes of a march's own price; the bands are
  /// moved, not copied, and interpolated in place where that price drifts against the spot.
  ///
  /// - Parameter told: levels from today's on that there are bands of; nil: all.
  func policy(
    ordered: consuming [Band], levels told: Int? = nil, problem: OptionBookProblem, logDrift: Double
  ) -> PolicyTable {
    let told = told ?? times.count - 1
    let regimes = problem.environment.count
    let rows = logSpots.count
    var bands = ordered
    for level in 0..<told where logDrift * times[level] != 0 {
      let shift = logDrift * times[level]
      for start in stride(from: level * regimes * rows, to: (level + 1) * regimes * rows, by: rows) {
        let line = Array(bands[start..<(start + rows)])
        for row in 0..<rows {
          let (index, weight) = CubicInterpolation.locate(logSpots, logSpots[row] + shift)
          bands[start + row] = weight == 0 ? line[index] : line[index].mixed(with: line[index + 1], weight: weight)
        }
      }
    }
    return PolicyTable(
      times: Array(times[..<told]), logSpots: logSpots, regimeCount: regimes, bands: bands, flats: heldInventories)
  }
}
