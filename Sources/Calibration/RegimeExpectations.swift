// What one pass over the data yields.

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

  /// Expected moves from the sums `pairs[k]` = Σ α_{n−1} w_nᵀ over the returns that follow k steps.
  ///
  /// The joint law of the states at both ends and of a move i → j after l of the k steps is
  /// `α(s) Pˡ_si P_ij P^(k−1−l)_jf w(f)`, hence `moves_ij = P_ij Σ_k Σ_l ((Pˡ)ᵀ pairs[k] (P^(k−1−l))ᵀ)_ij`.
  /// *Verified by* `EnumerationTests.recursionEqualsEnumeration`.
  static func moves(_ pairs: [[Double]], powers: [[Double]], _ transition: [Double], states: Int) -> [Double] {
    var moves = [Double](repeating: 0, count: states * states)
    for steps in 1..<pairs.count where pairs[steps].contains(where: { $0 != 0 }) {
      for before in 0..<steps {
        let left = powers[before]
        let right = powers[steps - 1 - before]
        for i in 0..<states {
          for j in 0..<states {
            var inner = 0.0
            for s in 0..<states {
              for f in 0..<states {
                inner += left[s * states + i] * pairs[steps][s * states + f] * right[j * states + f]
              }
            }
            moves[i * states + j] += transition[i * states + j] * inner
          }
        }
      }
    }
    return moves
  }
}

/// State probabilities, for each return: shape `[return][state]`.
struct RegimePosteriors: Equatable, Sendable {
  var logLikelihood = 0.0
  var filtered: [[Double]] = []
  var smoothed: [[Double]] = []
}
