import Formulation
import Glibc

/// The values at the targets of a level, which everything beyond the edges follows from: `[node × functional]`, for trades at the
/// lower and at the upper edge.
struct TargetValues {
  private let low: NodeArray<Double>
  private let high: NodeArray<Double>
  /// What a trade adds whatever its size, `[regime × functional]`.
  private let fixed: NodeArray<Double>
  /// Those that end with the first trade are worth nothing beyond the edges.
  private let isCoupled: [Bool]
  private let scratch: NodeArray<Double>
  /// By how much the last straight prediction was off, likewise.
  private let missedLow: NodeArray<Double>
  private let missedHigh: NodeArray<Double>
  /// 1 where the last prediction was straight on from two levels, else 0.
  private let isStraight: NodeArray<Double>

  init(_ buffers: EvaluationBuffers, functionals: [PolicyFunctional]) {
    low = NodeArray(repeating: 0, count: buffers.nodes * functionals.count)
    high = NodeArray(repeating: 0, count: buffers.nodes * functionals.count)
    fixed = NodeArray((0..<buffers.regimes).flatMap { e in functionals.map { $0.costs[e].fixed } })
    isCoupled = functionals.map { !$0.isFirstPassage }
    scratch = NodeArray(repeating: 0, count: 2 * functionals.count)
    missedLow = NodeArray(repeating: 0, count: buffers.nodes * functionals.count)
    missedHigh = NodeArray(repeating: 0, count: buffers.nodes * functionals.count)
    isStraight = NodeArray(repeating: 0, count: 1)
  }

  func deallocate() {
    for array in [low, high, fixed, scratch, missedLow, missedHigh, isStraight] { array.deallocate() }
  }

  /// The straight lines beyond the edges.
  func setOutside(_ buffers: EvaluationBuffers) {
    let store = buffers.now
    let count = buffers.functionals
    for node in 0..<buffers.nodes {
      let e = node % buffers.regimes
      for k in 0..<count {
        let place = node * count + k
        let charge = fixed[e * count + k]
        store.highConstant[place] = high[place] + charge - buffers.highSlope[place] * store.targetHigh[node]
        store.lowConstant[place] = low[place] + charge - buffers.lowSlope[place] * store.targetLow[node]
      }
    }
  }

  /// Straight on from the two levels before, at the new targets, and by as much off the straight line as the values of the level before
  /// were found to be: what bends does so for more than one step.
  func predict(_ buffers: EvaluationBuffers, ratio: Double) {
    let bend = isStraight[0] * ratio * ratio
    each(buffers) { node, y, values in
      buffers.read(buffers.recent, buffers.before, node, y, into: values)
      guard ratio != 0 else { return }
      let count = buffers.functionals
      let earlier = scratch.start + count
      buffers.read(buffers.older, buffers.earlier, node, y, into: earlier)
      for k in 0..<count { values[k] += ratio * (values[k] - earlier[k]) }
    } store: { place, missed, value, _ in
      missed.pointee *= bend
      place.pointee = value + missed.pointee
    }
    isStraight[0] = ratio == 0 ? 0 : 1
  }

  /// From the lines just solved; returns the greatest change of any functional as a share of its size.
  func read(_ buffers: EvaluationBuffers) -> Double {
    var changes = [Double](repeating: 0, count: buffers.functionals)
    var sizes = changes
    each(buffers) { node, y, values in
      buffers.read(buffers.next, buffers.now, node, y, into: values)
    } store: { place, missed, value, k in
      missed.pointee += value - place.pointee
      changes[k] = max(changes[k], abs(value - place.pointee))
      sizes[k] = max(sizes[k], abs(value))
      place.pointee = value
    }
    return zip(changes, sizes).map { $0 / max($1, .leastNormalMagnitude) }.max()!
  }

  private func each(
    _ buffers: EvaluationBuffers, _ value: (Int, Double, UnsafeMutablePointer<Double>) -> Void,
    store: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, Double, Int) -> Void
  ) {
    let levels = buffers.now
    let count = buffers.functionals
    // Where no edge is ever reached no target is.
    let far = PolicyEvaluation.farthest(buffers)
    for node in 0..<buffers.nodes where levels.low[node] > -far || levels.high[node] < far {
      let (down, up) = (levels.targetLow[node], levels.targetHigh[node])
      value(node, down, scratch.start)
      let place = node * count
      for k in 0..<count where isCoupled[k] {
        store(low.start + (place + k), missedLow.start + (place + k), scratch[k], k)
      }
      if up != down { value(node, up, scratch.start) }
      for k in 0..<count where isCoupled[k] {
        store(high.start + (place + k), missedHigh.start + (place + k), scratch[k], k)
      }
    }
  }
}
