import VectorMath

extension EntropicSweep {
  /// Block elimination of the equation linearised about the guess, which the solution replaces; the blocks of a row stay in
  /// registers.
  ///
  /// - Returns: whether the guess was near enough for the solution to stand.
  @inline(__always)
  func pass<Block: RegimeBlock>(
    _ block: Block.Type, _ line: TileLines, group: Int, terms: EntropicTerms, scheme: BackwardDifference
  ) -> Bool {
    typealias Numbers = Block.Numbers
    let (leading, width) = (LineGroup(repeating: scheme.leading), LineSweep.tile)
    let (guess, values, ratios) = blocks(of: line, Block.self)
    let strip = line.rows
    var switching = Switching(
      aversion: terms.aversion, step: scheme.step, rates: rates, jump: terms.jump, regimes: regimes, row: 0)
    // What lies below the strip is given: a node that has been eliminated, with nothing of the row above in it.
    var starBelow = strip.lowerBound > 0 ? guess[strip.lowerBound - 1] : .zero
    var star = guess[strip.lowerBound]
    var ratioBelow = Block.zero
    var valueBelow = starBelow
    for row in strip {
      let starAbove = row + 1 < rows ? guess[row + 1] : .zero
      let (weightBelow, weightHere, weightAbove) = (
        LineGroup(repeating: slopeBelow[row]), LineGroup(repeating: slopeHere[row]),
        LineGroup(repeating: slopeAbove[row])
      )
      let slope = Numbers.map(starBelow, star, starAbove) {
        fused(weightBelow, $0, fused(weightHere, $1, weightAbove * $2))
      }
      let (below, above, given) = Numbers.gather { e in
        equation(line, group: group, row: row, regime: e, slope: slope[e], terms: terms, scheme: scheme)
      }
      var right = given
      let diagonal = Numbers.map(below, above, given) { below, above, _ in leading + below + above }
      switching.row = row
      let matrix = Block.coupled(diagonal: diagonal, right: &right, guess: star, switching: switching)
      let inverse = matrix.minus(below, times: ratioBelow).inverse
      ratioBelow = inverse.times(diagonal: above)
      valueBelow = inverse.times(Numbers.map(below, valueBelow, right) { fused($0, $1, $2) })
      ratios[row] = ratioBelow
      values[row] = valueBelow
      (starBelow, star) = (star, starAbove)
    }
    var value = strip.upperBound < rows ? guess[strip.upperBound] : .zero
    var (change, step) = (LineGroup.zero, LineGroup.zero)
    let recent = line.recent
    for row in strip.reversed() {
      value = ratios[row].times(value, plus: values[row])
      change = laneMaximum(change, value.largest(guess[row]))
      let before = Numbers.gather { e in
        NodeEquation(below: .zero, above: .zero, right: recent[(row * regimes + e) * width + group])
      }.right
      step = laneMaximum(step, value.largest(before))
      guess[row] = value
    }
    return EntropicSweep.stands(change: change, step: step)
  }

  /// The scratch of a line by rows: guess, eliminated values, eliminated upper blocks.
  private func blocks<Block: RegimeBlock>(
    of line: TileLines, _ block: Block.Type
  ) -> (UnsafeMutablePointer<Block.Numbers>, UnsafeMutablePointer<Block.Numbers>, UnsafeMutablePointer<Block>) {
    let start = UnsafeMutableRawPointer(line.scratch)
    let size = rows * regimes * MemoryLayout<LineGroup>.stride
    return (
      start.assumingMemoryBound(to: Block.Numbers.self), (start + size).assumingMemoryBound(to: Block.Numbers.self),
      (start + 2 * size).assumingMemoryBound(to: Block.self)
    )
  }

  /// The switching term `(1/γ) Σ q (e^{γ(B − B') + γ(Λ' − Λ)} − 1)` of a row, times h.
  struct Switching {
    let aversion: Double
    let step: Double
    let rates: [Double]
    let jump: [Double]
    let regimes: Int
    var row: Int

    /// `e^{γ(B − B') + γ(Λ' − Λ)}`, with `gap` = Λ' − Λ of the guess.
    @inline(__always)
    func growth(from e: Int, to other: Int, gap: LineGroup) -> LineGroup {
      let book = LineGroup(repeating: jump[(row * regimes + e) * regimes + other])
      return fastExponential(fused(LineGroup(repeating: aversion), gap, book))
    }

    /// What a switch adds to the diagonal and takes from the other regime's entry, and to the right-hand side.
    @inline(__always)
    func linearised(
      from e: Int, to other: Int, gap: LineGroup, growth: LineGroup
    ) -> (growth: LineGroup, coupling: LineGroup, right: LineGroup) {
      let rate = step * rates[e * regimes + other]
      let coupling = LineGroup(repeating: rate) * growth
      let right = fused(-coupling, gap, LineGroup(repeating: rate / aversion) * (growth - 1))
      return (growth, coupling, right)
    }
  }
}
