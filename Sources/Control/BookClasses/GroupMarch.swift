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

  /// Trades every line of the nodes for which an inventory is given, down to it and up to it.
  func shut(_ buffers: EvaluationBuffers, at inventory: (Int) -> Double?) {
    for node in 0..<buffers.nodes {
      guard let y = inventory(node) else { continue }
      (buffers.now.low[node], buffers.now.high[node]) = (y, y)
      buffers.seal(buffers.now, node)
      let row = node / buffers.regimes
      for group in holdings.indices where buffers.now.covered[group].contains(row) {
        buffers.fillOutside(buffers.next, buffers.now, group, node, holdings[group])
      }
    }
  }
}
