import Formulation

/// What the bands of rules are made of at one time level.
struct LevelTerms: Sendable {
  /// Years from the valuation.
  var time = 0.0
  /// Deltas of the book, `[node]` [units].
  var deltas: [Double]
  /// `S Γ` likewise, by differences of delta [units].
  var exposures: [Double] = []
  /// The optimum's bands in net delta, `[node]`.
  var optimum: [Band] = []
  /// What net delta must be for a trade to pay, times the spot, `[regime]`; see `BandRule`.
  var floors: [Double] = []

  init(_ nodes: EvaluationNodes) { deltas = Array(repeating: 0, count: nodes.nodes) }
}

extension EvaluationNodes {
  /// A shift of ln S at which differences of delta have lost nothing: the cube root of rounding.
  private static let shift = 6e-6

  /// Everything of a level.
  func computed(_ index: Int) -> LevelTerms {
    var level = LevelTerms(self)
    fillDeltas(&level, index)
    fillExposures(&level)
    fillOptimum(&level, index)
    fillFloors(&level)
    return level
  }

  /// What a rule needs at a level; no rule: deltas alone.
  ///
  /// - Parameter narrows: whether the rule's edges are going to be moved.
  func fill(_ level: inout LevelTerms, _ index: Int, for rule: BandRule?, narrows: Bool = false) {
    if index < table.count {
      level = table[index]
      return
    }
    fillDeltas(&level, index)
    guard let rule else { return }
    if narrows || rule.usesExposures { fillExposures(&level) }
    if rule.usesOptimum { fillOptimum(&level, index) }
    fillFloors(&level)
  }

  private func fillDeltas(_ level: inout LevelTerms, _ index: Int) {
    level.time = times[index]
    book.deltas(at: level.time, into: &level.deltas)
  }

  private func fillExposures(_ level: inout LevelTerms) {
    let shift = EvaluationNodes.shift
    var below = [Double](repeating: 0, count: nodes)
    level.exposures = below
    book.deltas(at: level.time, logShift: shift, into: &level.exposures)
    book.deltas(at: level.time, logShift: -shift, into: &below)
    for node in 0..<nodes { level.exposures[node] = (level.exposures[node] - below[node]) / (2 * shift) }
  }

  private func fillOptimum(_ level: inout LevelTerms, _ index: Int) {
    level.optimum.removeAll(keepingCapacity: true)
    for row in 0..<rows {
      for e in 0..<regimes {
        var band = optimalBand(level: index, row: row, regime: e)
        if grid.flats.isEmpty { clearKinks(&band, delta: level.deltas[row * regimes + e]) }
        level.optimum.append(band)
      }
    }
  }

  /// Room between an inventory at which the optimum holds and the edge of its band there, in spacings.
  private static let roomAtKinks = 0.5

  /// Without tickets a band may end at an inventory that settlement leaves free. Its edge in net delta is interpolated, W jumps there,
  /// and beyond it W is what a trade costs in any case: the edge is put half a spacing out, and the inventory's line is inside
  /// at all levels.
  private func clearKinks(_ band: inout Band, delta: Double) {
    guard band.heldFlats != 0 else { return }
    let room = EvaluationNodes.roomAtKinks * spacing
    let (lower, upper) = (band.lower - delta, band.upper - delta)
    for place in optimum.flats.held(band) {
      if abs(lower - place) <= optimum.flats.within {
        band.lower = place - room + delta
        band.targetLower = band.lower
      }
      if abs(upper - place) <= optimum.flats.within {
        band.upper = place + room + delta
        band.targetUpper = band.upper
      }
    }
  }

  private func fillFloors(_ level: inout LevelTerms) {
    let remaining = problem.horizon - level.time
    level.floors = (0..<regimes).map { e in
      remaining > 0
        ? BandScale(problem: problem, regime: e).halfWidth(spot: 1, gamma: 0, remaining: remaining) : .infinity
    }
  }

  /// The optimum's band at a time and spot, linear between the nodes of its table.
  func optimalBand(level: Int, row: Int, regime: Int) -> Band {
    let (time, later) = places[level]
    let (spot, higher) = spotPlaces[row]
    func across(_ time: Int) -> Band {
      let here = optimum.band(time: time, regime: regime, spot: spot)
      return higher == 0
        ? here : here.mixed(with: optimum.band(time: time, regime: regime, spot: spot + 1), weight: higher)
    }
    return later == 0 ? across(time) : across(time).mixed(with: across(time + 1), weight: later)
  }
}
