/// An edge as it was found in a row: so many spacings beyond its last interior node.
///
/// Where the solution is tangent that number follows from three distances by Newton's method, which is done for many edges at
/// a time: one alone waits for each of its own operations. *Verified by* `RowKernelTests`.
struct Edge {
  var origin = 0.0
  var spacing = 0.0
  /// The last interior node, and ±1 for where the edge is from there.
  var index = 0.0
  var direction: Double
  /// [spacings]; not a number while it is still to be found from the distances of the three last nodes: a record of numbers
  /// alone is passed in registers.
  var beyond = Double.infinity
  var distances = (0.0, 0.0, 0.0)

  /// The grid's nodes end first.
  init(direction: Int) {
    self.direction = Double(direction)
    spacing = 1
  }

  init(
    origin: Double, spacing: Double, index: Double, direction: Double, beyond: Double,
    distances: (Double, Double, Double) = (0, 0, 0)
  ) {
    self.origin = origin
    self.spacing = spacing
    self.index = index
    self.direction = direction
    self.beyond = beyond
    self.distances = distances
  }

  /// A place that is known.
  init(at position: Double) {
    self.init(
      origin: position, spacing: 0, index: 0, direction: 1, beyond: 0)
  }

  var isOpen: Bool { beyond.isNaN }

  /// Of an edge that is not open, in the unit of the origin.
  var position: Double { origin + (index + direction * beyond) * spacing }

  /// The position of any edge.
  var solved: Double {
    guard isOpen else { return position }
    var edge = self
    let roots = EdgeReader.tangentRoots(
      LineGroup(repeating: distances.0), LineGroup(repeating: distances.1), LineGroup(repeating: distances.2))
    edge.beyond = roots[0]
    return edge.position
  }

  /// Closes those of a list that are open.
  static func close(_ edges: UnsafeMutableBufferPointer<Edge>) {
    let lanes = LineGroup.scalarCount
    withUnsafeTemporaryAllocation(of: LineGroup.self, capacity: 3) { distances in
      // Lanes that are not filled hold an edge at a distance of one.
      for (power, step) in distances.indices.enumerated() {
        distances.initializeElement(at: step, to: LineGroup(repeating: Double((power + 1) * (power + 1))))
      }
      let plain = UnsafeMutableRawPointer(distances.baseAddress!).assumingMemoryBound(to: Double.self)
      withUnsafeTemporaryAllocation(of: Int.self, capacity: lanes) { waiting in
        var count = 0
        func flush() {
          let roots = EdgeReader.tangentRoots(distances[0], distances[1], distances[2])
          for lane in 0..<count {
            edges[waiting[lane]].beyond = roots[lane]
          }
          count = 0
        }
        for place in edges.indices where edges[place].isOpen {
          waiting[count] = place
          (plain[count], plain[lanes + count], plain[2 * lanes + count]) = edges[place].distances
          count += 1
          if count == lanes { flush() }
        }
        if count > 0 { flush() }
      }
    }
  }
}
