import Formulation

/// How the regimes of a generator reach one another.
struct ChainStructure {
  /// Parts between which no switch is possible in either direction.
  let parts: [[Int]]
  /// The closed communicating classes of each part.
  let closedClasses: [[[Int]]]

  init(_ generator: Generator) {
    let n = generator.count
    var reaches = (0..<n).map { from in (0..<n).map { from == $0 || generator.rates[from][$0] > 0 } }
    for via in 0..<n {
      for from in 0..<n where reaches[from][via] {
        for to in 0..<n where reaches[via][to] { reaches[from][to] = true }
      }
    }
    var parts: [[Int]] = []
    var assigned = [Bool](repeating: false, count: n)
    for seed in 0..<n where !assigned[seed] {
      var part = [seed]
      assigned[seed] = true
      var next = 0
      while next < part.count {
        for other in 0..<n where !assigned[other] && (reaches[part[next]][other] || reaches[other][part[next]]) {
          assigned[other] = true
          part.append(other)
        }
        next += 1
      }
      parts.append(part.sorted())
    }
    self.parts = parts
    closedClasses = parts.map { part in
      var classes: [[Int]] = []
      for e in part where !classes.contains(where: { $0.contains(e) }) {
        let reached = part.filter { reaches[e][$0] }
        if reached.allSatisfy({ reaches[$0][e] }) { classes.append(reached) }
      }
      return classes
    }
  }
}

extension TrackingProblem {
  /// Regimes whose costs tell those of all: a discounted cost is that of its start, an average that of all regimes which communicate.
  public var distinctStarts: [Int] {
    criterion == .longRunAverage ? ChainStructure(generator).parts.map { $0[0] } : Array(regimes.indices)
  }
}
