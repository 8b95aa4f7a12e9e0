import Dispatch
import Glibc
import Synchronization
import VectorMath

/// Threads that stay for as long as a march does, and share out the tasks of one region after another.
///
/// A step of a march has two regions of some ten microseconds each: starting threads for each of them, or waking them, would
/// cost as much. Threads that have nothing to do look out for the next region for a while before they go to sleep. Who takes
/// a task is a matter of chance; tasks write to disjoint places, so that what comes out is not. Nobody waits for a thread that
/// has not arrived: if the machine is busy elsewhere the caller does everything by itself. *Verified by* `WorkerTeamTests`.
final class WorkerTeam: Sendable {
  private let shared = Shared()
  private let workers: [Worker]

  init(threads: Int) {
    workers = (1..<max(2, threads)).map { _ in Worker() }.dropLast(threads > 1 ? 0 : 1)
    for worker in workers { worker.start(shared) }
  }

  deinit {
    shared.isDismissed.store(true, ordering: .sequentiallyConsistent)
    for worker in workers { worker.wake() }
  }

  /// Calls `body` with `count − 1` … 0, in any order and side by side, and waits for all.
  func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    guard count > 0 else { return }
    guard !workers.isEmpty, count > 1 else {
      for task in (0..<count).reversed() { body(task) }
      return
    }
    shared.open(count, body)
    for worker in workers { worker.wake() }
    shared.takePart()
    shared.close()
  }

  /// More parts than threads: rows differ, and threads come late.
  private static let partsPerThread = 4

  /// Calls `body` with ranges that make up all rows.
  func run(rows: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) {
    let parts = workers.isEmpty ? 1 : min(rows, (workers.count + 1) * WorkerTeam.partsPerThread)
    run(parts) { body(($0 * rows / parts)..<(($0 + 1) * rows / parts)) }
  }

  /// What all threads see.
  private final class Shared: @unchecked Sendable {
    /// The number of the region and below it how many of its tasks nobody has taken yet: one word, so that a thread that
    /// comes late cannot take a task of one region for another's.
    private let open = Atomic<UInt64>(0)
    private let finished = Atomic<Int>(0)
    let isDismissed = Atomic<Bool>(false)
    /// Written between regions only; read by those who have taken a task, which keeps the region open.
    private var body: (Int) -> Void = { _ in }
    private var count = 0

    private static let tasksMask: UInt64 = 0xffff_ffff

    func open(_ count: Int, _ body: @escaping (Int) -> Void) {
      self.body = body
      self.count = count
      finished.store(0, ordering: .relaxed)
      let region = (open.load(ordering: .relaxed) >> 32) &+ 1
      open.store(region << 32 | UInt64(count), ordering: .sequentiallyConsistent)
    }

    /// Looks at it once: whether there is something to do.
    var hasTasks: Bool { open.load(ordering: .sequentiallyConsistent) & Shared.tasksMask > 0 }

    /// Takes tasks until there are none.
    func takePart() {
      var word = open.load(ordering: .acquiring)
      while word & Shared.tasksMask > 0 {
        let (isMine, seen) = open.weakCompareExchange(
          expected: word, desired: word - 1, ordering: .acquiringAndReleasing)
        guard isMine else {
          word = seen
          continue
        }
        body(Int(word & Shared.tasksMask) - 1)
        finished.add(1, ordering: .releasing)
        word = open.load(ordering: .acquiring)
      }
    }

    /// Waits for those who are still at it, and forgets what they did.
    func close() {
      var looks = 0
      while finished.load(ordering: .acquiring) < count {
        looks += 1
        if looks < WorkerTeam.looksBeforeSleep { relax() } else { sched_yield() }
      }
      body = { _ in }
    }
  }

  /// Some tens of microseconds, the length of what a march does by itself between two regions.
  private static let looksBeforeSleep = 2000

  private final class Worker: @unchecked Sendable {
    private let isAsleep = Atomic<Bool>(false)
    private let bell = DispatchSemaphore(value: 0)

    func start(_ shared: Shared) {
      let body = Unmanaged.passRetained(Box { [self] in work(shared) })
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { argument in
          Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
          return nil
        }, body.toOpaque())
      // Without it the others do more.
      if status == 0 { pthread_detach(thread) } else { body.release() }
    }

    func wake() {
      if isAsleep.load(ordering: .sequentiallyConsistent),
        isAsleep.exchange(false, ordering: .sequentiallyConsistent)
      {
        bell.signal()
      }
    }

    private func work(_ shared: Shared) {
      var looks = 0
      while !shared.isDismissed.load(ordering: .sequentiallyConsistent) {
        if shared.hasTasks {
          shared.takePart()
          looks = 0
        } else if looks < WorkerTeam.looksBeforeSleep {
          looks += 1
          relax()
        } else {
          sleep(shared)
          looks = 0
        }
      }
    }

    /// Who opens a region looks at `isAsleep` after opening it, and this one at the region after setting `isAsleep`: one of
    /// them sees the other.
    private func sleep(_ shared: Shared) {
      isAsleep.store(true, ordering: .sequentiallyConsistent)
      let isNeeded = shared.hasTasks || shared.isDismissed.load(ordering: .sequentiallyConsistent)
      if isNeeded, isAsleep.exchange(false, ordering: .sequentiallyConsistent) { return }
      bell.wait()
    }

    private final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
  }
}
