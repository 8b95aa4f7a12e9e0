import Glibc

// The forward–backward recursion, as one pass each way over flat buffers.
// Goals: the exact likelihood and exact expectations; no underflow; speed.
// The vectors of states stand in this file too: compiled apart, file by file, they would not be inlined here.

/// The returns laid out for the recursion, with its working memory.
///
/// Forward: α_n = h_n (α_{n−1} P^k) ∘ b_n with h_n = 1/Σα_{n−1}; after a restart α_n = π ∘ b_n. b_n(e) is the normal
/// density divided by the largest of the states' (its logarithm is added to the likelihood), so that nothing
/// underflows. Scaling by the sum *before* keeps the division out of the chain of dependent operations, and with it
/// the pass is bound by one product with P^k. Backward: w_n = h_n b_n ∘ β_n, β_{n−1} = P^k w_n, and β_n = 1/Σα_n at the
/// end of a run between restarts; then γ_n = α_n ∘ β_n, and the joint law of neighbours is α_{n−1}(i) P^k_ij w_n(j).
/// Source: L. R. Rabiner, "A tutorial on hidden Markov models", Proceedings of the IEEE 77 (1989), §III and §V.A.
/// A hole of k steps is k transitions with k−1 unseen states; their expected moves follow from the powers of P.
/// *Verified by* `EnumerationTests`.
struct ForwardBackward: Sendable {
  let returns: [Double]
  let elapsed: [Double]
  let transitions: [Int32]
  /// r²/τ.
  private let scaledSquares: [Double]
  /// Σ log(2π τ_n)/2, the part of the log density that no parameter touches.
  private let constant: Double
  private let highestPower: Int
  /// Working memory in vectors of four or eight lanes: densities, filtered laws; and the scales h_n.
  private var densities: [Double] = []
  private var filtered: [Double] = []
  private var scales: [Double]

  init(_ data: LogReturns) {
    returns = data.values
    elapsed = data.elapsed
    transitions = data.transitions.map { Int32($0) }
    scaledSquares = zip(data.values, data.elapsed).map { $0 * $0 / $1 }
    constant = data.elapsed.reduce(0) { $0 + 0.5 * log(2 * Double.pi * $1) }
    highestPower = max(1, data.transitions.max() ?? 1)
    scales = [Double](repeating: 0, count: data.count)
  }

  var count: Int { returns.count }

  /// The expectations under `parameters`.
  mutating func expectations(_ parameters: RegimeParameters) -> RegimeExpectations {
    var unused: RegimePosteriors?
    return parameters.states <= 4
      ? recursion(parameters, as: SIMD4<Double>.self, &unused)
      : recursion(parameters, as: SIMD8<Double>.self, &unused)
  }

  /// Filtered and smoothed state probabilities at each return.
  mutating func posteriors(_ parameters: RegimeParameters) -> RegimePosteriors {
    var result: RegimePosteriors? = RegimePosteriors()
    _ =
      parameters.states <= 4
      ? recursion(parameters, as: SIMD4<Double>.self, &result)
      : recursion(parameters, as: SIMD8<Double>.self, &result)
    return result ?? RegimePosteriors()
  }

  private mutating func recursion<V: StateVector>(
    _ parameters: RegimeParameters, as: V.Type, _ posteriors: inout RegimePosteriors?
  ) -> RegimeExpectations {
    let lanes = V.scalarCount
    if densities.count < (count + 1) * lanes {
      // One vector more than needed, so that an aligned start can be chosen.
      densities = [Double](repeating: 0, count: (count + 1) * lanes)
      filtered = [Double](repeating: 0, count: (count + 1) * lanes)
    }
    // Taken out of self while its other members are read.
    var densities = exchange(&self.densities)
    var filtered = exchange(&self.filtered)
    var scales = exchange(&self.scales)
    defer {
      self.densities = densities
      self.filtered = filtered
      self.scales = scales
    }
    let chain = PaddedChain<V>(parameters, highestPower: highestPower)
    var sums = PaddedSums<V>(highestPower: highestPower)
    var logLikelihood = 0.0
    densities.withUnsafeMutableBytes { densityBytes in
      filtered.withUnsafeMutableBytes { filteredBytes in
        scales.withUnsafeMutableBufferPointer { scales in
          guard let h = scales.baseAddress else { return }
          let b = Self.aligned(densityBytes, V.self)
          let alpha = Self.aligned(filteredBytes, V.self)
          logLikelihood = V.densities(parameters, returns, elapsed, into: b) - constant
          logLikelihood += forward(chain, b, alpha, h)
          backward(chain, b, alpha, h, &sums, &posteriors)
          if posteriors != nil {
            posteriors?.filtered = (0..<count).map { n in
              let inverse = 1 / alpha[n].total
              return (0..<parameters.states).map { alpha[n][$0] * inverse }
            }
            posteriors?.logLikelihood = logLikelihood
          }
        }
      }
    }
    return expectations(parameters, chain, sums, logLikelihood)
  }

