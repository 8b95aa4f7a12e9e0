import Dispatch

/// Runs the parts of a job side by side and waits for all of them; one part runs at once.
func parallel(_ parts: Int, _ body: @escaping @Sendable (Int) -> Void) {
  if parts == 1 { body(0) } else { DispatchQueue.concurrentPerform(iterations: parts, execute: body) }
}

/// Calls `body` side by side with ranges of rows that make up all.
func parallel(_ threads: Int, rows: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) {
  let parts = min(threads, rows)
  parallel(parts) { part in body((part * rows / parts)..<((part + 1) * rows / parts)) }
}
