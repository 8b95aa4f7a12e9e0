import Control
import Glibc

/// Cost against deviation as characters: deviation to the right, cost upwards, both logarithmic.
struct FrontierPlot {
  private static let width = 72
  private static let height = 15
  /// Columns of the labels on the left.
  private static let margin = 14

  let lines: [String]

  /// Nil unless two points have positive cost and deviation of different sizes.
  init?(_ frontier: Frontier) {
    let points = frontier.points.enumerated().filter { $0.element.cost.value > 0 && $0.element.deviation.value > 0 }
      .map { (x: log($0.element.deviation.value), y: log($0.element.cost.value), isOwn: $0.offset == frontier.own) }
    guard let left = points.map(\.x).min(), let right = points.map(\.x).max(), let bottom = points.map(\.y).min(),
      let top = points.map(\.y).max(), left < right, bottom < top
    else { return nil }
    var cells = [[Character]](repeating: Array(repeating: " ", count: Self.width), count: Self.height)
    func place(_ value: Double, _ low: Double, _ high: Double, _ count: Int) -> Int {
      Int(((value - low) / (high - low) * Double(count - 1)).rounded())
    }
    // The own point last, so that it stays visible.
    for point in points.filter({ !$0.isOwn }) + points.filter(\.isOwn) {
      let row = Self.height - 1 - place(point.y, bottom, top, Self.height)
      cells[row][place(point.x, left, right, Self.width)] = point.isOwn ? "◆" : "•"
    }
    func padded(_ text: String) -> String { String(repeating: " ", count: max(0, Self.margin - text.count)) + text }
    func figure(_ logarithm: Double) -> String { Figures.significant(exp(logarithm), 3) }
    var lines = cells.enumerated().map { row, line in
      let label = row == 0 ? figure(top) : row == Self.height - 1 ? figure(bottom) : ""
      return padded(label) + " │" + String(line)
    }
    lines.append(padded("") + " └" + String(repeating: "─", count: Self.width))
    let (low, high) = (figure(left), figure(right))
    lines.append(
      padded("") + "  " + low + String(repeating: " ", count: max(1, Self.width - low.count - high.count)) + high)
    self.lines = lines.map { line in
      var trimmed = line
      while trimmed.last == " " { trimmed.removeLast() }
      return trimmed
    }
  }
}