  private func exchange(_ memory: inout [Double]) -> [Double] {
    var taken: [Double] = []
    swap(&taken, &memory)
    return taken
  }

  private static func aligned<V: StateVector>(
    _ bytes: UnsafeMutableRawBufferPointer, _: V.Type
  ) -> UnsafeMutablePointer<V> {
    guard let start = bytes.baseAddress else { preconditionFailure("the buffers are never empty") }
    return start.alignedUp(for: V.self).assumingMemoryBound(to: V.self)
  }

  /// Products of sums are turned into a logarithm before they can underflow.
  private static let leastProduct = 1e-140

  /// Fills α and h, and returns the logarithm of the product of all sums.
  @inline(__always) private func forward<V: StateVector>(
    _ chain: PaddedChain<V>, _ b: UnsafeMutablePointer<V>, _ alpha: UnsafeMutablePointer<V>,
    _ scales: UnsafeMutablePointer<Double>
  ) -> Double {
    var logarithm = 0.0
    var product = 1.0
    var law = chain.stationary
    var scale = 1.0
    /// Multiplies a factor into the likelihood.
    func take(_ factor: Double) {
      if factor < Self.leastProduct {
        logarithm += log(factor)
        return
      }
      product *= factor
      if product < Self.leastProduct {
        logarithm += log(product)
        product = 1
      }
    }
    chain.rows.withUnsafeBufferPointer { rows in
      transitions.withUnsafeBufferPointer { transitions in
        guard let rows = rows.baseAddress else { return }
        var sum = 1.0
        for n in 0..<transitions.count {
          let steps = Int(transitions[n])
          // Each sum enters the likelihood once: the next α is divided by it, or nothing follows it.
          take(sum)
          if steps == 0 {
            scale = 1
            law = chain.stationary * b[n]
          } else {
            scale = 1 / sum
            law = V.combination(law, rows + steps * V.scalarCount) * (b[n] * scale)
          }
          alpha[n] = law
          scales[n] = scale
          sum = law.total
        }
        take(sum)
      }
    }
    return logarithm + log(product)
  }

  @inline(__always) private func backward<V: StateVector>(
    _ chain: PaddedChain<V>, _ b: UnsafeMutablePointer<V>, _ alpha: UnsafeMutablePointer<V>,
    _ scales: UnsafeMutablePointer<Double>, _ sums: inout PaddedSums<V>, _ posteriors: inout RegimePosteriors?
  ) {
    var weight = V()
    var time = V()
    var sum = V()
    var square = V()
    var starts = V()
    let keep = posteriors != nil
    var kept: [[Double]] = []
    chain.columns.withUnsafeBufferPointer { columns in
      sums.pairs.withUnsafeMutableBufferPointer { pairs in
        guard let columns = columns.baseAddress, let pairs = pairs.baseAddress else { return }
        returns.withUnsafeBufferPointer { returns in
          elapsed.withUnsafeBufferPointer { elapsed in
            scaledSquares.withUnsafeBufferPointer { scaledSquares in
              transitions.withUnsafeBufferPointer { transitions in
                var beta = chain.ones * (1 / alpha[count - 1].total)
                for n in stride(from: returns.count - 1, through: 0, by: -1) {
                  let gamma = alpha[n] * beta
                  weight += gamma
                  time += gamma * elapsed[n]
                  sum += gamma * returns[n]
                  square += gamma * scaledSquares[n]
                  if keep { kept.append((0..<chain.states).map { gamma[$0] }) }
                  let steps = Int(transitions[n])
                  if steps == 0 {
                    starts += gamma
                    if n > 0 { beta = chain.ones * (1 / alpha[n - 1].total) }
                  } else {
                    let carried = (b[n] * scales[n]) * beta
                    V.accumulate(alpha[n - 1], carried, into: pairs + steps * V.scalarCount)
                    beta = V.combination(carried, columns + steps * V.scalarCount)
                  }
                }
              }
            }
          }
        }
      }
    }
    sums.weight = weight
    sums.time = time
    sums.sum = sum
    sums.square = square
    sums.starts = starts
    if keep { posteriors?.smoothed = kept.reversed() }
  }

