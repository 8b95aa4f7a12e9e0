/// "Did you mean" for commands and options.
enum NearestWord {
  /// A suggestion may change one letter in three, and at least one: beyond that it is another word.
  private static let lettersPerEdit = 3

  /// A word that begins with what was typed, or else the one that the fewest edits away, within the bound.
  static func nearest(to typed: String, among words: [String]) -> String? {
    let letters = Array(typed.lowercased())
    guard letters.count >= 2 else { return nil }
    let beginnings = words.filter { $0.lowercased().hasPrefix(typed.lowercased()) }
    if beginnings.count == 1 { return beginnings[0] }
    var best: (word: String, edits: Int)?
    for word in words {
      let other = Array(word.lowercased())
      let bound = max(1, max(letters.count, other.count) / lettersPerEdit)
      guard abs(letters.count - other.count) <= bound else { continue }
      let edits = edits(letters, other)
      if edits <= bound, edits < best?.edits ?? .max { best = (word, edits) }
    }
    return best?.word
  }

  /// Insertions, deletions, substitutions and exchanges of neighbours that turn one word into another, no letter edited
  /// twice (Damerau 1964; the table of Wagner and Fischer 1974, with one more term).
  static func edits(_ from: [Character], _ to: [Character]) -> Int {
    var table = (0...from.count).map { row in (0...to.count).map { row == 0 ? $0 : $0 == 0 ? row : 0 } }
    for i in 0..<from.count {
      for j in 0..<to.count {
        var least = min(table[i][j] + (from[i] == to[j] ? 0 : 1), table[i][j + 1] + 1, table[i + 1][j] + 1)
        if i > 0, j > 0, from[i] == to[j - 1], from[i - 1] == to[j] { least = min(least, table[i - 1][j - 1] + 1) }
        table[i + 1][j + 1] = least
      }
    }
    return table[from.count][to.count]
  }
}
