import CVector

/// What a draw is for. Streams of different purposes are independent under the same seed, path and step, so that adding
/// a draw for one purpose changes no other. The numbers are the caller's.
public struct DrawPurpose: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
}

/// Random numbers addressed by (seed; path, step, purpose, block): the same address gives the same bits whatever the
/// threads, the batch or the order of drawing.
///
/// Counter words: path low, path high, step, purpose + 2¹⁶ block. One block holds two uniforms or two normals; draws that
/// need more per step number their blocks. Lane `i` of a call belongs to path `path + i`, or to `paths[i]`.
///
/// *Verified by* `streamsAreAddressed`, `normalMoments`, `normalKolmogorovSmirnov`, `serialCorrelation`, `billionDraws`.
public struct PhiloxStream: Hashable, Sendable {
  public let key: PhiloxKey
  public let purpose: DrawPurpose

  public init(seed: UInt64, purpose: DrawPurpose) {
    key = PhiloxKey(seed: seed)
    self.purpose = purpose
  }

  /// Indices of eight consecutive paths.
  @inlinable @inline(__always)
  public static func paths(from first: UInt64) -> LaneWords {
    LaneWords(repeating: first) &+ LaneWords(0, 1, 2, 3, 4, 5, 6, 7)
  }

  @inlinable @inline(__always)
  func words(_ paths: LaneWords, _ step: UInt32, _ block: UInt16) -> (LaneWords, LaneWords, LaneWords, LaneWords) {
    let use = UInt64(purpose.rawValue) | UInt64(block) << 16
    // What lies above the words is ignored. It is not zero, since the compiler would turn products of words known to be small
    // into slower ones of packed words.
    let half = LaneWords(repeating: 32)
    return Philox4x32.blocks(
      key: key, paths, (paths &>> half) | (paths &<< half), LaneWords(repeating: UInt64(step)),
      LaneWords(repeating: use | use << 32))
  }

  /// Two uniforms per lane in (0, 1): the midpoints (k + ½) 2⁻⁵², k = 0 … 2⁵² − 1, never 0 nor 1, symmetric about ½.
  @inlinable @inline(__always)
  public func uniforms(paths: LaneWords, step: UInt32, block: UInt16 = 0) -> (Lanes, Lanes) {
    let w = words(paths, step, block)
    return (midpoint(high: w.0, low: w.1), midpoint(high: w.2, low: w.3))
  }

  /// Two uniforms for each of eight consecutive paths.
  @inlinable @inline(__always)
  public func uniforms(firstPath: UInt64, step: UInt32, block: UInt16 = 0) -> (Lanes, Lanes) {
    uniforms(paths: PhiloxStream.paths(from: firstPath), step: step, block: block)
  }

  /// Two independent standard normals per lane by Box and Muller (1958), Ann. Math. Statist. 29, 610–611:
  /// √(−2 log u) (cos 2πv, sin 2πv). The greatest possible value is √(−2 log 2⁻⁵³) = 8.57.
  @inlinable @inline(__always)
  public func normals(paths: LaneWords, step: UInt32, block: UInt16 = 0) -> (Lanes, Lanes) {
    let (u, v) = uniforms(paths: paths, step: step, block: block)
    return PhiloxStream.normals(radius: u, turn: v)
  }

  /// The transform alone.
  @inlinable @inline(__always)
  public static func normals(radius u: Lanes, turn v: Lanes) -> (Lanes, Lanes) {
    let radius = squareRoot(lanes(-2) * logarithmOfNormal(u, exponentShift: lanes(0)))
    let (sine, cosine) = sineCosineOfTurn(v)
    return (radius * cosine, radius * sine)
  }

  /// Four independent standard normals for each of eight consecutive paths from one block: half the random words per normal.
  ///
  /// By Box and Muller as above, a pair from each 64 bits: u = (k + ½) 2⁻⁴⁰ from the upper 40, v = (j + ½) 2⁻²⁴ from the
  /// lower 24. The greatest possible value is √(−2 log 2⁻⁴¹) = 7.54, exceeded by a normal once in 4 · 10¹³ draws. Means
  /// over v of sines and cosines of whole multiples below 2²⁴ are exact, so all odd and mixed moments to that order are;
  /// the midpoint rule in u changes E Z² by less than 10⁻¹² and E Z⁴ by less than 10⁻⁹.
  ///
  /// *Verified by* `normalMoments`, `normalKolmogorovSmirnov`, `serialCorrelation`, `fourNormalsFromWords`,
  /// `coarseNormalsError`.
  @inlinable @inline(__always)
  public func fourNormals(firstPath: UInt64, step: UInt32, block: UInt16 = 0) -> (Lanes, Lanes, Lanes, Lanes) {
    let (first, second) = fourNormalBits(firstPath: firstPath, step: step, block: block)
    let (a, b) = normalPair(bits: first)
    let (c, d) = normalPair(bits: second)
    return (a, b, c, d)
  }

  /// What none of `fourNormals` exceeds: √(−2 log 2⁻⁴¹) = 7.5393, rounded up.
  public static let greatestOfFour = 7.54

  /// The bits of the two pairs of `fourNormals`, for loops that draw those of many paths before they transform them.
  @inlinable @inline(__always)
  public func fourNormalBits(firstPath: UInt64, step: UInt32, block: UInt16 = 0) -> (LaneWords, LaneWords) {
    let w = words(PhiloxStream.paths(from: firstPath), step, block)
    return ((w.0 &<< LaneWords(repeating: 32)) | w.1, (w.2 &<< LaneWords(repeating: 32)) | w.3)
  }

  /// Two standard normals for each of eight consecutive paths.
  @inlinable @inline(__always)
  public func normals(firstPath: UInt64, step: UInt32, block: UInt16 = 0) -> (Lanes, Lanes) {
    normals(paths: PhiloxStream.paths(from: firstPath), step: step, block: block)
  }
}

/// (k + ½) 2⁻⁵² with k the upper 52 bits of the 64-bit number (high, low).
@inlinable @inline(__always)
func midpoint(high: LaneWords, low: LaneWords) -> Lanes {
  let bits = (high &<< LaneWords(repeating: 32)) | low
  // As the fraction of a number in [1, 2); from it 1 − 2⁻⁵³ is subtracted exactly.
  let fraction =
    (bits &>> LaneWords(repeating: 12)) | LaneWords(repeating: LogarithmConstants.oneBits)
  return unsafeBitCast(fraction, to: Lanes.self) - lanes(1 - 0x1p-53)
}
