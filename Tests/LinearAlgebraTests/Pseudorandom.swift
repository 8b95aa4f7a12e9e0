import LinearAlgebra

/// A matrix of fixed numbers in (−1, 1): the multiplicative generator of Park and Miller (1988), 16807 modulo 2³¹ − 1.
func pseudoRandom(_ rows: Int, _ columns: Int, seed: Int) -> Matrix {
  var state = seed
  var result = Matrix(rows: rows, columns: columns)
  for j in 0..<columns {
    for i in 0..<rows {
      state = state * 16_807 % 2_147_483_647
      // Small seeds start small: the second number of the sequence is the first that is used.
      state = state * 16_807 % 2_147_483_647
      result[i, j] = 2 * Double(state) / 2_147_483_647 - 1
    }
  }
  return result
}
