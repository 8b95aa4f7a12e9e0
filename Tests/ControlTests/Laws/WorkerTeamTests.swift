import Testing

@testable import Control

/// Whoever takes a task, every task is done once, and nobody goes on before all are done.
@Suite struct WorkerTeamTests {
  @Test(arguments: [1, 2, 3, 8]) func everyTaskIsDoneOnce(_ threads: Int) {
    let team = WorkerTeam(threads: threads)
    let most = 40
    let done = NodeArray(repeating: 0, count: most)
    defer { done.deallocate() }
    var expected = [Int](repeating: 0, count: most)
    for region in 0..<5000 {
      let count = region * 7 % (most + 1)
      team.run(count) { done[$0] += 1 }
      for task in 0..<count { expected[task] += 1 }
      guard (0..<most).allSatisfy({ done[$0] == expected[$0] }) else {
        Issue.record("region \(region) of \(count) tasks: \((0..<most).map { done[$0] }), \(expected)")
        return
      }
    }
  }

  /// Regions far apart: threads have gone to sleep in between.
  @Test func sleepersAreWoken() {
    let team = WorkerTeam(threads: 3)
    let sums = NodeArray(repeating: 0, count: 3)
    defer { sums.deallocate() }
    for round in 1...20 {
      var pause = 0.0
      for step in 0..<2_000_000 { pause += Double(step & round) }
      team.run(3) { sums[$0] += round }
      #expect((0..<3).allSatisfy { sums[$0] == round * (round + 1) / 2 }, "round \(round), \(pause)")
    }
  }

  @Test func rowsMakeUpAll() {
    for threads in 1...4 {
      let team = WorkerTeam(threads: threads)
      for rows in [1, 3, 17, 400] {
        let counts = NodeArray(repeating: 0, count: rows)
        team.run(rows: rows) { part in for row in part { counts[row] += 1 } }
        #expect((0..<rows).allSatisfy { counts[$0] == 1 }, "\(threads) threads, \(rows) rows")
        counts.deallocate()
      }
    }
  }
}
