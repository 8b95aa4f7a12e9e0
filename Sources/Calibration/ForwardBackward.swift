import Glibc

// The forward–backward recursion, as one pass each way over flat buffers.
// Goals: the exact likelihood and exact expectations; no underflow; speed.

/// A vector of one number per state, padded with zeros.
protocol StateVector: SIMD, Sendable where Scalar == Double {
  /// Σ_i weights_i rows_i, over the lanes of `weights`.
  static func combination(_ weights: Self, _ rows: UnsafePointer<Self>) -> Self
  /// rows_i += weights_i · vector.
  static func accumulate(_ weights: Self, _ vector: Self, into rows: UnsafeMutablePointer<Self>)
  var total: Double { get }
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
    for lane in 0..<8 { rows[lane] += weights[lane] * vector }
  }
  @inline(__always) var total: Double {
    ((self[0] + self[1]) + (self[2] + self[3])) + ((self[4] + self[5]) + (self[6] + self[7]))
  }
}

/// What the data say about a chain's hidden path: the sums that the likelihood, its gradient and the M-step need.
struct RegimeExpectations: Equatable, Sendable {
  /// Log likelihood of the returns.
  var logLikelihood = 0.0
  /// Σ_n γ_n(e): expected number of returns in each state.
  var weights: [Double]
  /// Σ_n γ_n(e) τ_n.
  var elapsed: [Double]
  /// Σ_n γ_n(e) r_n.
  var sums: [Double]
  /// Σ_n γ_n(e) r_n²/τ_n.
  var squares: [Double]
  /// Expected number of moves from → to, over every step, those inside bridged holes included.
  var moves: [Double]
  /// Expected number of (re)starts in each state.
  var starts: [Double]
}

/// State probabilities, for each return: shape `[return][state]`.
struct RegimePosteriors: Equatable, Sendable {
  var logLikelihood = 0.0
  var filtered: [[Double]] = []
  var smoothed: [[Double]] = []
}

