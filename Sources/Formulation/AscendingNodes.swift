/// Where a number lies among ascending nodes.
public enum AscendingNodes {
  /// The last node at or before `x`, and how far `x` lies towards the next; the ends' nodes beyond them.
  public static func place(_ x: Double, among nodes: [Double]) -> (index: Int, weight: Double) {
    var (low, high) = (0, nodes.count - 1)
    if x <= nodes[low] { return (low, 0) }
    if x >= nodes[high] { return (high, 0) }
    while high - low > 1 {
      let middle = (low + high) / 2
      if nodes[middle] <= x { low = middle } else { high = middle }
    }
    return (low, (x - nodes[low]) / (nodes[high] - nodes[low]))
  }

  /// The node nearest to `x`; half-way the one before.
  public static func nearest(to x: Double, among nodes: [Double]) -> Int {
    let (index, weight) = place(x, among: nodes)
    return weight > 0.5 ? index + 1 : index
  }
}
