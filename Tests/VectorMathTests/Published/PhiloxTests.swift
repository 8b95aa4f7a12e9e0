import Glibc
import Testing
import VectorMath

/// Known answers published with Random123 (file `kat_vectors`, lines "philox4x32 10"), confirmed by an independent
/// integer program.
@Suite struct PhiloxTests {
  struct Row: Sendable {
    let counter: SIMD4<UInt32>
    let key: PhiloxKey
    let answer: SIMD4<UInt32>
  }

  static let rows = [
    Row(
      counter: SIMD4(0, 0, 0, 0), key: PhiloxKey(low: 0, high: 0),
      answer: SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
    Row(
      counter: SIMD4(repeating: 0xffff_ffff), key: PhiloxKey(low: 0xffff_ffff, high: 0xffff_ffff),
      answer: SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)),
    // The digits of π in base 16.
    Row(
      counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      key: PhiloxKey(low: 0xa409_3822, high: 0x299f_31d0),
      answer: SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)),
  ]

  @Test(arguments: rows) func knownAnswers(row: Row) {
    let block = Philox4x32.block(key: row.key, counter: row.counter)
    #expect(block == row.answer, "\(row)")
  }

  @Test func lanesAgreeWithScalar() {
    let key = PhiloxKey(seed: 0x0123_4567_89ab_cdef)
    var c = (LaneWords(), LaneWords(), LaneWords(), LaneWords())
    for i in 0..<laneCount {
      let start = Philox4x32.block(key: key, counter: SIMD4(UInt32(i), 7, 11, 13))
      (c.0[i], c.1[i], c.2[i], c.3[i]) = (UInt64(start[0]), UInt64(start[1]), UInt64(start[2]), UInt64(start[3]))
    }
    let vector = Philox4x32.blocks(key: key, c.0, c.1, c.2, c.3)
    for i in 0..<laneCount {
      let counter = SIMD4<UInt32>(UInt32(c.0[i]), UInt32(c.1[i]), UInt32(c.2[i]), UInt32(c.3[i]))
      let scalar = Philox4x32.block(key: key, counter: counter)
      let lane = SIMD4<UInt64>(vector.0[i], vector.1[i], vector.2[i], vector.3[i])
      #expect(lane == SIMD4<UInt64>(truncatingIfNeeded: scalar), "lane \(i)")
    }
  }

  /// The address decides the bits: position in the batch does not, and each part of the address does.
  @Test func streamsAreAddressed() {
    let stream = PhiloxStream(seed: 42, purpose: DrawPurpose(rawValue: 1))
    let far: UInt64 = 0xffff_fffc
    let batch = stream.normals(firstPath: far, step: 9)
    let shuffled = stream.normals(paths: LaneWords(far + 5, far, far + 7, far + 1, 0, 1, 2, 3), step: 9)
    #expect(shuffled.0[0] == batch.0[5] && shuffled.1[0] == batch.1[5])
    #expect(shuffled.0[1] == batch.0[0] && shuffled.0[2] == batch.0[7] && shuffled.1[3] == batch.1[1])
    let reference = stream.uniforms(firstPath: 3, step: 4).0[0]
    let others = [
      PhiloxStream(seed: 43, purpose: DrawPurpose(rawValue: 1)).uniforms(firstPath: 3, step: 4).0[0],
      PhiloxStream(seed: 42 + 1 << 32, purpose: DrawPurpose(rawValue: 1)).uniforms(firstPath: 3, step: 4).0[0],
      PhiloxStream(seed: 42, purpose: DrawPurpose(rawValue: 2)).uniforms(firstPath: 3, step: 4).0[0],
      stream.uniforms(firstPath: 4, step: 4).0[0], stream.uniforms(firstPath: 3 + 1 << 32, step: 4).0[0],
      stream.uniforms(firstPath: 3, step: 5).0[0], stream.uniforms(firstPath: 3, step: 4, block: 1).0[0],
    ]
    for (k, other) in others.enumerated() { #expect(other != reference, "address part \(k)") }
  }

  /// u = (k + ½) 2⁻⁵² with k the upper 52 of the first 64 bits, from the published zero block.
  @Test func uniformFromWords() {
    let stream = PhiloxStream(seed: 0, purpose: DrawPurpose(rawValue: 0))
    let draws = stream.uniforms(firstPath: 0, step: 0)
    #expect(draws.0[0] == (Double(0x6_627e_8d5e_169c as UInt64) + 0.5) * 0x1p-52)
    #expect(draws.1[0] == (Double(0xb_c57a_c4c9_b00d as UInt64) + 0.5) * 0x1p-52)
  }

  /// Radius from the upper 40 bits and turn from the lower 24 of each half of the published zero block.
  @Test func fourNormalsFromWords() {
    let stream = PhiloxStream(seed: 0, purpose: DrawPurpose(rawValue: 0))
    let four = stream.fourNormals(firstPath: 0, step: 0)
    for (found, word) in [
      ((four.0[0], four.1[0]), 0x6627_e8d5_e169_c58d as UInt64), ((four.2[0], four.3[0]), 0xbc57_ac4c_9b00_dbd8),
    ] {
      let u = (Double(word >> 24) + 0.5) * 0x1p-40
      let v = (Double(word & 0xff_ffff) + 0.5) * 0x1p-24
      let radius = (-2 * log(u)).squareRoot()
      #expect(abs(found.0 - radius * cos(2 * Double.pi * v)) < 1e-15)
      #expect(abs(found.1 - radius * sin(2 * Double.pi * v)) < 1e-15)
    }
  }
}