/// The returns laid out for the recursion, with its working memory.
///
/// Forward: u_n = (α_{n−1} P^k) ∘ b_n, c_n = Σ u_n, α_n = u_n/c_n; after a restart α_{n−1}P^k is the stationary law.
/// b_n(e) is the normal density divided by the largest of the states' (its logarithm is added to the likelihood), so
/// that nothing underflows. Backward: w_n = b_n ∘ β_n / c_n, β_{n−1} = P^k w_n, γ_n = α_n ∘ β_n, and the joint law of
/// neighbours is α_{n−1}(i) P^k_ij w_n(j).
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
  /// Working memory in vectors of four or eight lanes: densities, filtered laws; and the normalisers c_n.
  private var densities: [Double] = []
  private var filtered: [Double] = []
  private var normalisers: [Double]

  init(_ data: LogReturns) {
    returns = data.values
    elapsed = data.elapsed
    transitions = data.transitions.map { Int32($0) }
    scaledSquares = zip(data.values, data.elapsed).map { $0 * $0 / $1 }
    constant = data.elapsed.reduce(0) { $0 + 0.5 * log(2 * Double.pi * $1) }
    highestPower = max(1, data.transitions.max() ?? 1)
    normalisers = [Double](repeating: 0, count: data.count)
  }

  var count: Int { returns.count }

  /// The expectations under `parameters`.
  mutating func expectations(_ parameters: RegimeParameters) -> RegimeExpectations {
    parameters.states <= 4
      ? run(parameters, as: SIMD4<Double>.self) : run(parameters, as: SIMD8<Double>.self)
  }

  /// Filtered and smoothed state probabilities at each return.
  mutating func posteriors(_ parameters: RegimeParameters) -> RegimePosteriors {
    var result = RegimePosteriors()
    if parameters.states <= 4 {
      _ = run(parameters, as: SIMD4<Double>.self, posteriors: &result)
    } else {
      _ = run(parameters, as: SIMD8<Double>.self, posteriors: &result)
    }
    return result
  }

  private mutating func run<V: StateVector>(_ parameters: RegimeParameters, as: V.Type) -> RegimeExpectations {
    var unused: RegimePosteriors?
    return recursion(parameters, as: V.self, &unused)
  }

  private mutating func run<V: StateVector>(
    _ parameters: RegimeParameters, as: V.Type, posteriors: inout RegimePosteriors
  ) -> RegimeExpectations {
    var kept: RegimePosteriors? = posteriors
    let result = recursion(parameters, as: V.self, &kept)
    posteriors = kept ?? posteriors
    return result
  }

  @inline(__always) private mutating func recursion<V: StateVector>(
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
    var normalisers = exchange(&self.normalisers)
    defer {
      self.densities = densities
      self.filtered = filtered
      self.normalisers = normalisers
    }
    let chain = PaddedChain<V>(parameters, highestPower: highestPower)
    var sums = PaddedSums<V>(highestPower: highestPower)
    var logLikelihood = 0.0
    densities.withUnsafeMutableBytes { densityBytes in
      filtered.withUnsafeMutableBytes { filteredBytes in
        normalisers.withUnsafeMutableBufferPointer { normalisers in
          let b = Self.aligned(densityBytes, V.self)
          let alpha = Self.aligned(filteredBytes, V.self)
          logLikelihood = densityPass(parameters, into: b)
          logLikelihood += forward(chain, b, alpha, normalisers)
          backward(chain, b, alpha, normalisers, &sums, &posteriors)
          if posteriors != nil {
            posteriors?.filtered = (0..<count).map { n in (0..<parameters.states).map { alpha[n][$0] } }
            posteriors?.smoothed.reverse()
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

  /// Densities divided by the largest of each return; the sum of the largest logarithms is returned.
  @inline(__always) private func densityPass<V: StateVector>(
    _ parameters: RegimeParameters, into b: UnsafeMutablePointer<V>
  ) -> Double {
    var mean = V()
    var precision = V()
    var level = V()
    let states = parameters.states
    for state in 0..<states {
      mean[state] = parameters.means[state]
      precision[state] = 0.5 / parameters.variances[state]
      level[state] = -0.5 * log(parameters.variances[state])
    }
    for lane in states..<V.scalarCount { level[lane] = -.infinity }
    var total = 0.0
    returns.withUnsafeBufferPointer { returns in
      elapsed.withUnsafeBufferPointer { elapsed in
        for n in 0..<returns.count {
          let tau = elapsed[n]
          let deviation = V(repeating: returns[n]) - mean * tau
          var exponent = level - deviation * deviation * precision * (1 / tau)
          let largest = exponent.max()
          exponent -= V(repeating: largest)
          b[n] = Self.exponential(exponent, states: states)
          total += largest
        }
      }
    }
    return total - constant
  }

  /// e^x in the first `states` lanes, 0 in the others.
  @inline(__always) private static func exponential<V: StateVector>(_ x: V, states: Int) -> V {
    var result = V()
    for lane in 0..<states { result[lane] = exp(x[lane]) }
    return result
  }

  /// Products of normalisers are turned into a logarithm before they can underflow.
  private static let leastProduct = 1e-140

  @inline(__always) private func forward<V: StateVector>(
    _ chain: PaddedChain<V>, _ b: UnsafeMutablePointer<V>, _ alpha: UnsafeMutablePointer<V>,
    _ normalisers: UnsafeMutableBufferPointer<Double>
  ) -> Double {
    var logarithm = 0.0
    var product = 1.0
    var law = chain.stationary
    chain.rows.withUnsafeBufferPointer { rows in
      transitions.withUnsafeBufferPointer { transitions in
        guard let rows = rows.baseAddress else { return }
        for n in 0..<transitions.count {
          let steps = Int(transitions[n])
          let predicted = steps == 0 ? chain.stationary : V.combination(law, rows + steps * V.scalarCount)
          let joint = predicted * b[n]
          let normaliser = joint.total
          law = joint * (1 / normaliser)
          alpha[n] = law
          normalisers[n] = normaliser
          if normaliser < Self.leastProduct {
            logarithm += log(normaliser)
          } else {
            product *= normaliser
            if product < Self.leastProduct {
              logarithm += log(product)
              product = 1
            }
          }
        }
      }
    }
    return logarithm + log(product)
  }

  @inline(__always) private func backward<V: StateVector>(
    _ chain: PaddedChain<V>, _ b: UnsafeMutablePointer<V>, _ alpha: UnsafeMutablePointer<V>,
    _ normalisers: UnsafeMutableBufferPointer<Double>, _ sums: inout PaddedSums<V>,
    _ posteriors: inout RegimePosteriors?
  ) {
    var weight = V()
    var time = V()
    var sum = V()
    var square = V()
    var starts = V()
    var beta = chain.ones
    let keep = posteriors != nil
    chain.columns.withUnsafeBufferPointer { columns in
      sums.pairs.withUnsafeMutableBufferPointer { pairs in
        guard let columns = columns.baseAddress, let pairs = pairs.baseAddress else { return }
        for n in stride(from: count - 1, through: 0, by: -1) {
          let gamma = alpha[n] * beta
          weight += gamma
          time += gamma * elapsed[n]
          sum += gamma * returns[n]
          square += gamma * scaledSquares[n]
          if keep {
            posteriors?.smoothed.append((0..<chain.states).map { gamma[$0] })
          }
          let steps = Int(transitions[n])
          if steps == 0 {
            starts += gamma
            beta = chain.ones
          } else {
            let carried = b[n] * beta * (1 / normalisers[n])
            V.accumulate(alpha[n - 1], carried, into: pairs + steps * V.scalarCount)
            beta = V.combination(carried, columns + steps * V.scalarCount)
          }
        }
      }
    }
    sums.weight = weight
    sums.time = time
    sums.sum = sum
    sums.square = square
    sums.starts = starts
  }

  /// The padded sums as plain arrays, the expected moves completed by the transition probabilities.
  private func expectations<V: StateVector>(
    _ parameters: RegimeParameters, _ chain: PaddedChain<V>, _ sums: PaddedSums<V>, _ logLikelihood: Double
  ) -> RegimeExpectations {
    let states = parameters.states
    func plain(_ vector: V) -> [Double] { (0..<states).map { vector[$0] } }
    var moves = [Double](repeating: 0, count: states * states)
    for steps in 1...highestPower {
      // A = Σ α_{n−1} w_nᵀ over the holes of this length. The joint law of the states at the ends and of a move i → j
      // after l of the steps is α(s) Pˡ_si P_ij P^{steps−1−l}_jf w(f), hence moves_ij += P_ij Σ_l ((Pˡ)ᵀ A (P^{…})ᵀ)_ij.
      let base = steps * V.scalarCount
      let pairs = (0..<states).map { from in plain(sums.pairs[base + from]) }
      if steps > 1, pairs.allSatisfy({ $0.allSatisfy { $0 == 0 } }) { continue }
      for before in 0..<steps {
        let left = chain.powers[before]
        let right = chain.powers[steps - 1 - before]
        for i in 0..<states {
          for j in 0..<states {
            var inner = 0.0
            for s in 0..<states {
              for f in 0..<states { inner += left[s * states + i] * pairs[s][f] * right[j * states + f] }
            }
            moves[i * states + j] += parameters.transition[i * states + j] * inner
          }
        }
      }
    }
    return RegimeExpectations(
      logLikelihood: logLikelihood, weights: plain(sums.weight), elapsed: plain(sums.time), sums: plain(sums.sum),
      squares: plain(sums.square), moves: moves, starts: plain(sums.starts))
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
