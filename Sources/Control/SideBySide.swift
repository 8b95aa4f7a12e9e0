import Synchronization

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
      results.finish(index, job(index))
      done?(results.finished)
    }
  }
  return (0..<count).map { results.memory[$0]! }
}

/// `@unchecked Sendable`: a place is written by the thread that claimed it alone.
private final class JobResults<Result: Sendable>: @unchecked Sendable {
  let memory: UnsafeMutablePointer<Result?>
  private let count: Int
  private let claimed = Atomic(0)
  private let completed = Atomic(0)

  init(count: Int) {
    self.count = count
    memory = .allocate(capacity: count)
    memory.initialize(repeating: nil, count: count)
  }

  deinit {
    memory.deinitialize(count: count)
    memory.deallocate()
  }

  var finished: Int { completed.load(ordering: .relaxed) }

  func claim() -> Int? {
    let index = claimed.add(1, ordering: .relaxed).oldValue
    return index < count ? index : nil
  }

  func finish(_ index: Int, _ result: Result) {
    memory[index] = result
    completed.add(1, ordering: .relaxed)
  }
}
