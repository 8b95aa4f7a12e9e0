import VectorMath

extension DrawPurpose {
  /// Brownian increments: stream = path (or antithetic pair), step = group of steps.
  static let brownian = DrawPurpose(rawValue: 1)
  /// The regime's clock: step = number of the switch.
  static let regimeClock = DrawPurpose(rawValue: 2)
  /// Failures of execution: stream = path, step = number of the check.
  static let failure = DrawPurpose(rawValue: 3)
}

/// The draws of a roll-out, each addressed by (seed; stream, step, purpose).
struct RandomStream: Sendable {
  private let brownian: PhiloxStream
  private let clock: PhiloxStream
  private let failures: PhiloxStream

  init(seed: UInt64) {
    brownian = PhiloxStream(seed: seed, purpose: .brownian)
    clock = PhiloxStream(seed: seed, purpose: .regimeClock)
    failures = PhiloxStream(seed: seed, purpose: .failure)
  }

  /// The sojourn's and the successor's uniform of one switch.
  func uniformPair(path: UInt64, index: UInt32) -> (Double, Double) {
    let pair = clock.uniforms(paths: LaneWords(repeating: path), step: index)
    return (pair.0[0], pair.1[0])
  }

  /// Uniforms that decide whether the attempts of eight consecutive paths fail at a check.
  func failureUniforms(firstPath: UInt64, check: UInt32) -> Lanes {
    var paths = LaneWords()
    for lane in 0..<Lanes.scalarCount { paths[lane] = firstPath + UInt64(lane) }
    return failures.uniforms(paths: paths, step: check).0
  }

  /// Four independent normals for each of eight consecutive streams: those of steps 4n … 4n + 3.
  @inline(__always)
  func normalQuadruple(firstStream: UInt64, step: UInt32) -> (Lanes, Lanes, Lanes, Lanes) {
    brownian.fourNormals(firstPath: firstStream, step: step)
  }

  /// The bits from which `normalQuadruple` makes its normals, two at a time.
  @inline(__always)
  func quadrupleBits(firstStream: UInt64, step: UInt32) -> (LaneWords, LaneWords) {
    brownian.fourNormalBits(firstPath: firstStream, step: step)
  }

  /// Two independent normals for each of eight consecutive streams: those of steps 2n and 2n + 1.
  @inline(__always)
  func normalPair(firstStream: UInt64, step: UInt32) -> (Lanes, Lanes) {
    brownian.normals(firstPath: firstStream, step: step)
  }
}
