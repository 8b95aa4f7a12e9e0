import Dispatch

/// Results of all jobs in their order, whatever the number of threads and whichever takes which job: a thread that is done takes
/// the next. A job must not depend on another.
///
/// - Parameter done: called after each job, from any thread, with how many are done.
func sideBySide<Result: Sendable>(
  _ count: Int, threads: Int, done: (@Sendable (Int) -> Void)? = nil, _ job: @escaping @Sendable (Int) -> Result
) -> [Result] {
  let results = JobResults<Result>(count: count)
  parallel(max(1, min(threads, count))) { _ in
    while let index = results.claim() {
      let finished = results.finish(index, job(index))
      done?(finished)
    }
  }
  return (0..<count).map { results.memory[$0]! }
}

/// `@unchecked Sendable`: a place is written by the thread that claimed it alone.
private final class JobResults<Result: Sendable>: @unchecked Sendable {
  let memory: UnsafeMutablePointer<Result?>
  private let count: Int
  private let turn = DispatchQueue(label: "jobs")
  private var claimed = 0
  private var completed = 0

  init(count: Int) {
    self.count = count
    memory = .allocate(capacity: count)
    memory.initialize(repeating: nil, count: count)
  }

  deinit {
    memory.deinitialize(count: count)
    memory.deallocate()
  }

  func claim() -> Int? {
    turn.sync {
      guard claimed < count else { return nil }
      claimed += 1
      return claimed - 1
    }
  }

  /// - Returns: how many jobs are done.
  func finish(_ index: Int, _ result: Result) -> Int {
    memory[index] = result
    return turn.sync {
      completed += 1
      return completed
    }
  }
}
