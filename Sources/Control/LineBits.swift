/// A bit per line of a row, for finding where a run of set ones ends without walking it. Memory is the owner's.
/// *Verified by* `RowKernelTests`.
struct LineBits {
  private let words: UnsafeMutablePointer<UInt64>
  let count: Int

  static func wordCount(lines: Int) -> Int { (lines + UInt64.bitWidth - 1) / UInt64.bitWidth }

  /// - Parameters:
  ///   - words: `wordCount` of them, all of which are to be set.
  ///   - count: lines.
  init(_ words: UnsafeMutablePointer<UInt64>, count: Int) {
    self.words = words
    self.count = count
  }

  /// Sets the bits of groups one after the other, eight to a word.
  @inline(__always)
  func setWord(_ index: Int, _ word: UInt64) { words[index] = word }

  /// The first set bit, or the last; nil when there is none.
  func end(last: Bool) -> Int? {
    let indices = 0..<LineBits.wordCount(lines: count)
    if last {
      for word in indices.reversed() where words[word] != 0 {
        return (word + 1) * UInt64.bitWidth - 1 - words[word].leadingZeroBitCount
      }
    } else {
      for word in indices where words[word] != 0 { return word * UInt64.bitWidth + words[word].trailingZeroBitCount }
    }
    return nil
  }

  /// The first clear bit beyond one in a direction; −1 or `count` when there is none.
  @inline(__always)
  func clear(beyond index: Int, direction: Int) -> Int {
    let width = UInt64.bitWidth
    if direction > 0 {
      var place = index + 1
      while place < count {
        // Bits of the word from here on, as set ones where it is clear.
        let rest = ~words[place / width] >> UInt64(place % width)
        if rest != 0 { return min(count, place + rest.trailingZeroBitCount) }
        place = (place / width + 1) * width
      }
      return count
    }
    var place = index - 1
    while place >= 0 {
      let rest = ~words[place / width] << UInt64(width - 1 - place % width)
      if rest != 0 { return max(-1, place - rest.leadingZeroBitCount) }
      place = place / width * width - 1
    }
    return -1
  }
}
