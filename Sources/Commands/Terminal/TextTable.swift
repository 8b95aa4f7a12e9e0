/// A table for people: columns aligned, a rule under the heads, no wider than its content.
struct TextTable {
  enum Alignment { case left, right }

  struct Column {
    let head: String
    var alignment = Alignment.right
  }

  let columns: [Column]
  private(set) var rows: [[String]] = []
  /// Rows printed strongly, such as the current regime.
  private(set) var strongRows: Set<Int> = []

  init(_ columns: [Column]) { self.columns = columns }

  /// Columns by their heads; those that begin with `<` are aligned to the left.
  init(_ heads: String...) {
    columns = heads.map { head in
      head.hasPrefix("<") ? Column(head: String(head.dropFirst()), alignment: .left) : Column(head: head)
    }
  }

  mutating func add(_ cells: [String], strong: Bool = false) {
    precondition(cells.count == columns.count, "a row has a cell per column")
    if strong { strongRows.insert(rows.count) }
    rows.append(cells)
  }

  mutating func add(_ cells: String...) { add(cells) }

  /// The same table in as few parts as fit a width, the first column before each.
  func split(toFit width: Int) -> [TextTable] {
    let widths = columns.indices.map { column in
      2 + rows.reduce(columns[column].head.count) { max($0, $1[column].count) }
    }
    var parts: [[Int]] = [[]]
    for column in columns.indices.dropFirst() {
      let used = parts[parts.count - 1].reduce(widths[0]) { $0 + widths[$1] }
      if used + widths[column] > width, !parts[parts.count - 1].isEmpty { parts.append([]) }
      parts[parts.count - 1].append(column)
    }
    return parts.map { part in
      let kept = [0] + part
      var table = TextTable(kept.map { columns[$0] })
      for (index, row) in rows.enumerated() {
        table.add(kept.map { row[$0] }, strong: strongRows.contains(index))
      }
      return table
    }
  }

  /// The lines, with a margin of two blanks and two blanks between columns.
  func lines(style: Style) -> [String] {
    let widths = columns.indices.map { column in
      rows.reduce(columns[column].head.count) { max($0, $1[column].count) }
    }
    func line(_ cells: [String]) -> String {
      let parts = cells.indices.map { index in
        let blank = String(repeating: " ", count: widths[index] - cells[index].count)
        return columns[index].alignment == .left ? cells[index] + blank : blank + cells[index]
      }
      var text = "  " + parts.joined(separator: "  ")
      while text.last == " " { text.removeLast() }
      return text
    }
    let width = widths.reduce(2 * max(0, widths.count - 1), +)
    var lines: [String] = []
    if columns.contains(where: { !$0.head.isEmpty }) {
      lines = [style.faint(line(columns.map(\.head))), style.faint("  " + String(repeating: "─", count: width))]
    }
    for (index, row) in rows.enumerated() {
      lines.append(strongRows.contains(index) ? style.strong(line(row)) : line(row))
    }
    return lines
  }
}

/// Emphasis on a terminal that shows it, and nothing elsewhere.
struct Style: Sendable {
  let isColoured: Bool

  static let plain = Style(isColoured: false)

  // Select Graphic Rendition, ECMA-48 §8.3.117.
  private func wrap(_ text: String, _ code: String) -> String { isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

  func strong(_ text: String) -> String { wrap(text, "1") }
  func faint(_ text: String) -> String { wrap(text, "2") }
  func good(_ text: String) -> String { wrap(text, "32") }
  func bad(_ text: String) -> String { wrap(text, "31") }
}

/// A screen: titled parts under one another.
struct Screen {
  static let width = 100
  let style: Style
  private(set) var lines: [String] = []

  init(style: Style) { self.style = style }

  mutating func title(_ left: String, _ right: String) {
    let gap = max(2, Screen.width - left.count - right.count)
    lines.append(style.strong(left) + String(repeating: " ", count: gap) + right)
    lines.append(String(repeating: "═", count: Screen.width))
  }

  mutating func section(_ name: String) {
    if !lines.isEmpty, lines.last?.hasPrefix("═") != true { lines.append("") }
    lines.append(style.strong(name))
  }

  mutating func add(_ table: TextTable) { lines += table.lines(style: style) }

  /// A table that may be wider than the screen, in parts under one another.
  mutating func add(splitting table: TextTable) {
    for (index, part) in table.split(toFit: Screen.width).enumerated() {
      if index > 0 { lines.append("") }
      add(part)
    }
  }

  /// A sentence, broken at the width and indented.
  mutating func note(_ text: String) { lines += HelpText.wrapped(text, width: Screen.width - 2).map { "  " + $0 } }

  mutating func line(_ text: String) { lines.append(text) }

  var text: String { lines.joined(separator: "\n") + "\n" }
}
