/// "Did you mean": the closest of a few known words, for keys, columns, commands and options alike.
public enum Suggestion {
  /// A suggestion may change at most one letter in three, so that every suggested word still resembles the given one
  /// (`drift` is never offered for `name`); words of one to five letters may differ by one.
  private static let lettersPerEdit = 3
  /// Longer words are not compared: the table of distances grows with the square of the length, and no key is so long.
  private static let longestWord = 64
  /// One letter begins too many words to be an abbreviation.
  private static let shortestBeginning = 2

  /// The only candidate that begins with `word`, or else the one with the smallest distance to it within the bound, the
  /// earliest of equals; letter case is ignored.
  ///
  /// *Verified by* `QuantityTests.suggestions`, `CommandLineParserTests.slipsAreRecognised`.
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    let letters = Array(word.lowercased().unicodeScalars)
    guard !letters.isEmpty, letters.count <= longestWord else { return nil }
    if letters.count >= shortestBeginning {
      let beginnings = candidates.filter { $0.lowercased().unicodeScalars.starts(with: letters) }
      if beginnings.count == 1 { return beginnings[0] }
    }
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
      let other = Array(candidate.lowercased().unicodeScalars)
      let bound = max(1, max(letters.count, other.count) / lettersPerEdit)
      guard !other.isEmpty, other.count <= longestWord, abs(letters.count - other.count) <= bound else { continue }
      let found = distance(letters, other)
      // A distance of the whole length shares no letter: that is another word, not a slip.
      guard found <= bound, found < max(letters.count, other.count) else { continue }
      if best.map({ found < $0.distance }) ?? true { best = (candidate, found) }
    }
    return best?.candidate
  }

  /// The restricted Damerau–Levenshtein distance: the least number of insertions, deletions, substitutions and
  /// exchanges of neighbours, no letter being edited twice.
  ///
  /// Source: F. J. Damerau, "A technique for computer detection and correction of spelling errors", Communications of
  /// the ACM 7 (1964) 171–176; the recurrence is that of Levenshtein (1966) with one further term.
  static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var beforePrevious = [Int](repeating: 0, count: b.count + 1)
    var previous = Array(0...b.count)
    for i in 0..<a.count {
      var current = [Int](repeating: i + 1, count: b.count + 1)
      for j in 0..<b.count {
        let substitution = previous[j] + (a[i] == b[j] ? 0 : 1)
        var least = min(substitution, previous[j + 1] + 1, current[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          least = min(least, beforePrevious[j - 1] + 1)
        }
        current[j + 1] = least
      }
      beforePrevious = previous
      previous = current
    }
    return previous[b.count]
  }
}