  /// The padded sums as plain arrays, the expected moves completed by the transition probabilities.
  private func expectations<V: StateVector>(
    _ parameters: RegimeParameters, _ chain: PaddedChain<V>, _ sums: PaddedSums<V>, _ logLikelihood: Double
  ) -> RegimeExpectations {
    let states = parameters.states
    func plain(_ vector: V) -> [Double] { (0..<states).map { vector[$0] } }
    let pairs = (0...highestPower).map { steps in
      (0..<states).flatMap { from in plain(sums.pairs[steps * V.scalarCount + from]) }
    }
    return RegimeExpectations(
      logLikelihood: logLikelihood, weights: plain(sums.weight), elapsed: plain(sums.time), sums: plain(sums.sum),
      squares: plain(sums.square),
      moves: RegimeExpectations.moves(pairs, powers: chain.powers, parameters.transition, states: states),
      starts: plain(sums.starts))
  }
}

/// A chain's powers as padded rows and columns: shape `[power][lane]`.
struct PaddedChain<V: StateVector>: Sendable {
  let states: Int
  let powers: [[Double]]
  let rows: [V]
  let columns: [V]
  let stationary: V
  let ones: V

  init(_ parameters: RegimeParameters, highestPower: Int) {
    let states = parameters.states
    self.states = states
    powers = MarkovChain.powers(parameters.transition, states: states, highest: highestPower)
    var rows = [V](repeating: V(), count: (highestPower + 1) * V.scalarCount)
    var columns = rows
    for power in 0...highestPower {
      for i in 0..<states {
        for j in 0..<states {
          rows[power * V.scalarCount + i][j] = powers[power][i * states + j]
          columns[power * V.scalarCount + j][i] = powers[power][i * states + j]
        }
      }
    }
    self.rows = rows
    self.columns = columns
    let law = parameters.stationary
    var stationary = V()
    var ones = V()
    for state in 0..<states {
      stationary[state] = law[state]
      ones[state] = 1
    }
    self.stationary = stationary
    self.ones = ones
  }
}

/// The sums of one backward pass, padded.
struct PaddedSums<V: StateVector>: Sendable {
  var weight = V()
  var time = V()
  var sum = V()
  var square = V()
  var starts = V()
  /// Σ α_{n−1}(i) w_n(j), for each number of steps: shape `[steps][i]`.
  var pairs: [V]

  init(highestPower: Int) {
    pairs = [V](repeating: V(), count: (highestPower + 1) * V.scalarCount)
  }
}

/// A vector of one number per state, padded with zeros.
protocol StateVector: SIMD, Sendable where Scalar == Double {
  /// Σ_i weights_i rows_i, over the lanes of `weights`.
  static func combination(_ weights: Self, _ rows: UnsafePointer<Self>) -> Self
  /// rows_i += weights_i · vector.
  static func accumulate(_ weights: Self, _ vector: Self, into rows: UnsafeMutablePointer<Self>)
  /// Sum over the lanes, in a fixed order.
  var total: Double { get }
  /// Fills in the densities of every return, each divided by the largest of the states', and returns the sum of the
  /// logarithms of the largest.
  static func densities(
    _ parameters: RegimeParameters, _ returns: [Double], _ elapsed: [Double], into b: UnsafeMutablePointer<Self>
  ) -> Double
}

extension SIMD4<Double>: StateVector {
  @inline(__always) static func combination(_ weights: Self, _ rows: UnsafePointer<Self>) -> Self {
    (weights.x * rows[0] + weights.y * rows[1]) + (weights.z * rows[2] + weights.w * rows[3])
  }
  @inline(__always) static func accumulate(
    _ weights: Self, _ vector: Self, into rows: UnsafeMutablePointer<Self>
  ) {
    rows[0] += weights.x * vector
    rows[1] += weights.y * vector
    rows[2] += weights.z * vector
    rows[3] += weights.w * vector
  }
  @inline(__always) var total: Double { (x + y) + (z + w) }
}

extension SIMD8<Double>: StateVector {
  @inline(__always) static func combination(_ weights: Self, _ rows: UnsafePointer<Self>) -> Self {
    let low = (weights[0] * rows[0] + weights[1] * rows[1]) + (weights[2] * rows[2] + weights[3] * rows[3])
    let high = (weights[4] * rows[4] + weights[5] * rows[5]) + (weights[6] * rows[6] + weights[7] * rows[7])
    return low + high
  }
  @inline(__always) static func accumulate(
    _ weights: Self, _ vector: Self, into rows: UnsafeMutablePointer<Self>
  ) {
    rows[0] += weights[0] * vector
    rows[1] += weights[1] * vector
    rows[2] += weights[2] * vector
    rows[3] += weights[3] * vector
    rows[4] += weights[4] * vector
    rows[5] += weights[5] * vector
    rows[6] += weights[6] * vector
    rows[7] += weights[7] * vector
  }
  @inline(__always) var total: Double {
    ((self[0] + self[1]) + (self[2] + self[3])) + ((self[4] + self[5]) + (self[6] + self[7]))
  }
}
