import Formulation
import VectorMath

/// Sweeps all groups of lines, each thread with scratch of its own.
struct GroupMarch {
  private let sweep: MaskedSweep
  private let holdings: [LineGroup]
  private let parts: Int
  private let scratch: [Scratch]

  private struct Scratch: @unchecked Sendable { let memory: UnsafeMutablePointer<LineGroup> }

  init(nodes: EvaluationNodes, sources: [PolicyFunctional.Source], threads: Int) {
    let sweep = MaskedSweep(
      system: nodes.system, logSpots: nodes.grid.logSpots, environment: nodes.problem.environment, functionals: sources)
    self.sweep = sweep
    let width = LineGroup.scalarCount
    holdings = (0..<(nodes.lines.count / width)).map { group in
      var lanes = LineGroup.zero
      for lane in 0..<width { lanes[lane] = nodes.lines[group * width + lane] }
      return lanes
    }
    parts = max(1, min(threads, holdings.count))
    scratch = (0..<parts).map { _ in
      let memory = UnsafeMutablePointer<LineGroup>.allocate(capacity: sweep.scratchCount)
      memory.initialize(repeating: .zero, count: sweep.scratchCount)
      return Scratch(memory: memory)
    }
  }

  func deallocate() {
    sweep.deallocate()
    for piece in scratch { piece.memory.deallocate() }
  }

  func advance(_ buffers: EvaluationBuffers, source: QuadraticSource, scheme: BackwardDifference) {
    let (sweep, holdings, parts, scratch) = (self.sweep, self.holdings, self.parts, self.scratch)
    parallel(parts) { part in
      // Groups are dealt out in turn: the busy ones lie side by side.
      for group in stride(from: part, to: holdings.count, by: parts) {
        sweep.advance(
          buffers, group: group, holdings: holdings[group], source: source, scheme: scheme,
          scratch: scratch[part].memory)
      }
    }
  }

  /// Trades every line of the nodes for which inventories are given that is not between the two: from below to the targets of the node's
  /// lower side, from above to those of its upper side, which must lie at the two or between them.
  func shut(_ buffers: EvaluationBuffers, to inventories: (Int) -> (low: Double, high: Double)?) {
    let functionals = buffers.functionals
    for node in 0..<buffers.nodes {
      guard let (low, high) = inventories(node) else { continue }
      (buffers.now.low[node], buffers.now.high[node]) = (low, high)
      buffers.seal(buffers.now, node)
      let row = node / buffers.regimes
      for group in holdings.indices where buffers.now.covered[group].contains(row) {
        let place = buffers.next + (group * buffers.nodes + node) * functionals
        let isInside = (holdings[group] .> low) .& (holdings[group] .< high)
        let untraded = (0..<functionals).map { place[$0] }
        buffers.fillOutside(buffers.next, buffers.now, group, node, holdings[group])
        for k in 0..<functionals { place[k].replace(with: untraded[k], where: isInside) }
      }
    }
  }
}
