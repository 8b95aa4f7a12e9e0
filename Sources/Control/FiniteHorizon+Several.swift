import Formulation

extension FiniteHorizon {
  /// What is read of several problems' solutions, in their order: nothing of later bands than
  /// today's, nor of what the jumps of marks bring. They are solved side by side, each on as many threads as there
  /// are to spare: a thread of its own waits for nobody.
  ///
  /// - Throws: what `solve` throws for the first problem that cannot be solved.
  func readings<Reading: Sendable>(
    _ problems: [OptionBookProblem], _ read: @escaping @Sendable (FiniteHorizonSolution) -> Reading
  ) throws(ControlError) -> [Reading] {
    var alone = self
    alone.threads = max(1, threads / problems.count)
    (alone.isForToday, alone.followsMarks) = (true, false)
    let method = alone
    let results = sideBySide(problems.count, threads: threads) { index in
      Result { () throws(ControlError) in read(try method.solve(problems[index])) }
    }
    var readings: [Reading] = []
    for result in results { readings.append(try result.get()) }
    return readings
  }
}
